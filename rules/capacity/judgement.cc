// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/judgement.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "rules/pricing/price_book.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

std::string AmountText(Resource resource, double amount) {
  constexpr double kMib = 1024.0 * 1024.0;
  return resource == Resource::kCpu ? fmt::format("{:.3f} cores", amount)
                                    : fmt::format("{:.0f} MiB", amount / kMib);
}

// Whole minutes and hours read better than what was measured.
std::string SpanText(DurationMs span) {
  const DurationMs unit = span >= kHour ? kMinute : kSecond;
  return FormatDuration(span / unit * unit);
}

std::string ReasonFor(Resource resource, const ResourceAdvice& advice, size_t pods,
                      const JudgeOptions& options) {
  const std::string seen = fmt::format("{} samples over {} from {} pod{}", advice.samples,
                                       SpanText(advice.coverage), pods, pods == 1 ? "" : "s");
  if (!advice.enough_data) {
    return fmt::format("not enough data: {}; needed are {} samples over {}", seen,
                       options.minimum_samples, SpanText(options.minimum_coverage));
  }
  const std::string_view rule =
      resource == Resource::kCpu ? options.policy.cpu_rule : options.policy.memory_rule;
  return fmt::format("{} (p95 {}, peak {}); {}", rule, AmountText(resource, advice.p95_use),
                     AmountText(resource, advice.max_use), seen);
}

void FindFaults(std::string_view resource, const ResourceAdvice& advice,
                std::vector<Finding>* findings) {
  if (!advice.enough_data) return;
  if (advice.request) {
    if (const auto severity = JudgeUnderuse(advice.mean_use, *advice.request)) {
      findings->push_back({fmt::format("{}: mean use is {:.0f} % of the request", resource,
                                       100 * advice.mean_use / *advice.request),
                           *severity});
    }
  }
  if (advice.limit) {
    if (const auto severity = JudgeSaturation(advice.p95_use, *advice.limit)) {
      findings->push_back({fmt::format("{}: 95th percentile of use is {:.0f} % of the limit",
                                       resource, 100 * advice.p95_use / *advice.limit),
                           *severity});
    }
  }
}

}  // namespace

ResourceAdvice Advise(Resource resource, const UsageHistogram& usage,
                      std::span<const Holding> holdings, const std::optional<double>& limit,
                      const JudgeOptions& options) {
  ResourceAdvice advice;
  advice.limit = limit;
  for (const Holding& holding : holdings) {
    if (holding.request) advice.request = std::max(advice.request.value_or(0), *holding.request);
  }
  advice.mean_use = usage.Mean();
  advice.p95_use = usage.Percentile(0.95);
  advice.max_use = usage.Max();
  advice.samples = usage.samples();
  advice.coverage = usage.Coverage();
  advice.enough_data = advice.samples >= std::max<uint64_t>(1, options.minimum_samples) &&
                       advice.coverage >= options.minimum_coverage;
  advice.reason = ReasonFor(resource, advice, holdings.size(), options);
  if (!advice.enough_data) return advice;
  const bool cpu = resource == Resource::kCpu;
  advice.recommended = cpu ? options.policy.cpu(usage) : options.policy.memory(usage);
  advice.savings_dollars_per_month = MonthlySavings(holdings, advice.recommended.target,
                                                    cpu ? options.core_hour : options.byte_hour);
  return advice;
}

std::vector<Finding> FindFaults(const Recommendation& recommendation) {
  std::vector<Finding> findings;
  FindFaults("cpu", recommendation.cpu, &findings);
  FindFaults("memory", recommendation.memory, &findings);
  return findings;
}

void AddCost(const Recommendation& recommendation, const HourlyCost& cpu, const HourlyCost& memory,
             WorkloadCost* cost) {
  cost->pods = std::max(cost->pods, recommendation.pods);
  cost->cpu.allocated += cpu.allocated;
  cost->cpu.used += cpu.used;
  cost->memory.allocated += memory.allocated;
  cost->memory.used += memory.used;
  const double monthly = (cpu.allocated + memory.allocated) * kHoursPerMonth;
  cost->monthly += monthly;
  // What has no recommendation counts as unchanged.
  cost->projected_monthly += monthly - recommendation.cpu.savings_dollars_per_month.value_or(0) -
                             recommendation.memory.savings_dollars_per_month.value_or(0);
}

void Score(std::span<const Recommendation> recommendations, std::span<WorkloadCost> costs) {
  size_t at = 0;
  for (WorkloadCost& cost : costs) {
    bool judged = false;
    std::vector<FindingSeverity> severities;
    for (; at < recommendations.size() && recommendations[at].key == cost.key; ++at) {
      const Recommendation& one = recommendations[at];
      judged |= one.cpu.enough_data || one.memory.enough_data || !one.findings.empty();
      for (const Finding& finding : one.findings) severities.push_back(finding.severity);
    }
    if (judged) cost.health_score = HealthScore(severities);
  }
}

}  // namespace outrider
