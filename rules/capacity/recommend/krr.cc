// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/krr.h"

#include <algorithm>

#include "rules/capacity/recommend/demand.h"

namespace outrider {
namespace {

constexpr double kMib = 1024.0 * 1024.0;
constexpr double kLeastCores = 0.010;
constexpr double kLeastBytes = 100 * kMib;

bool WithholdForAutoscaler(const PolicyInput& input, PolicyAdvice* advice) {
  if (!input.scaled) return false;
  advice->given = false;
  advice->rule = "a horizontal autoscaler scales on it";
  return true;
}

Bounds SameBounds(double target, double limit) {
  return {.target = target, .lower = target, .upper = target, .limit = limit};
}

}  // namespace

PolicyAdvice CpuByKrr(const PolicyInput& input) {
  PolicyAdvice advice;
  if (WithholdForAutoscaler(input, &advice)) return advice;
  const double cores =
      std::max(kLeastCores, RoundCores(input.demand.LargestPodPercentile(input.now)));
  advice.bounds = SameBounds(cores, cores);
  advice.rule = "KRR simple: largest 95th percentile of one pod";
  return advice;
}

PolicyAdvice CpuByKrrLimit(const PolicyInput& input) {
  PolicyAdvice advice;
  if (WithholdForAutoscaler(input, &advice)) return advice;
  const double request = RoundCores(input.demand.CpuPercentile(0.66));
  advice.bounds = SameBounds(std::max(kLeastCores, request),
                             std::max(kLeastCores, RoundCores(input.demand.CpuPercentile(0.96))));
  advice.limit_wanted = true;
  advice.rule = "KRR simple_limit: 66th percentile of use";
  return advice;
}

PolicyAdvice MemoryByKrr(const PolicyInput& input) {
  PolicyAdvice advice;
  if (WithholdForAutoscaler(input, &advice)) return advice;
  const double killed_at = input.demand.largest_oom_limit(input.now);
  const double bytes =
      std::max(input.demand.memory_peaks().Max(input.now) * 1.15, killed_at * 1.25);
  advice.floor = killed_at * 1.25;
  const double rounded = std::max(kLeastBytes, RoundBytes(bytes));
  advice.bounds = SameBounds(rounded, rounded);
  advice.limit_wanted = true;
  advice.rule = killed_at > 0 ? "KRR: largest use plus 15 %, limit at the kill plus 25 %"
                              : "KRR: largest use plus 15 %";
  return advice;
}

}  // namespace outrider
