// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/workload_trend.h"

#include <algorithm>
#include <map>

#include "rules/analytics/moments.h"
#include "rules/capacity/container_usage.h"
#include "rules/capacity/usage_points.h"

namespace outrider {
namespace {

constexpr DurationMs kStep = kMinute;
constexpr DurationMs kLookback = 5 * kMinute;

// What one pod counts with in the minute that ends at `end`.
std::optional<double> AtMinute(const std::vector<Sample>& points, bool ended, Timestamp end) {
  const auto behind = std::ranges::upper_bound(points, end, {}, &Sample::time);
  const auto first = std::ranges::upper_bound(points, end - kStep, {}, &Sample::time);
  if (first != behind) return MeanOf(std::span(first, behind));
  const bool was_last = behind == points.end();
  if (behind == points.begin() || (ended && was_last)) return std::nullopt;
  const Sample& newest = *std::prev(behind);
  if (newest.time <= end - kLookback) return std::nullopt;
  return newest.value;
}

void AddPod(const std::vector<Sample>& points, bool ended, TimeRange minutes,
            std::map<Timestamp, double>* sums) {
  for (Timestamp end = minutes.from; end <= minutes.to; end += kStep) {
    if (const auto value = AtMinute(points, ended, end)) (*sums)[end] += *value;
  }
}

std::vector<Sample> SamplesOf(const std::map<Timestamp, double>& sums) {
  std::vector<Sample> samples;
  samples.reserve(sums.size());
  for (const auto& [time, value] : sums) samples.push_back({time, value});
  return samples;
}

}  // namespace

StatusOr<WorkloadUse> ReadWorkloadUse(const Querier& querier, const WorkloadNames& names,
                                      const MonitoredContainer& who, DurationMs window,
                                      Timestamp now) {
  const std::array only = {Matcher::Equal("namespace", who.namespace_name),
                           Matcher::Equal("container", who.container)};
  // The first of the minutes, whatever `now` is.
  const Timestamp first = now - (window - 1) / kStep * kStep;
  const auto containers = TRY(ReadContainerUsage(querier, first - kStep - kLookback, now, only));
  std::map<Timestamp, double> cpu;
  std::map<Timestamp, double> memory;
  for (const ContainerUsage& container : containers) {
    const auto workload = names.Find(container.namespace_name, container.pod);
    if (!workload || workload->name != who.workload) continue;
    AddPod(container.cpu, container.ended, {first, now}, &cpu);
    AddPod(container.memory, container.ended, {first, now}, &memory);
  }
  return WorkloadUse{SamplesOf(cpu), SamplesOf(memory)};
}

UseTrend JudgeUse(const std::vector<Sample>& minutes, Timestamp now) {
  UseTrend trend;
  if (minutes.empty()) return trend;
  Moments line;
  for (const Sample& minute : minutes) {
    line.Add(static_cast<double>(minute.time - now) / kSecond, minute.value);
  }
  trend.average = line.mean_v;
  trend.deviation = line.StandardDeviation();
  if (line.HasSlope()) trend.rate = line.Slope();
  if (minutes.back().time != now) return trend;
  trend.current = minutes.back().value;
  trend.verdict =
      JudgeTrend(*trend.current, *trend.average, *trend.deviation, trend.rate.value_or(0));
  return trend;
}

}  // namespace outrider
