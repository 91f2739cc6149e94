// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a workload, in KubeOpt's names, and when a finding begins and ends.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rules/capacity/findings.h"
#include "rules/capacity/recommendation.h"
#include "storage/base/clock.h"

namespace outrider {

// Stored: add at the end.
enum class FindingType : uint8_t {
  kMemoryLeak,
  kCpuSpike,
  kMemorySpike,
  kCpuDrift,
  kMemoryDrift,
  kUnderutilization,
  kSaturation,
  kUnusualPattern,
  kThrottling,
  kRestartLoop,
};
inline constexpr size_t kFindingTypeCount = 10;
enum class FindingResource : uint8_t { kCpu, kMemory, kRestarts };

std::string_view FindingTypeText(FindingType type);  // memory_leak, cpu_spike, …
std::optional<FindingType> ParseFindingType(std::string_view text);
std::string_view FindingResourceText(FindingResource resource);  // cpu, memory, restarts
// What to do about it, one sentence or two.
std::string_view FindingAdvice(FindingType type);

// When a finding begins and ends. 1 is the edge of every score.
struct FindingPolicy {
  DurationMs hold = 0;         // at least 1 for this long, or
  double strong = 0;           // at least this, for
  DurationMs strong_hold = 0;  // this long, and it begins
  double end = 0;              // below this, for
  DurationMs release = 0;      // this long, and it ends
};
const FindingPolicy& PolicyOf(FindingType type);

// How one look at a container judges one kind of finding. Cores, bytes, shares or counts.
struct Evidence {
  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  FindingType type = FindingType::kMemoryLeak;
  FindingResource resource = FindingResource::kMemory;
  double score = 0;       // 1 at the edge
  double confidence = 0;  // 0 to 1
  FindingSeverity severity = FindingSeverity::kLow;
  double value = 0;            // now
  double threshold = 0;        // of the value
  double usual = kUnknown;     // what it was before
  double per_hour = kUnknown;  // relative growth; of a drift: per day
  double seconds_to_limit = kUnknown;
};

// The most severe a finding of this confidence may be: >= 0.90 critical, 0.75 high, 0.60 medium,
// 0.45 low; below that it is none. Source: specs/source_systems.md §3.8.
std::optional<FindingSeverity> SeverityAtMost(double confidence);

// One sentence with the figures.
std::string Describe(const Evidence& evidence);

struct WorkloadFinding {
  WorkloadKey key;
  std::string container;  // empty for a machine
  Evidence evidence;      // severity and confidence: the highest since it began
  std::string description;
  Timestamp started_at = 0;
};

}  // namespace outrider
