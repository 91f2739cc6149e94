// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/judgement.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

std::string SeenText(const ResourceAdvice& advice, uint64_t pods) {
  return fmt::format("{} samples over {} from {} pod{}", advice.samples, SpanText(advice.coverage),
                     pods, pods == 1 ? "" : "s");
}

std::string ReasonFor(Resource resource, const ResourceAdvice& advice, std::string_view rule,
                      uint64_t pods) {
  std::string reason =
      fmt::format("{} (p95 {}, peak {}); {}", rule, AmountText(resource, advice.p95_use),
                  AmountText(resource, advice.max_use), SeenText(advice, pods));
  if (advice.guarded) reason += "; moved to the nearest allowed value";
  if (advice.held) reason += "; kept, as the change would be small";
  if (advice.judged) {
    reason += fmt::format("; yesterday's was exceeded by {:.1f} % of samples",
                          100 * advice.judged->violation_ratio);
  }
  return reason;
}

// What was used and held.
void Describe(Resource resource, const ContainerDemand& demand, ResourceAdvice* advice) {
  const bool cpu = resource == Resource::kCpu;
  advice->mean_use = cpu ? demand.CpuMean() : demand.MemoryMean();
  advice->p95_use = cpu ? demand.CpuPercentile(0.95) : demand.MemoryPercentile(0.95);
  const Timestamp newest = demand.last_time();
  advice->max_use = cpu ? demand.cpu_peaks().Max(newest, 2) : demand.memory_peaks().Max(newest, 2);
  advice->samples = cpu ? demand.cpu_samples() : demand.memory_samples();
  advice->coverage = cpu ? demand.cpu_coverage() : demand.memory_coverage();
  if (cpu) advice->throttled_ratio = demand.throttled_ratio();
  if (!cpu) advice->ooms = demand.ooms();
  const Promise& promise = cpu ? demand.cpu_promise() : demand.memory_promise();
  if (const auto last = promise.LastDay()) {
    advice->judged = {last->violations, last->slack, last->shortfall, last->samples};
  }
}

bool ScalesOn(Resource resource, const HpaState* hpa) {
  if (hpa == nullptr) return false;
  return resource == Resource::kCpu ? hpa->cpu_target.has_value() : hpa->memory_target.has_value();
}

// The schedule within the rails; by hour as well, each hour as its busiest quarter.
void TakeSchedule(std::vector<float> schedule, const GuardRails& rails, double request,
                  ResourceAdvice* advice) {
  if (schedule.empty()) return;
  std::array<double, 24> hours = {};
  const size_t quarters = schedule.size() / hours.size();
  for (size_t i = 0; i < schedule.size(); ++i) {
    Bounds quarter = {.target = schedule[i]};
    Guard(rails, request, &quarter);
    schedule[i] = static_cast<float>(quarter.target);
    // As it is written: whole millicores.
    hours[i / quarters] = std::max(hours[i / quarters], std::round(schedule[i] * 1e3) / 1e3);
  }
  advice->schedule = std::move(schedule);
  advice->hourly_target = hours;
}

// Whether what was given before may be kept: nothing that the rails or the policy's floor forbid.
bool MayStay(const PolicyAdvice& fresh, const GuardRails& rails, double request, double given) {
  if (fresh.fixed || given < fresh.floor) return false;
  Bounds before = {.target = given, .lower = given, .upper = given, .limit = given};
  return !Guard(rails, request, &before);
}

// Rails and hysteresis.
void Settle(Resource resource, const ContainerDemand& demand, const JudgeOptions& options,
            PolicyAdvice fresh, ResourceAdvice* advice) {
  const bool cpu = resource == Resource::kCpu;
  const GuardRails& rails = cpu ? options.cpu_rails : options.memory_rails;
  const double request = advice->request.value_or(0);
  advice->guarded = Guard(rails, request, &fresh.bounds);
  const Promise& promise = cpu ? demand.cpu_promise() : demand.memory_promise();
  advice->held = promise.Given() != fresh.bounds.target &&
                 Stands(promise, fresh.bounds, rails.hysteresis, !cpu) &&
                 MayStay(fresh, rails, request, promise.Given());
  advice->recommended = fresh.bounds;
  if (advice->held) {
    Bounds& bounds = advice->recommended;
    bounds.target = promise.Given();
    bounds.lower = std::min(bounds.lower, bounds.target);
    bounds.upper = std::max(bounds.upper, bounds.target);
    // Request and limit stay one where the policy has them so.
    bounds.limit = fresh.bounds.limit == fresh.bounds.target
                       ? bounds.target
                       : std::max(bounds.limit, bounds.target);
  }
  advice->limit_wanted = fresh.limit_wanted;
  TakeSchedule(std::move(fresh.schedule), rails, request, advice);
}

}  // namespace

double ConfidenceOf(const ResourceAdvice& advice, uint64_t pods_seen) {
  const double days = static_cast<double>(advice.coverage) / static_cast<double>(kDay);
  // Grows fast at first: 0.14 of its part after an hour, 0.63 after a day, all after a week.
  const double time = std::min(1.0, std::log1p(days * 24) / std::log1p(7.0 * 24));
  const double samples = std::min(1.0, static_cast<double>(advice.samples) / 1440);
  const double pods = std::min(1.0, static_cast<double>(pods_seen) / 3);
  const double kept =
      advice.judged ? std::max(0.0, 1 - advice.judged->violation_ratio / 0.10) : 0.5;
  return 0.5 * time + 0.25 * samples + 0.10 * pods + 0.15 * kept;
}

ResourceAdvice Advise(Resource resource, const ContainerDemand& demand,
                      std::span<const Holding> holdings, const std::optional<double>& limit,
                      const JudgeOptions& options) {
  const bool cpu = resource == Resource::kCpu;
  ResourceAdvice advice;
  advice.limit = limit;
  for (const Holding& holding : holdings) {
    if (holding.request) advice.request = std::max(advice.request.value_or(0), *holding.request);
  }
  Describe(resource, demand, &advice);
  const uint64_t pods = std::max<uint64_t>(holdings.size(), demand.pods_seen());
  if (advice.samples < std::max<uint64_t>(1, options.minimum_samples) ||
      advice.coverage < options.minimum_coverage) {
    advice.reason =
        fmt::format("not enough data: {}; needed are {} samples over {}", SeenText(advice, pods),
                    options.minimum_samples, SpanText(options.minimum_coverage));
    return advice;
  }
  const PolicyInput input = {
      .demand = demand,
      .now = options.now == INT64_MIN ? demand.last_time() : options.now,
      .containers_in_pod = options.containers_in_pod,
      .request = advice.request,
      .limit = limit,
      .scaled = ScalesOn(resource, options.hpa),
  };
  PolicyAdvice fresh = cpu ? options.policy.cpu(input) : options.policy.memory(input);
  if (!fresh.given) {
    advice.reason = "no recommendation: " + fresh.rule;
    return advice;
  }
  advice.enough_data = true;
  const std::string rule = std::move(fresh.rule);
  Settle(resource, demand, options, std::move(fresh), &advice);
  advice.confidence = ConfidenceOf(advice, pods);
  advice.reason = ReasonFor(resource, advice, rule, pods);
  advice.savings_dollars_per_month =
      SavingsOf(advice, holdings, options.mean_pods, cpu ? options.core_hour : options.byte_hour);
  return advice;
}

std::optional<double> SavingsOf(const ResourceAdvice& advice, std::span<const Holding> holdings,
                                const std::optional<double>& mean_pods, double unit_price) {
  if (!advice.enough_data || holdings.empty()) return std::nullopt;
  const double target = advice.recommended.target;
  if (!mean_pods) return MonthlySavings(holdings, target, unit_price);
  const Holding one = {advice.request, 0, holdings.front().unit_price};
  const auto saved = MonthlySavings({&one, 1}, target, unit_price);
  return saved ? std::optional(*saved * *mean_pods) : std::nullopt;
}

void Remember(Resource resource, const ResourceAdvice& advice, ContainerDemand* demand) {
  if (!advice.enough_data) return;
  Promise& promise = resource == Resource::kCpu ? demand->cpu_promise() : demand->memory_promise();
  promise.Give(advice.recommended.target);
}

namespace {

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

std::vector<Finding> FindFaults(const Recommendation& recommendation) {
  std::vector<Finding> findings;
  FindFaults("cpu", recommendation.cpu, &findings);
  FindFaults("memory", recommendation.memory, &findings);
  return findings;
}

void AddCost(const Recommendation& recommendation, const ResourceCosts& now,
             const ResourceCosts& month, WorkloadCost* cost) {
  cost->pods = std::max(cost->pods, recommendation.pods);
  cost->cpu.allocated += now.cpu.allocated;
  cost->cpu.used += now.cpu.used;
  cost->memory.allocated += now.memory.allocated;
  cost->memory.used += now.memory.used;
  cost->cpu.projected += now.cpu.projected;
  cost->memory.projected += now.memory.projected;
  cost->monthly += (month.cpu.allocated + month.memory.allocated) * kHoursPerMonth;
  cost->projected_monthly += (month.cpu.projected + month.memory.projected) * kHoursPerMonth;
}

std::optional<double> HealthOf(std::span<const std::unique_ptr<Recommendation>> containers) {
  bool judged = false;
  std::vector<FindingSeverity> severities;
  for (const auto& one : containers) {
    judged |= one->cpu.enough_data || one->memory.enough_data || !one->findings.empty();
    for (const Finding& finding : one->findings) severities.push_back(finding.severity);
  }
  return judged ? std::optional(HealthScore(severities)) : std::nullopt;
}

}  // namespace outrider
