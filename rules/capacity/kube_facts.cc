// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/kube_facts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fmt/format.h"
#include "rules/capacity/container_stream.h"
#include "rules/capacity/kube_label.h"

namespace outrider {
namespace {

constexpr DurationMs kSoon = kMinute;  // looks for new series
constexpr DurationMs kLater = 5 * kMinute;
constexpr DurationMs kSlowly = 15 * kMinute;  // reads every series
constexpr DurationMs kSteadily = 5 * kMinute;
constexpr DurationMs kPast = kHour;  // older samples say nothing about now
// What was resident is read as far back as what was used (CapacityEngine::kHistory): without it
// the memory of a pod that is gone would be taken for file cache.
constexpr DurationMs kResidentPast = 6 * kHour;

constexpr std::string_view kHeapMax = "jvm_memory_max_bytes";

// Which of a container's resources a slot is about: container * kFields + field.
enum : uint32_t { kCpuField, kMemoryField, kGpuField, kEphemeralField, kFields };
// Which phase: pod * kPhases + phase.
enum : uint32_t { kPendingPhase, kRunningPhase, kPhases };

std::optional<double>* FieldOf(ContainerResources* resources, uint32_t field) {
  switch (field) {
    case kCpuField:
      return &resources->cpu;
    case kMemoryField:
      return &resources->memory;
    case kGpuField:
      return &resources->gpu;
    default:
      return &resources->ephemeral_storage;
  }
}

std::string NodeKey(std::string_view cluster, std::string_view name) {
  return fmt::format("{}/{}", cluster, name);
}

uint32_t FieldNamed(std::string_view resource) {
  if (resource == "cpu") return kCpuField;
  if (resource == "memory") return kMemoryField;
  if (resource == "ephemeral_storage") return kEphemeralField;
  return resource.ends_with("_gpu") ? kGpuField : kNoSlot;
}

}  // namespace

struct KubeFacts::Fact {
  std::string_view metric;
  AdmitFn admit = nullptr;
  TakeFn take = nullptr;
  LeaveFn leave = nullptr;  // none: it is read once, then forgotten
  DurationMs find_every = kLater;
  DurationMs period = kSlowly;  // 0: every time
  std::string_view label = {};  // that must have this value
  std::string_view value = {};
  double at_end = std::numeric_limits<double>::quiet_NaN();  // what a series that ended tells
  DurationMs past = kPast;                                   // read of a series that is new
};

std::vector<KubeFacts::Fact> KubeFacts::Facts() {
  using K = KubeFacts;
  std::vector<Fact> facts = {
      {"kube_pod_info", &K::AdmitInfo, &K::TakeNothing, nullptr, kSoon},
      {"kube_pod_container_resource_requests", &K::AdmitResource, &K::TakeRequest, &K::LeaveField,
       kSoon},
      {"kube_pod_container_resource_limits", &K::AdmitResource, &K::TakeLimit, &K::LeaveField,
       kSoon},
      {"kube_pod_init_container_resource_requests", &K::AdmitInitResource, &K::TakeRequest,
       &K::LeaveField, kSoon},
      {"kube_pod_init_container_resource_limits", &K::AdmitInitResource, &K::TakeLimit,
       &K::LeaveField, kSoon},
      {"kube_pod_init_container_info", &K::AdmitInit, &K::TakeNothing, &K::LeaveContainer, kSoon},
      {"kube_pod_start_time", &K::AdmitStart, &K::TakePodStart, nullptr, kSoon},
      {"container_start_time_seconds", &K::AdmitCadvisor, &K::TakeContainerStart, nullptr, kSoon},
      {"kube_pod_status_phase", &K::AdmitPhase, &K::TakePhase, &K::LeavePhase},
      {.metric = "container_memory_rss",
       .admit = &K::AdmitCadvisor,
       .take = &K::TakeRss,
       .leave = &K::LeaveContainer,
       .past = kResidentPast},
      {"container_cpu_cfs_periods_total", &K::AdmitCadvisor, &K::TakePeriods, &K::LeaveContainer,
       kLater, kSteadily},
      {"container_cpu_cfs_throttled_periods_total", &K::AdmitCadvisor, &K::TakeThrottled,
       &K::LeaveContainer, kLater, kSteadily},
      {"container_oom_events_total", &K::AdmitCadvisor, &K::TakeOomEvents, &K::LeaveContainer},
      {"kube_pod_container_status_last_terminated_reason", &K::AdmitEnd, &K::TakeOomReason,
       &K::LeaveEnd, kSoon, 0, "reason", "OOMKilled", kInterrupted},
      {"kube_pod_container_status_last_terminated_timestamp", &K::AdmitEnd, &K::TakeTerminated,
       &K::LeaveEnd, kSoon, 0},
      {"kube_pod_container_status_restarts_total", &K::AdmitContainer, &K::TakeRestarts,
       &K::LeaveContainer},
      {kHeapMax, &K::AdmitHeap, &K::TakeHeap, &K::LeaveHeap, kLater, kSlowly, "area", "heap", 0},
      {"jvm_memory_committed_bytes", &K::AdmitHeap, &K::TakeHeap, &K::LeaveHeap, kLater, kSlowly,
       "area", "heap", 0},
      {"kube_node_info", &K::AdmitNode, &K::TakeNothing, &K::LeaveNode},
      {"kube_horizontalpodautoscaler_info", &K::AdmitHpaInfo, &K::TakeNothing, &K::LeaveHpa, kSoon},
      {"kube_horizontalpodautoscaler_spec_target_metric", &K::AdmitHpaTarget, &K::TakeHpaTarget,
       &K::LeaveHpaTarget},
      {"kube_horizontalpodautoscaler_spec_min_replicas", &K::AdmitHpa, &K::TakeHpaMin,
       &K::LeaveHpa},
      {"kube_horizontalpodautoscaler_spec_max_replicas", &K::AdmitHpa, &K::TakeHpaMax,
       &K::LeaveHpa},
      {"kube_horizontalpodautoscaler_status_current_replicas", &K::AdmitHpa, &K::TakeHpaCurrent,
       &K::LeaveHpa, kLater, kMinute},
  };
  return facts;
}

class KubeFacts::Stream final : private SeriesStream::Owner {
 public:
  Stream(KubeFacts& parent, const Fact& fact, const SampleFeed& feed)
      : parent_(parent),
        fact_(fact),
        stream_(MatchersOf(fact), feed, fact.find_every, ReadOf(fact)),
        rises_(Rises(fact)) {}

  void Update(Timestamp now) {
    if (fact_.leave == nullptr) {
      stream_.ReadNew(now, *this);
      return;
    }
    stream_.Find(now, *this);
    if (fact_.period == 0) {
      stream_.Follow(now, *this);
    } else {
      stream_.FollowSome(now, fact_.period, *this);
    }
  }
  const SeriesStream& stream() const { return stream_; }

  // A peak is told by all its samples. So is what counts up, where it did; where it did not, or
  // where only how much it grew is of interest, the newest will do. Not so counts of kills, which
  // begin anew with the container: one killed again and again is often at the same.
  static SeriesStream::Read ReadOf(const Fact& fact) {
    using K = KubeFacts;
    for (const TakeFn take : {&K::TakeRequest, &K::TakeLimit, &K::TakePhase, &K::TakeNothing,
                              &K::TakeHeap, &K::TakeHpaMin, &K::TakeHpaMax, &K::TakeHpaCurrent}) {
      if (fact.take == take) return SeriesStream::Read::kNewest;
    }
    return Rises(fact) || Grows(fact) ? SeriesStream::Read::kAsNeeded : SeriesStream::Read::kAll;
  }
  static bool Rises(const Fact& fact) { return fact.take == &KubeFacts::TakeRestarts; }
  static bool Grows(const Fact& fact) {
    return fact.take == &KubeFacts::TakePeriods || fact.take == &KubeFacts::TakeThrottled;
  }
  static std::vector<Matcher> MatchersOf(const Fact& fact) {
    if (fact.metric.starts_with("container_")) return ContainerMatchers(fact.metric);
    std::vector<Matcher> matchers = {
        Matcher::Equal(std::string(kMetricName), std::string(fact.metric))};
    if (!fact.label.empty()) {
      matchers.push_back(Matcher::Equal(std::string(fact.label), std::string(fact.value)));
    }
    return matchers;
  }

 private:
  Admission Admit(const Labels& labels) override {
    return {.slot = (parent_.*fact_.admit)(labels), .after = parent_.now_ - fact_.past};
  }
  void Take(uint32_t slot, double* memo, std::span<const Timestamp> times,
            std::span<const double> values) override {
    if (!std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) {
      KeepFinite(times, values);
      times = times_;
      values = values_;
    }
    if (times.empty()) return;
    (parent_.*fact_.take)(slot, {*memo, times, values});
    *memo = values.back();
  }
  // One that fell and grew beyond what it was in one period is not told from one that did not fall.
  bool WillDo(double memo, double newest) const override {
    return rises_ ? newest == memo : newest >= memo;
  }
  void KeepFinite(std::span<const Timestamp> times, std::span<const double> values) {
    times_.clear();
    values_.clear();
    for (size_t i = 0; i < times.size(); ++i) {
      const double value = IsStale(values[i]) ? fact_.at_end : values[i];
      if (!std::isfinite(value)) continue;
      times_.push_back(times[i]);
      values_.push_back(value);
    }
  }
  void Gone(uint32_t slot, double memo) override { (parent_.*fact_.leave)(slot, memo); }

  KubeFacts& parent_;
  const Fact fact_;
  SeriesStream stream_;
  const bool rises_;  // when it rose is of interest, not how much
  std::vector<Timestamp> times_;
  std::vector<double> values_;
};

KubeFacts::KubeFacts(const SampleFeed& feed, PodTable& pods) : pods_(pods) {
  for (const Fact& fact : Facts()) {
    streams_.push_back(std::make_unique<Stream>(*this, fact, feed));
  }
}

KubeFacts::~KubeFacts() = default;

std::vector<SeriesReference> KubeFacts::Reach(DurationMs horizon) {
  std::vector<SeriesReference> all;
  for (const Fact& fact : Facts()) {
    all.push_back({.matchers = {Matcher::Equal(std::string(kMetricName), std::string(fact.metric))},
                   .horizon = horizon,
                   .owner = {.kind = "capacity", .name = "facts about pods"}});
  }
  return all;
}

void KubeFacts::Update(Timestamp now) {
  now_ = now;
  for (const auto& stream : streams_) stream->Update(now);
  began_ = true;
}

size_t KubeFacts::series() const {
  size_t count = 0;
  for (const auto& stream : streams_) count += stream->stream().size();
  return count;
}

size_t KubeFacts::HeapBytes() const {
  size_t bytes = 0;
  for (const auto& stream : streams_) bytes += stream->stream().HeapBytes();
  return bytes;
}

// --- pods and containers

uint32_t KubeFacts::PodFor(const Labels& labels) {
  const std::string_view pod = KubeLabel(labels, "pod");
  if (pod.empty()) return kNoSlot;
  bool is_new = false;
  return pods_.MakePod({labels.Get("cluster"), KubeLabel(labels, "namespace"), pod}, &is_new);
}

uint32_t KubeFacts::ContainerFor(const Labels& labels) {
  const std::string_view container = KubeLabel(labels, "container");
  const uint32_t pod = container.empty() ? kNoSlot : PodFor(labels);
  return pod == kNoSlot ? kNoSlot : pods_.MakeContainer(pod, container);
}

uint32_t KubeFacts::AdmitContainer(const Labels& labels) {
  const uint32_t number = ContainerFor(labels);
  if (number != kNoSlot) pods_.HoldContainer(number);
  return number;
}

uint32_t KubeFacts::AdmitCadvisor(const Labels& labels) {
  ContainerNames names;
  if (!ReadContainerNames(labels, &names)) return kNoSlot;
  bool is_new = false;
  const uint32_t pod = pods_.MakePod({names.cluster, names.namespace_name, names.pod}, &is_new);
  const uint32_t number = pods_.MakeContainer(pod, names.container);
  // What is read once does not hold what it is about.
  if (labels.MetricName() != "container_start_time_seconds") pods_.HoldContainer(number);
  return number;
}

uint32_t KubeFacts::AdmitResource(const Labels& labels) {
  const uint32_t field = FieldNamed(labels.Get("resource"));
  if (field == kNoSlot) return kNoSlot;
  const uint32_t number = AdmitContainer(labels);
  if (number == kNoSlot) return kNoSlot;
  Pod& pod = pods_.pod(pods_.container(number).pod);
  if (pod.node.empty()) pod.node = KubeLabel(labels, "node");
  if (pod.uid.empty()) pod.uid = labels.Get("uid");
  return number * kFields + field;
}

uint32_t KubeFacts::AdmitInitResource(const Labels& labels) {
  const uint32_t slot = AdmitResource(labels);
  if (slot != kNoSlot) pods_.container(slot / kFields).init = true;
  return slot;
}

// Of those without requests too.
uint32_t KubeFacts::AdmitInit(const Labels& labels) {
  const uint32_t number = AdmitContainer(labels);
  if (number != kNoSlot) pods_.container(number).init = true;
  return number;
}

uint32_t KubeFacts::AdmitEnd(const Labels& labels) {
  const uint32_t number = AdmitContainer(labels);
  if (number != kNoSlot) ++EndOf(number).series;
  return number;
}

uint32_t KubeFacts::AdmitHeap(const Labels& labels) {
  const uint32_t number = AdmitContainer(labels);
  if (number == kNoSlot) return kNoSlot;
  return java_heaps_.Admit(number, labels.Get("id"), labels.MetricName() == kHeapMax);
}

uint32_t KubeFacts::AdmitPhase(const Labels& labels) {
  const std::string_view text = labels.Get("phase");
  if (text != "Pending" && text != "Running") return kNoSlot;
  const uint32_t pod = PodFor(labels);
  if (pod == kNoSlot) return kNoSlot;
  pods_.HoldPod(pod);
  return pod * kPhases + (text == "Running" ? kRunningPhase : kPendingPhase);
}

// A pod of the same name that was made anew is told of by a new series.
uint32_t KubeFacts::AdmitInfo(const Labels& labels) {
  const uint32_t number = PodFor(labels);
  if (number == kNoSlot) return kNoSlot;
  Pod& pod = pods_.pod(number);
  if (const auto node = KubeLabel(labels, "node"); !node.empty()) pod.node = node;
  if (const auto uid = labels.Get("uid"); !uid.empty()) pod.uid = uid;
  return kNoSlot;
}

uint32_t KubeFacts::AdmitNode(const Labels& labels) {
  auto slot = static_cast<uint32_t>(nodes_.size());
  if (free_nodes_.empty()) {
    nodes_.emplace_back();
  } else {
    slot = free_nodes_.back();
    free_nodes_.pop_back();
  }
  const std::string_view cluster = labels.Get("cluster");
  nodes_[slot] = {NodeKey(cluster, KubeLabel(labels, "node")),
                  NodeKey(cluster, labels.Get("internal_ip"))};
  for (const std::string& name : nodes_[slot]) ++series_of_nodes_[name];
  return slot;
}

void KubeFacts::LeaveNode(uint32_t slot, double /*before*/) {
  for (std::string& name : nodes_[slot]) {
    const auto found = series_of_nodes_.find(name);
    if (--found->second == 0) series_of_nodes_.erase(found);
    name.clear();
  }
  free_nodes_.push_back(slot);
}

bool KubeFacts::IsNode(std::string_view cluster, std::string_view instance) const {
  if (series_of_nodes_.empty() || instance.empty()) return false;
  const std::string_view host = instance.substr(0, instance.find_last_of(':'));
  return series_of_nodes_.contains(NodeKey(cluster, instance)) ||
         series_of_nodes_.contains(NodeKey(cluster, host));
}

uint32_t KubeFacts::AdmitStart(const Labels& labels) { return PodFor(labels); }

void KubeFacts::TakeNothing(uint32_t /*slot*/, const Told& /*told*/) {}

void KubeFacts::TakeRequest(uint32_t slot, const Told& told) {
  Container& container = pods_.container(slot / kFields);
  if (told.value() >= 0) *FieldOf(&container.requests, slot % kFields) = told.value();
  container.told = std::max(container.told, told.time());
}

void KubeFacts::TakeLimit(uint32_t slot, const Told& told) {
  Container& container = pods_.container(slot / kFields);
  if (told.value() >= 0) *FieldOf(&container.limits, slot % kFields) = told.value();
  container.told = std::max(container.told, told.time());
}

void KubeFacts::TakePhase(uint32_t slot, const Told& told) {
  Pod& pod = pods_.pod(slot / kPhases);
  const PodPhase phase = slot % kPhases == kRunningPhase ? PodPhase::kRunning : PodPhase::kPending;
  if (told.value() > 0) {
    pod.phase = phase;
  } else if (pod.phase == phase ||
             (pod.phase == PodPhase::kUnknown && phase == PodPhase::kRunning)) {
    pod.phase = PodPhase::kEnded;  // unless the other one says more
  }
}

void KubeFacts::TakePodStart(uint32_t slot, const Told& told) {
  pods_.SetStarted(slot, static_cast<Timestamp>(told.value() * kSecond));
}

void KubeFacts::TakeContainerStart(uint32_t slot, const Told& told) {
  Container& container = pods_.container(slot);
  container.started = std::max(container.started, static_cast<Timestamp>(told.value() * kSecond));
}

// Looked at rarely: a peak between must not be taken for file cache.
void KubeFacts::TakeRss(uint32_t slot, const Told& told) {
  double& rss = pods_.container(slot).rss;
  rss = 0;
  for (size_t i = 0; i < told.times.size(); ++i) {
    const Timestamp time = told.times[i];
    const double bytes = told.values[i];
    if (time > told.time() - kSlowly) rss = std::max(rss, bytes);
    const bool same_day = !resident_.empty() && resident_.back().container == slot &&
                          resident_.back().time / kDay == time / kDay;
    if (!same_day) resident_.push_back({slot, time, bytes});
    if (bytes > resident_.back().bytes) resident_.back() = {slot, time, bytes};
  }
}

double KubeFacts::Told::Increase() const {
  double sum = 0;
  double last = before;
  for (const double value : values) {
    if (!std::isnan(last)) sum += value >= last ? value - last : value;
    last = value;
  }
  return sum;
}

// Both halve each time they are told, so that their ratio is of the last minutes.
void KubeFacts::TakePeriods(uint32_t slot, const Told& told) {
  float& periods = pods_.container(slot).periods;
  periods = periods / 2 + static_cast<float>(told.Increase());
}

void KubeFacts::TakeThrottled(uint32_t slot, const Told& told) {
  float& throttled = pods_.container(slot).throttled;
  throttled = throttled / 2 + static_cast<float>(told.Increase());
}

void KubeFacts::LeaveContainer(uint32_t slot, double /*before*/) { pods_.LeaveContainer(slot); }

void KubeFacts::LeaveField(uint32_t slot, double /*before*/) {
  pods_.LeaveContainer(slot / kFields);
}

void KubeFacts::LeavePhase(uint32_t slot, double /*before*/) { pods_.LeavePod(slot / kPhases); }

}  // namespace outrider
