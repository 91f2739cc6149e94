// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/container_stream.h"

#include <algorithm>
#include <cmath>

#include "rules/capacity/kube_label.h"
#include "storage/base/grow.h"

namespace outrider {
namespace {

constexpr DurationMs kLookForNew = 30 * kSecond;
constexpr std::string_view kCpuMetric = "container_cpu_usage_seconds_total";
constexpr std::string_view kMemoryMetric = "container_memory_working_set_bytes";

std::string_view MetricOf(UseKind kind) {
  return kind == UseKind::kCpu ? kCpuMetric : kMemoryMetric;
}

}  // namespace

bool ReadContainerNames(const Labels& labels, ContainerNames* names) {
  names->cluster = labels.Get("cluster");
  names->namespace_name = KubeLabel(labels, "namespace");
  names->pod = KubeLabel(labels, "pod");
  // Behind exported_pod the plain label is the scraped pod's, also where cAdvisor gave none.
  names->container =
      labels.Has("exported_pod") ? labels.Get("exported_container") : labels.Get("container");
  // One CPU of many is told of beside their sum.
  const std::string_view cpu = labels.Get("cpu");
  return !names->pod.empty() && !names->container.empty() && names->container != "POD" &&
         (cpu.empty() || cpu == "total");
}

std::vector<Matcher> ContainerMatchers(std::string_view metric) {
  return {Matcher::Equal(std::string(kMetricName), std::string(metric))};
}

ContainerStream::Kind::Kind(ContainerStream& owner, UseKind the_kind, const SampleFeed& feed)
    : parent(owner),
      kind(the_kind),
      stream(ContainerMatchers(MetricOf(the_kind)), feed, kLookForNew) {}

ContainerStream::ContainerStream(const SampleFeed& feed, PodTable& pods, UseSink& sink)
    : pods_(pods),
      sink_(sink),
      cpu_(*this, UseKind::kCpu, feed),
      memory_(*this, UseKind::kMemory, feed) {}

std::vector<SeriesReference> ContainerStream::Reach(DurationMs horizon) {
  std::vector<SeriesReference> all;
  for (const std::string_view metric : {kCpuMetric, kMemoryMetric}) {
    all.push_back({.matchers = {Matcher::Equal(std::string(kMetricName), std::string(metric))},
                   .horizon = horizon,
                   .owner = {.kind = "capacity", .name = "use of containers"}});
  }
  return all;
}

void ContainerStream::Find(Timestamp now, Timestamp since) {
  since_ = since;
  cpu_.stream.Find(now, cpu_);
  memory_.stream.Find(now, memory_);
}

void ContainerStream::Follow(Timestamp to) {
  cpu_.stream.Follow(to, cpu_);
  memory_.stream.Follow(to, memory_);
}

Timestamp ContainerStream::OldestUnread(Timestamp to) {
  return std::min(cpu_.stream.OldestUnread(to), memory_.stream.OldestUnread(to));
}

SeriesStream::Owner::Admission ContainerStream::Admit(const Labels& labels) {
  ContainerNames names;
  if (!ReadContainerNames(labels, &names)) return {};
  bool is_new = false;
  const uint32_t pod = pods_.MakePod({names.cluster, names.namespace_name, names.pod}, &is_new);
  const uint32_t number = pods_.MakeContainer(pod, names.container);
  pods_.HoldContainer(number);
  if (const auto image = labels.Get("image"); !image.empty()) pods_.container(number).image = image;
  if (Pod& known = pods_.pod(pod); known.node.empty()) known.node = KubeLabel(labels, "node");
  uint32_t slot = static_cast<uint32_t>(series_.size());
  if (free_.empty()) {
    ReserveMore(&series_, 1);
    series_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  series_[slot] = {.container = number};
  return {.slot = slot, .after = since_};
}

double ContainerStream::Rate(Timestamp time, double value, Container* container, Series* series) {
  const Timestamp before = series->time;
  const double last = series->value;
  series->time = time;
  series->value = value;
  if (before == kNoTime) return -1;
  double increase = value - last;
  if (increase < 0) {
    // It began at 0 again: the container did.
    increase = value;
    container->started = std::max(container->started, before);
  }
  return increase * kSecond / static_cast<double>(time - before);
}

void ContainerStream::Take(UseKind kind, uint32_t slot, std::span<const Timestamp> times,
                           std::span<const double> values) {
  Series& series = series_[slot];
  Container& container = pods_.container(series.container);
  UseChannel& channel = kind == UseKind::kCpu ? container.cpu : container.memory;
  samples_ += times.size();
  points_.clear();
  for (size_t i = 0; i < times.size(); ++i) {
    double value = values[i];
    if (!std::isfinite(value)) {
      series.time = kNoTime;
      if (IsStale(value)) channel.End(slot, times[i]);
      continue;
    }
    if (kind == UseKind::kCpu) value = Rate(times[i], value, &container, &series);
    if (value < 0 || !channel.Accepts(slot, times[i])) continue;
    channel.Use(slot, times[i], value);
    points_.push_back({times[i], value});
  }
  if (!points_.empty()) sink_.OnUse(series.container, kind, points_);
}

void ContainerStream::Prefetch(UseKind kind, uint32_t slot, SeriesStream::Owner::Near near) const {
  switch (near) {
    using enum SeriesStream::Owner::Near;
    case kFar:
      __builtin_prefetch(&series_[slot]);
      return;
    case kNearer:
      pods_.container(series_[slot].container).PrefetchSample();
      return;
    case kNear:
      sink_.Prefetch(series_[slot].container, kind, UseSink::Near::kNear);
      return;
    case kNext:
      sink_.Prefetch(series_[slot].container, kind, UseSink::Near::kNext);
      return;
  }
}

void ContainerStream::Leave(uint32_t slot) {
  pods_.LeaveContainer(series_[slot].container);
  series_[slot] = {};
  free_.push_back(slot);
}

size_t ContainerStream::HeapBytes() const {
  return cpu_.stream.HeapBytes() + memory_.stream.HeapBytes() + series_.capacity() * sizeof(Series);
}

}  // namespace outrider
