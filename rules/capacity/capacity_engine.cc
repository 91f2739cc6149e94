// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/capacity_engine.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fmt/format.h"
#include "rules/capacity/judgement.h"
#include "rules/capacity/usage_points.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kContext = 5 * kMinute;  // a rate's earlier sample; what is current
constexpr DurationMs kHistory = kDay;
constexpr DurationMs kSlice = 15 * kMinute;
constexpr DurationMs kKeepUsage = 2 * kDay;  // of a workload that is gone

// The series read, by name.
constexpr std::array<std::string_view, 11> kSeries = {
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "node_cpu_seconds_total",
    "node_memory_MemTotal_bytes",
    "node_memory_MemAvailable_bytes",
    "kube_pod_owner",
    "kube_replicaset_owner",
    "kube_job_owner",
    "kube_replicationcontroller_owner",
    "kube_pod_container_resource_requests",
    "kube_pod_container_resource_limits",
};

// The mean of the points of the last minutes; nothing without one.
std::optional<double> CurrentUse(const std::vector<Sample>& points, Timestamp now) {
  const auto recent = std::ranges::find_if(
      points, [&](const Sample& point) { return point.time > now - kContext; });
  if (recent == points.end()) return std::nullopt;
  return MeanOf(std::span(recent, points.end()));
}

// Points after `done`, each once.
std::span<const Sample> AddNew(const std::vector<Sample>& points, UsageHistogram* histogram,
                               Timestamp* done) {
  const auto fresh = std::ranges::upper_bound(points, *done, {}, &Sample::time);
  for (const Sample& point : std::span(fresh, points.end())) {
    if (point.value < 0) continue;
    histogram->Add(point.time, point.value);
    *done = point.time;
  }
  return {fresh, points.end()};
}

void Raise(std::optional<double>* target, const std::optional<double>& value) {
  if (value) *target = std::max(target->value_or(0), *value);
}

double AtMost(double used, const std::optional<double>& limit) {
  return limit ? std::min(used, *limit) : used;
}

}  // namespace

StatusOr<std::unique_ptr<CapacityEngine>> CapacityEngine::Create(const CapacityOptions& options,
                                                                 const Querier& querier,
                                                                 DerivedTable& table) {
  Price price = TRY(FindPrice(options.provider, options.region));
  price.core_hour = options.core_hour_dollars.value_or(price.core_hour);
  price.gib_hour = options.gib_hour_dollars.value_or(price.gib_hour);
  if (!(price.core_hour >= 0) || !(price.gib_hour >= 0)) {
    return InvalidArgument("a price must not be negative");
  }
  const RecommendPolicy* policy = FindPolicy(options.policy);
  if (policy == nullptr) {
    return InvalidArgument(fmt::format("unknown recommendation policy {}; known: {}",
                                       Quote(options.policy), Join(PolicyNames(), ", ")));
  }
  return std::unique_ptr<CapacityEngine>(
      new CapacityEngine(options, price, *policy, querier, table));
}

std::vector<SeriesReference> CapacityEngine::Reach() {
  std::vector<SeriesReference> all;
  all.reserve(std::size(kSeries));
  for (std::string_view name : kSeries) {
    all.push_back({.matchers = {Matcher::Equal(std::string(kMetricName), std::string(name))},
                   .horizon = kHistory,
                   .owner = {.kind = "capacity", .name = "recommendations and cost"}});
  }
  return all;
}

CapacityEngine::~CapacityEngine() {
  for (auto& [key, usage] : usage_) usage.series.Clear(sink_.table);
  for (auto& [key, costed] : costed_) costed.series.Clear(sink_.table);
}

void CapacityEngine::Rebuild(Timestamp now) {
  absl::MutexLock lock(&mutex_);
  for (Timestamp from = now - kHistory; from < now; from += kSlice) {
    HeldMap held;
    const Timestamp to = std::min(now, from + kSlice);
    if (Status status = Read(from, to, &held); !status.ok()) {
      LogWarn("the past of workloads cannot be read", {{"error", Message(status)}});
      return;
    }
    read_until_ = to;
  }
}

void CapacityEngine::Run(Timestamp now) {
  absl::MutexLock lock(&mutex_);
  // Behind a sender that catches up, the newest sample used marks where to read on.
  Timestamp from = now;
  if (read_until_ != INT64_MIN) from = std::min(from, read_until_);
  if (newest_ != INT64_MIN) from = std::max(now - kHistory, std::min(from, newest_));
  HeldMap held;
  const Status status = Read(from, now, &held);
  {
    absl::MutexLock result_lock(&result_mutex_);
    const std::string error = status.ok() ? "" : Message(status);
    if (!error.empty() && error != stats_.error) {
      LogWarn("workloads cannot be read", {{"error", error}});
    }
    stats_.error = error;
  }
  if (!status.ok()) return;
  read_until_ = now;
  Forget(now);
  Judge(held, now);
}

Status CapacityEngine::Read(Timestamp from, Timestamp to, HeldMap* held) {
  TRY(resolver_.Update(querier_, to));
  const KubeResources resources = TRY(KubeResources::Read(querier_, to));
  const auto containers = TRY(ReadContainerUsage(querier_, from - kContext, to));
  const auto hosts = TRY(ReadHostUsage(querier_, from - kContext, to));
  CapacityStats stats;
  stats.containers = containers.size();
  stats.hosts = hosts.size();
  for (const ContainerUsage& container : containers) {
    resolver_.Note(container.namespace_name, container.pod, to);
    if (!resolver_.Find(container.namespace_name, container.pod)) ++stats.waiting;
    TakeContainer(container, resources, to, held);
  }
  for (const HostUsage& host : hosts) TakeHost(host, to, held);
  if (observer_ != nullptr) observer_->OnRead(to);
  absl::MutexLock lock(&result_mutex_);
  stats_ = std::move(stats);
  return absl::OkStatus();
}

void CapacityEngine::TakeContainer(const ContainerUsage& container, const KubeResources& resources,
                                   Timestamp now, HeldMap* held) {
  const auto workload = resolver_.Find(container.namespace_name, container.pod);
  if (!workload) return;  // its samples wait in the windows
  const UsageKey key = {{container.namespace_name, workload->name, workload->kind},
                        container.container};
  Instance& instance = instances_[fmt::format("{}/{}/{}", container.namespace_name, container.pod,
                                              container.container)];
  Bind(key, &instance);
  Feed(container.cpu, container.memory, key, &instance);
  const auto cpu = CurrentUse(container.cpu, now);
  const auto memory = CurrentUse(container.memory, now);
  if (container.ended || (!cpu && !memory)) return;
  const ContainerSpec spec =
      resources.Find(container.namespace_name, container.pod, container.container);
  Held& mine = (*held)[key];
  mine.cpu.push_back({spec.cpu_request, cpu.value_or(0)});
  mine.memory.push_back({spec.memory_request, memory.value_or(0)});
  Raise(&mine.cpu_limit, spec.cpu_limit);
  Raise(&mine.memory_limit, spec.memory_limit);
}

void CapacityEngine::TakeHost(const HostUsage& host, Timestamp now, HeldMap* held) {
  const UsageKey key = {{"", host.instance, std::string(kHostKind)}, ""};
  Instance& instance = instances_[fmt::format("/{}/", host.instance)];
  Bind(key, &instance);
  Feed(host.cpu, host.memory, key, &instance);
  const auto cpu = CurrentUse(host.cpu, now);
  const auto memory = CurrentUse(host.memory, now);
  if (host.ended || (!cpu && !memory)) return;
  Held& mine = (*held)[key];
  // A machine holds what it has; without the series that tells, what it uses. It cannot use more
  // than it has: the ticks of /proc/stat are coarse, so a busy machine seems to, over short times.
  if (host.cores > 0) mine.cpu_limit = host.cores;
  if (host.memory_bytes > 0) mine.memory_limit = host.memory_bytes;
  mine.cpu.push_back({mine.cpu_limit, AtMost(cpu.value_or(0), mine.cpu_limit)});
  mine.memory.push_back({mine.memory_limit, AtMost(memory.value_or(0), mine.memory_limit)});
}

void CapacityEngine::Feed(const std::vector<Sample>& cpu, const std::vector<Sample>& memory,
                          const UsageKey& key, Instance* instance) {
  Usage& usage = usage_[key];
  const auto new_cpu = AddNew(cpu, &usage.cpu, &instance->cpu_done);
  const auto new_memory = AddNew(memory, &usage.memory, &instance->memory_done);
  if (observer_ != nullptr && !(new_cpu.empty() && new_memory.empty())) {
    observer_->OnUsage(key.workload, key.container, new_cpu, new_memory);
  }
  instance->last_seen = std::max({instance->last_seen, instance->cpu_done, instance->memory_done});
  newest_ = std::max(newest_, instance->last_seen);
}

// A pod whose owner became known late takes along what was put down to its guessed workload.
void CapacityEngine::Bind(const UsageKey& key, Instance* instance) {
  if (instance->bound == key) return;
  const auto old = usage_.find(instance->bound);
  if (old != usage_.end()) {
    Usage& usage = usage_[key];
    usage.cpu.Merge(old->second.cpu);
    usage.memory.Merge(old->second.memory);
    old->second.series.Clear(sink_.table);
    usage_.erase(old);
  }
  instance->bound = key;
}

void CapacityEngine::Forget(Timestamp now) {
  std::erase_if(instances_,
                [&](const auto& item) { return item.second.last_seen < now - kHistory; });
  std::erase_if(usage_, [&](const auto& item) {
    const Usage& usage = item.second;
    return std::max(usage.cpu.last_time(), usage.memory.last_time()) < now - kKeepUsage &&
           usage.series.empty();
  });
}

// What was not told in this run ends.
void CapacityEngine::PublishAll(const std::vector<Recommendation>& recommendations,
                                const std::vector<WorkloadCost>& costs) {
  ++runs_;
  for (const Recommendation& recommendation : recommendations) {
    Usage& usage = usage_[{recommendation.key, recommendation.container}];
    Publish(recommendation, &usage.series, sink_);
    usage.published = runs_;
  }
  for (auto& [key, usage] : usage_) {
    if (usage.published != runs_ && !usage.series.empty()) usage.series.Clear(sink_.table);
  }
  for (const WorkloadCost& cost : costs) {
    Costed& costed = costed_[cost.key];
    Publish(cost, &costed.series, sink_);
    costed.published = runs_;
  }
  for (auto& [key, costed] : costed_) {
    if (costed.published != runs_) costed.series.Clear(sink_.table);
  }
  std::erase_if(costed_, [](const auto& item) { return item.second.series.empty(); });
  sink_.Flush();
}

void CapacityEngine::Judge(const HeldMap& held, Timestamp now) {
  const JudgeOptions judge = {policy_, options_.minimum_coverage, options_.minimum_samples,
                              price_.core_hour, price_.gib_hour / kBytesPerGib};
  std::vector<Recommendation> recommendations;
  std::vector<WorkloadCost> costs;
  for (const auto& [key, holdings] : held) {
    const Usage& usage = usage_[key];
    Recommendation recommendation;
    recommendation.key = key.workload;
    recommendation.container = key.container;
    recommendation.pods = holdings.cpu.size();
    recommendation.cpu = Advise(Resource::kCpu, usage.cpu, holdings.cpu, holdings.cpu_limit, judge);
    recommendation.memory =
        Advise(Resource::kMemory, usage.memory, holdings.memory, holdings.memory_limit, judge);
    recommendation.findings = FindFaults(recommendation);
    if (costs.empty() || costs.back().key != key.workload) {
      costs.emplace_back().key = key.workload;
    }
    AddCost(recommendation, CostOf(holdings.cpu, judge.core_hour),
            CostOf(holdings.memory, judge.byte_hour), &costs.back());
    recommendations.push_back(std::move(recommendation));
  }
  if (observer_ != nullptr) observer_->OnJudge(now, recommendations);
  Score(recommendations, costs);
  PublishAll(recommendations, costs);
  absl::MutexLock lock(&result_mutex_);
  recommendations_ = std::move(recommendations);
  costs_ = std::move(costs);
}

std::vector<Recommendation> CapacityEngine::Recommendations() const {
  absl::MutexLock lock(&result_mutex_);
  return recommendations_;
}

std::vector<WorkloadCost> CapacityEngine::Costs() const {
  absl::MutexLock lock(&result_mutex_);
  return costs_;
}

CapacityStats CapacityEngine::stats() const {
  absl::MutexLock lock(&result_mutex_);
  return stats_;
}

}  // namespace outrider
