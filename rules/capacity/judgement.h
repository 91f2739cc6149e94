// SPDX-License-Identifier: Apache-2.0
// From usage and holdings to advice, faults, costs and derived series. Pure but for Publish, which
// only writes to the table of derived series.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "rules/capacity/recommendation.h"
#include "rules/capacity/series_row.h"
#include "rules/capacity/usage_histogram.h"

namespace outrider {

enum class Resource { kCpu, kMemory };

struct JudgeOptions {
  const RecommendPolicy& policy;
  DurationMs minimum_coverage = kHour;
  uint64_t minimum_samples = 10;
  double core_hour = 0;  // USD
  double byte_hour = 0;  // USD
};

// `holdings`: one per pod that is there now.
ResourceAdvice Advise(Resource resource, const UsageHistogram& usage,
                      std::span<const Holding> holdings, const std::optional<double>& limit,
                      const JudgeOptions& options);

// How the use fits request and limit, of resources with enough data; others add theirs
// (usage_observer.h).
std::vector<Finding> FindFaults(const Recommendation& recommendation);

// Adds a container to its workload.
void AddCost(const Recommendation& recommendation, const HourlyCost& cpu, const HourlyCost& memory,
             WorkloadCost* cost);

// The health score of each workload from the faults of its containers.
// Both in the order of their workloads.
void Score(std::span<const Recommendation> recommendations, std::span<WorkloadCost> costs);

// Metrics and labels of design/contract.md.
void Publish(const Recommendation& recommendation, RecommendationSeries* row, SeriesSink& sink);
void Publish(const WorkloadCost& cost, CostSeries* row, SeriesSink& sink);

}  // namespace outrider
