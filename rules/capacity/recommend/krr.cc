// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/krr.h"

#include <algorithm>
#include <array>
#include <cmath>

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
  const double rounded = std::max(kLeastBytes, RoundBytes(bytes));
  advice.bounds = SameBounds(rounded, rounded);
  advice.limit_wanted = true;
  advice.rule = killed_at > 0 ? "KRR: largest use plus 15 %, limit at the kill plus 25 %"
                              : "KRR: largest use plus 15 %";
  return advice;
}

std::string_view KrrSeverity(bool memory, const std::optional<double>& request, double target) {
  if (!request) return "WARNING";
  struct Step {
    double cores;
    double mib;
    std::string_view name;
  };
  static constexpr std::array kSteps = {Step{0.5, 500, "CRITICAL"}, Step{0.25, 250, "WARNING"},
                                        Step{0.1, 100, "OK"}};
  const double apart = std::abs(*request - target);
  for (const Step& step : kSteps) {
    if (apart >= (memory ? step.mib * kMib : step.cores)) return step.name;
  }
  return "GOOD";
}

double KrrScore(std::span<const std::string_view> severities) {
  if (severities.empty()) return 100;
  double lost = 0;
  for (std::string_view severity : severities) {
    if (severity == "CRITICAL") lost += 1;
    if (severity == "WARNING") lost += 0.7;
  }
  const auto all = static_cast<double>(severities.size());
  return 100 * (all - lost) / all;
}

char KrrGrade(double score) {
  if (score >= 90) return 'A';
  if (score >= 70) return 'B';
  if (score >= 55) return 'C';
  return score >= 30 ? 'D' : 'F';
}

}  // namespace outrider
