// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/machine_stream.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"

namespace outrider {
namespace {

constexpr DurationMs kLookForNew = 30 * kSecond;
constexpr DurationMs kPatience = 5 * kMinute;  // for the rest of a scrape

std::string_view BehindSlash(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

}  // namespace

class MachineStream::Stream final : private SeriesStream::Owner {
 public:
  Stream(MachineStream& parent, const WorkloadSource& source, Role role,
         const std::vector<Matcher>& matchers, const SampleFeed& feed)
      : parent_(parent), source_(source), role_(role), stream_(matchers, feed, kLookForNew) {}
  void Find(Timestamp now) { stream_.Find(now, *this); }
  void Follow(Timestamp to) { stream_.Follow(to, *this); }
  size_t size() const { return stream_.size(); }

 private:
  Admission Admit(const Labels& labels) override { return parent_.Admit(source_, role_, labels); }
  void Take(uint32_t slot, double* /*memo*/, std::span<const Timestamp> times,
            std::span<const double> values) override {
    parent_.Take(slot, times, values);
  }
  void Gone(uint32_t slot, double /*memo*/) override { parent_.Leave(slot); }

  MachineStream& parent_;
  const WorkloadSource source_;
  const Role role_;
  SeriesStream stream_;
};

MachineStream::MachineStream(const std::vector<WorkloadSource>& sources, const SampleFeed& feed,
                             PodTable& pods, UseSink& sink)
    : pods_(pods), sink_(sink) {
  for (const WorkloadSource& source : sources) {
    const auto follow = [&](Role role, const std::vector<Matcher>& matchers) {
      if (matchers.empty()) return;
      streams_.push_back(std::make_unique<Stream>(*this, source, role, matchers, feed));
    };
    follow(source.machine ? Role::kIdleCpu : Role::kCpu, source.cpu);
    follow(source.machine ? Role::kTotalMemory : Role::kMemory, source.memory);
    follow(Role::kFreeMemory, source.memory_free);
  }
}

MachineStream::~MachineStream() = default;

std::vector<SeriesReference> MachineStream::Reach(const std::vector<WorkloadSource>& sources,
                                                  DurationMs horizon) {
  std::vector<SeriesReference> all;
  for (const WorkloadSource& source : sources) {
    for (const auto* matchers : {&source.cpu, &source.memory, &source.memory_free}) {
      if (matchers->empty()) continue;
      all.push_back({.matchers = *matchers,
                     .horizon = horizon,
                     .owner = {.kind = "capacity", .name = "use of workloads"}});
    }
  }
  return all;
}

void MachineStream::Find(Timestamp now, Timestamp since) {
  since_ = since;
  for (const auto& stream : streams_) stream->Find(now);
}

void MachineStream::Follow(Timestamp to) {
  for (const auto& stream : streams_) stream->Follow(to);
  for (const uint32_t number : std::exchange(changed_, {})) Complete(number);
}

size_t MachineStream::series() const {
  size_t count = 0;
  for (const auto& stream : streams_) count += stream->size();
  return count;
}

uint32_t MachineStream::GroupFor(const WorkloadKey& workload, std::string_view instance,
                                 UseKind kind, std::string_view job) {
  const uint32_t container = pods_.MakeMachine(workload, instance);
  std::string key = fmt::format("{}/{}/{}", container, static_cast<int>(kind), job);
  const auto [place, is_new] = group_of_.try_emplace(key, static_cast<uint32_t>(groups_.size()));
  if (!is_new) return place->second;
  if (free_groups_.empty()) {
    groups_.emplace_back();
  } else {
    place->second = free_groups_.back();
    free_groups_.pop_back();
  }
  Group& group = groups_[place->second];
  group.container = container;
  group.kind = kind;
  group.key = std::move(key);
  return place->second;
}

SeriesStream::Owner::Admission MachineStream::Admit(const WorkloadSource& source, Role role,
                                                    const Labels& labels) {
  const std::string_view name = BehindSlash(labels.Get(source.name_label));
  if (name.empty()) return {};
  WorkloadKey key;
  key.workload = name;
  key.workload_kind = source.kind;
  key.cluster = labels.Get("cluster");
  if (!source.namespace_label.empty()) key.namespace_name = labels.Get(source.namespace_label);
  const bool cpu = role == Role::kCpu || role == Role::kIdleCpu;
  const uint32_t number = GroupFor(key, labels.Get(source.instance_label),
                                   cpu ? UseKind::kCpu : UseKind::kMemory, labels.Get("job"));
  uint32_t slot = static_cast<uint32_t>(series_.size());
  if (free_series_.empty()) {
    series_.emplace_back();
  } else {
    slot = free_series_.back();
    free_series_.pop_back();
  }
  series_[slot] = {.group = number, .role = role};
  Group& group = groups_[number];
  group.series.push_back(slot);
  pods_.HoldContainer(group.container);
  return {.slot = slot, .after = since_};
}

void MachineStream::Leave(uint32_t slot) {
  const uint32_t number = series_[slot].group;
  Group& group = groups_[number];
  pods_.LeaveContainer(group.container);
  std::erase(group.series, slot);
  series_[slot] = {};
  free_series_.push_back(slot);
  if (!group.series.empty()) return;
  group_of_.erase(group.key);
  std::erase(changed_, number);
  group = {};
  free_groups_.push_back(number);
}

void MachineStream::Take(uint32_t slot, std::span<const Timestamp> times,
                         std::span<const double> values) {
  Series& series = series_[slot];
  Group& group = groups_[series.group];
  const bool counter = series.role == Role::kCpu || series.role == Role::kIdleCpu;
  for (size_t i = 0; i < times.size(); ++i) {
    if (!std::isfinite(values[i])) {
      if (IsStale(values[i])) series.ended = series.last == kNoTime ? times[i] : series.last;
      series.last = kNoTime;
      series.first = kNoTime;
      continue;
    }
    const Timestamp before = series.last;
    const double last = series.value;
    series.last = times[i];
    series.value = values[i];
    series.ended = kNoTime;
    // A counter's first value is no use yet.
    if (series.first == kNoTime) series.first = counter ? times[i] : times[i] - 1;
    if (counter && before == kNoTime) continue;
    double value = values[i];
    if (counter) {
      const double increase = std::max(0.0, value < last ? value : value - last);
      value = increase * kSecond / static_cast<double>(times[i] - before);
    }
    if (series.role == Role::kIdleCpu) value = std::clamp(1 - value, 0.0, 1.0);
    if (series.role == Role::kFreeMemory) value = -value;
    Add(times[i], value, &group);
  }
  if (!group.changed) changed_.push_back(series.group);
  group.changed = true;
}

void MachineStream::Add(Timestamp time, double value, Group* group) {
  auto place = group->sums.end();
  if (!group->sums.empty() && group->sums.back().time >= time) {
    place = std::ranges::lower_bound(group->sums, time, {}, &Sum::time);
  }
  if (place == group->sums.end() || place->time != time) {
    place = group->sums.insert(place, Sum{.time = time});
  }
  place->value += value;
  ++place->arrived;
}

size_t MachineStream::Expected(const Group& group, Timestamp time) const {
  return static_cast<size_t>(std::ranges::count_if(group.series, [&](uint32_t slot) {
    const Series& series = series_[slot];
    if (series.ended != kNoTime) return time <= series.ended;
    return series.first != kNoTime && series.first < time && series.last > time - kPatience;
  }));
}

// Hands over the times that are complete; what is behind one or too old will not be.
void MachineStream::Complete(uint32_t number) {
  Group& group = groups_[number];
  group.changed = false;
  if (group.container == kNoSlot) return;
  Container& container = pods_.container(group.container);
  UseChannel& channel = group.kind == UseKind::kCpu ? container.cpu : container.memory;
  points_.clear();
  size_t done = 0;
  for (size_t i = 0; i < group.sums.size(); ++i) {
    const Sum& sum = group.sums[i];
    if (sum.arrived >= Expected(group, sum.time)) {
      done = i + 1;
      if (!channel.Accepts(number, sum.time)) continue;
      channel.Use(number, sum.time, std::max(0.0, sum.value));
      points_.push_back({sum.time, std::max(0.0, sum.value)});
    } else if (sum.time < group.sums.back().time - kPatience) {
      done = i + 1;
    }
  }
  group.sums.erase(group.sums.begin(), group.sums.begin() + static_cast<ptrdiff_t>(done));
  TellSize(group);
  if (!points_.empty()) sink_.OnUse(group.container, group.kind, points_);
  const bool ended = std::ranges::all_of(
      group.series, [&](uint32_t slot) { return series_[slot].ended != kNoTime; });
  if (ended) channel.End(number, channel.newest());
}

// Of a machine: as many cores as CPUs are idle at times, and its memory.
void MachineStream::TellSize(const Group& group) {
  size_t cpus = 0;
  std::optional<double> total;
  for (const uint32_t slot : group.series) {
    const Series& series = series_[slot];
    if (series.ended != kNoTime || series.last == kNoTime) continue;
    if (series.role == Role::kIdleCpu) ++cpus;
    if (series.role == Role::kTotalMemory) total = series.value;
  }
  Container& container = pods_.container(group.container);
  if (cpus > 0) container.requests.cpu = static_cast<double>(cpus);
  if (total) container.requests.memory = total;
  container.limits = container.requests;
}

}  // namespace outrider
