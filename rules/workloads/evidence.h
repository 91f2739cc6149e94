// SPDX-License-Identifier: Apache-2.0
// From what a container used, needs and counted to evidence. Pure; formulas and constants stand in
// docs/workloads.md. Nothing: it cannot be said (too little data).
#pragma once

#include <optional>

#include "rules/workloads/resource_usage.h"
#include "rules/workloads/workload_finding.h"

namespace outrider {

// Cores or bytes.
struct ResourceFacts {
  const ResourceUsage& usage;
  std::optional<double> request;
  std::optional<double> limit;
};

// Above what the last hour had, minute by minute. A drop is none. `since`: when this was first
// seen, 0 if it was not; what came later, for up to half an hour, is no part of what is usual.
std::optional<Evidence> JudgeSpike(FindingResource resource, const ResourceFacts& facts,
                                   Timestamp since = 0);
// CPU far below what the last hour had: unusual_pattern.
std::optional<Evidence> JudgeDrop(const ResourceFacts& facts, Timestamp since = 0);
// Memory that grows steadily, over the last 1, 6 or 24 hours.
std::optional<Evidence> JudgeLeak(const ResourceFacts& facts);
// The last 24 hours against the days before them; two are needed.
std::optional<Evidence> JudgeDrift(FindingResource resource, const ResourceFacts& facts);

// Thresholds of specs/source_systems.md §1.5. Nothing without a request, a limit or enough data.
std::optional<Evidence> JudgeRequest(FindingResource resource, const ResourceAdvice& advice);
std::optional<Evidence> JudgeLimit(FindingResource resource, const ResourceAdvice& advice);

// Of the CPU periods of the last minutes, those cut short.
struct Throttling {
  double share = 0;
  double minutes = 0;  // that were watched, at most 15
};
std::optional<Evidence> JudgeThrottling(const Throttling& throttling);
// The most restarts of one pod within an hour.
Evidence JudgeRestarts(double restarts);

}  // namespace outrider
