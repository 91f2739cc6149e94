// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/adaptive.h"

#include <algorithm>

#include "fmt/format.h"
#include "rules/capacity/recommend/demand.h"
#include "rules/capacity/recommend/needed_memory.h"

namespace outrider {
namespace {

constexpr double kMargin = 1.1;
constexpr double kUpperMargin = 1.5;
constexpr double kPeakMargin = 1.2;
constexpr double kKillMargin = 1.25;
constexpr int64_t kPeakDays = 7;
constexpr double kWorthTelling = 0.01;  // of periods cut short
constexpr double kMib = 1024.0 * 1024.0;

// One number and, where it pays, a schedule: by the trials, once they are long enough.
void TakeTrials(const ContainerDemand& demand, double peak, double least, PolicyAdvice* advice) {
  const DayProfile& profile = demand.profile();
  DayProfile::Choice flat;
  DayProfile::Choice best;
  if (!profile.Choose(true, &flat) || !profile.Choose(false, &best)) return;
  const double base = demand.LoadBase();
  advice->bounds.target =
      RoundCores(std::max<double>(least, profile.Requests(flat, base, peak).front()));
  advice->rule = fmt::format(
      "the number that would have done best: {:.1f} % of samples above it, {:.0f} % unused",
      100 * flat.violations, 100 * flat.slack);
  if (!best.scheduled) return;
  const auto requests = profile.Requests(best, base, peak);
  advice->schedule.reserve(requests.size());
  for (float request : requests) {
    advice->schedule.push_back(static_cast<float>(RoundCores(request)));
  }
  advice->rule += fmt::format("; by time of day it would be {:.1f} % and {:.0f} %",
                              100 * best.violations, 100 * best.slack);
}

PolicyAdvice KeptForAutoscaler(const PolicyInput& input, const Bounds& otherwise) {
  PolicyAdvice advice;
  advice.bounds = otherwise;
  advice.rule = "95th percentile of the work done plus 10 %, though an autoscaler scales on it";
  if (!input.request || !(*input.request > 0)) return advice;
  advice.bounds = {.target = *input.request,
                   .lower = *input.request,
                   .upper = *input.request,
                   .limit = std::max(*input.request, otherwise.limit)};
  advice.fixed = true;
  advice.rule =
      "kept: a horizontal autoscaler scales on it, another request would only change the number "
      "of replicas";
  return advice;
}

}  // namespace

PolicyAdvice CpuAdaptively(const PolicyInput& input) {
  const ContainerDemand& demand = input.demand;
  const auto& wanted = demand.cpu_demand();
  // The newest days that the container was seen in: a pause must not forget its peaks.
  const double peak = demand.demand_peaks().Max(demand.last_cpu_time(), kPeakDays);
  const auto percentile = [&](double p, bool by_load) {
    return std::min(peak, wanted.Percentile(kCpuBuckets, p, by_load));
  };
  PolicyAdvice advice;
  Bounds& bounds = advice.bounds;
  bounds.target = RoundCores(percentile(0.95, true) * kMargin);
  advice.rule = "95 % of the work done fits, plus 10 %";
  TakeTrials(demand, peak, percentile(0.5, true), &advice);
  bounds.lower = std::min(bounds.target, RoundCores(percentile(0.5, false) * kMargin));
  bounds.upper = std::max(bounds.target, RoundCores(percentile(0.99, false) * kUpperMargin));
  bounds.limit = std::max(bounds.target, RoundCores(peak * kPeakMargin));
  if (input.scaled) return KeptForAutoscaler(input, bounds);
  if (demand.throttled_ratio() > kWorthTelling) {
    advice.rule += fmt::format("; raised as the limit cut it short in {:.0f} % of its periods",
                               100 * demand.throttled_ratio());
  }
  if (demand.startup_cpu_peak() > bounds.target) {
    advice.rule +=
        fmt::format("; start-up peaks of {:.3f} cores are left out", demand.startup_cpu_peak());
  }
  return advice;
}

PolicyAdvice MemoryAdaptively(const PolicyInput& input) {
  const ContainerDemand& demand = input.demand;
  const Timestamp now = demand.last_time();
  const double working_set = demand.memory_peaks().Max(now, kPeakDays);
  const double resident = demand.rss_peaks().Max(now, kPeakDays);
  const double needed = NeededMemory(working_set, resident);
  PolicyAdvice advice;
  advice.limit_wanted = true;
  advice.rule = "peak of seven days plus 10 %";
  if (needed < working_set) {
    advice.rule += fmt::format(" ({:.0f} MiB resident, of {:.0f} MiB file cache a quarter)",
                               resident / kMib, (working_set - resident) / kMib);
  }
  double target = needed * kMargin;
  if (const double killed_at = demand.largest_oom_limit(input.now); killed_at > 0) {
    advice.floor = killed_at * kKillMargin;
    target = std::max(target, advice.floor);
    advice.rule +=
        fmt::format("; at least 25 % above {:.0f} MiB, where it was killed", killed_at / kMib);
  }
  if (demand.heap_max() > 0) {
    const double held = std::min(working_set, std::max(demand.heap_committed(), 0.0));
    const double floor = demand.heap_max() + (working_set - held);
    advice.floor = std::max(advice.floor, floor);
    if (floor > target) {
      target = floor;
      advice.rule += fmt::format("; at least its Java heap of {:.0f} MiB and what is beside it",
                                 demand.heap_max() / kMib);
    }
  }
  Bounds& bounds = advice.bounds;
  bounds.target = RoundBytes(target);
  bounds.lower = std::min(
      bounds.target, RoundBytes(NeededMemory(demand.MemoryPercentile(0.95), resident) * kMargin));
  bounds.upper = std::max(bounds.target, RoundBytes(target * kUpperMargin / kMargin));
  bounds.limit = bounds.target;
  if (input.scaled && input.request && *input.request > 0) {
    advice.fixed = true;
    advice.rule = "kept: a horizontal autoscaler scales on it; peak " +
                  fmt::format("{:.0f} MiB", working_set / kMib);
    bounds = {*input.request, *input.request, *input.request,
              std::max(*input.request, bounds.limit)};
  }
  return advice;
}

}  // namespace outrider
