// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/percentile.h"

#include <algorithm>

#include "rules/capacity/recommend/demand.h"

namespace outrider {
namespace {
constexpr double kRequestMargin = 1.1;
constexpr double kPeakMargin = 1.2;
constexpr double kUpperMargin = 1.5;
}  // namespace

Bounds CpuByPercentile(const UsageSummary& usage) {
  Bounds bounds;
  bounds.target = RoundCores(usage.p95 * kRequestMargin);
  bounds.lower = std::min(bounds.target, RoundCores(usage.p50 * kRequestMargin));
  bounds.upper = std::max(bounds.target, RoundCores(usage.p99 * kUpperMargin));
  bounds.limit = std::max(bounds.target, RoundCores(usage.max * kPeakMargin));
  return bounds;
}

Bounds MemoryByPercentile(const UsageSummary& usage) {
  Bounds bounds;
  bounds.target = RoundBytes(usage.max * kPeakMargin);
  bounds.lower = std::min(bounds.target, RoundBytes(usage.p95 * kRequestMargin));
  bounds.upper = RoundBytes(usage.max * kUpperMargin);
  bounds.limit = bounds.target;
  return bounds;
}

PolicyAdvice CpuByPercentile(const PolicyInput& input) {
  const ContainerDemand& demand = input.demand;
  PolicyAdvice advice;
  advice.bounds = CpuByPercentile(UsageSummary{.p50 = demand.CpuPercentile(0.5),
                                               .p95 = demand.CpuPercentile(0.95),
                                               .p99 = demand.CpuPercentile(0.99),
                                               .max = demand.cpu_peaks().Max(input.now, 2)});
  advice.rule = "95th percentile of use plus 10 %";
  return advice;
}

PolicyAdvice MemoryByPercentile(const PolicyInput& input) {
  const ContainerDemand& demand = input.demand;
  PolicyAdvice advice;
  advice.bounds = MemoryByPercentile(UsageSummary{.p50 = demand.MemoryPercentile(0.5),
                                                  .p95 = demand.MemoryPercentile(0.95),
                                                  .p99 = demand.MemoryPercentile(0.99),
                                                  .max = demand.memory_peaks().Max(input.now, 2)});
  advice.limit_wanted = true;
  advice.rule = "peak use plus 20 %";
  return advice;
}

}  // namespace outrider
