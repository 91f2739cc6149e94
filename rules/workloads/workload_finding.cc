// SPDX-License-Identifier: Apache-2.0
#include "rules/workloads/workload_finding.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "fmt/format.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

using enum FindingType;

struct TypeRow {
  FindingType type;
  std::string_view text;
  FindingPolicy policy;
  std::string_view advice;
};

// In the order of FindingType. A spike that is plain need not be held for long; what is computed
// from hours or from counts needs no hold at all.
constexpr std::array<TypeRow, kFindingTypeCount> kTypes = {{
    {kMemoryLeak,
     "memory_leak",
     {0, 1, 0, .7, 30 * kMinute},
     "Look for memory that is kept: compare heap profiles taken some time apart, and check caches "
     "and queues for bounds. A raised limit or a restart only buys time."},
    {kCpuSpike,
     "cpu_spike",
     {3 * kMinute, 2, kMinute, .75, 5 * kMinute},
     "Compare with the request rate and the last rollout; if the load is real, raise the CPU "
     "limit or the number of replicas."},
    {kMemorySpike,
     "memory_spike",
     {3 * kMinute, 2, kMinute, .75, 5 * kMinute},
     "Look at what began at that time (a batch, a large request, a rollout) and whether the limit "
     "leaves room for it."},
    {kCpuDrift,
     "cpu_drift",
     {0, 1, 0, .75, 2 * kHour},
     "Use changed over days: check rollouts and traffic since then, and adapt the CPU request."},
    {kMemoryDrift,
     "memory_drift",
     {0, 1, 0, .75, 2 * kHour},
     "Use changed over days: check data volume, caches and rollouts since then, and adapt the "
     "memory request and limit."},
    {kUnderutilization,
     "resource_underutilization",
     {0, 1, 0, .8, 0},
     "Lower the request to the recommended value (outrider_recommendation_…), or run fewer "
     "replicas."},
    {kSaturation,
     "resource_saturation",
     {0, 1, 0, .944, 0},
     "Raise the limit to the recommended value, or spread the load over more replicas."},
    {kUnusualPattern,
     "unusual_pattern",
     {5 * kMinute, 1e9, 0, .75, 5 * kMinute},
     "Use fell far below what is usual: check whether requests still arrive and whether what it "
     "depends on works."},
    {kThrottling,
     "cpu_throttling",
     {5 * kMinute, 1e9, 0, .8, 5 * kMinute},
     "The CPU limit is in the way: raise or remove it, or limit the number of threads."},
    {kRestartLoop,
     "restart_loop",
     {0, 1, 0, .33, 0},
     "Read the log of the container before its last restart and the reason of its termination "
     "(out of memory, failed probe, exit code)."},
}};
static_assert([] {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i].type != static_cast<FindingType>(i)) return false;
  }
  return true;
}());

const TypeRow& RowOf(FindingType type) { return kTypes[static_cast<size_t>(type)]; }

std::string Amount(FindingResource resource, double amount) {
  constexpr double kMib = 1024.0 * 1024.0;
  if (resource == FindingResource::kCpu) return fmt::format("{:.3f} cores", amount);
  return amount >= 1024 * kMib ? fmt::format("{:.2f} GiB", amount / kMib / 1024)
                               : fmt::format("{:.0f} MiB", amount / kMib);
}

std::string LeakText(const Evidence& evidence) {
  std::string text =
      fmt::format("memory grows by {:.1f} % an hour, now {}", 100 * evidence.per_hour,
                  Amount(FindingResource::kMemory, evidence.value));
  if (std::isfinite(evidence.seconds_to_limit)) {
    const auto minutes = static_cast<int64_t>(evidence.seconds_to_limit / 60);
    text += fmt::format("; the limit of {} is reached in {}",
                        Amount(FindingResource::kMemory, evidence.threshold),
                        FormatDuration(std::max<int64_t>(1, minutes) * kMinute));
  }
  return text;
}

std::string ChangeText(const Evidence& evidence, std::string_view what) {
  return fmt::format("{} {} {}, usual are {}", FindingResourceText(evidence.resource), what,
                     Amount(evidence.resource, evidence.value),
                     Amount(evidence.resource, evidence.usual));
}

}  // namespace

std::string_view FindingTypeText(FindingType type) { return RowOf(type).text; }

std::optional<FindingType> ParseFindingType(std::string_view text) {
  const auto found = std::ranges::find(kTypes, text, &TypeRow::text);
  if (found == kTypes.end()) return std::nullopt;
  return found->type;
}

std::string_view FindingResourceText(FindingResource resource) {
  static constexpr std::array<std::string_view, 3> kTexts = {"cpu", "memory", "restarts"};
  return kTexts[static_cast<size_t>(resource)];
}

std::string_view FindingAdvice(FindingType type) { return RowOf(type).advice; }

const FindingPolicy& PolicyOf(FindingType type) { return RowOf(type).policy; }

std::optional<FindingSeverity> SeverityAtMost(double confidence) {
  if (confidence >= .90) return FindingSeverity::kCritical;
  if (confidence >= .75) return FindingSeverity::kHigh;
  if (confidence >= .60) return FindingSeverity::kMedium;
  if (confidence >= .45) return FindingSeverity::kLow;
  return std::nullopt;
}

std::string Describe(const Evidence& evidence) {
  const std::string_view resource = FindingResourceText(evidence.resource);
  switch (evidence.type) {
    case kMemoryLeak:
      return LeakText(evidence);
    case kCpuSpike:
    case kMemorySpike:
      return ChangeText(evidence, "use jumped to");
    case kUnusualPattern:
      return ChangeText(evidence, "use fell to");
    case kCpuDrift:
    case kMemoryDrift:
      return ChangeText(evidence,
                        fmt::format("use moves by {:+.0f} % a day; the last day's mean is",
                                    100 * evidence.per_hour));
    case kUnderutilization:
      return fmt::format("{}: mean use is {:.0f} % of the request", resource,
                         100 * evidence.value / evidence.usual);
    case kSaturation:
      return fmt::format("{}: 95th percentile of use is {:.0f} % of the limit", resource,
                         100 * evidence.value / evidence.usual);
    case kThrottling:
      return fmt::format("the CPU limit throttled {:.0f} % of the time slices of the last minutes",
                         100 * evidence.value);
    case kRestartLoop:
      return fmt::format("a pod restarted this container {:.0f} times within an hour",
                         evidence.value);
  }
  return "";
}

}  // namespace outrider
