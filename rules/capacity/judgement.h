// SPDX-License-Identifier: Apache-2.0
// From usage and holdings to advice, faults, costs and derived series. Pure but for Publish, which
// only writes to the table of derived series.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rules/capacity/recommend/demand.h"
#include "rules/capacity/recommend/guard.h"
#include "rules/capacity/recommendation.h"
#include "rules/capacity/series_row.h"

namespace outrider {

enum class Resource { kCpu, kMemory };

struct JudgeOptions {
  const RecommendPolicy& policy;
  DurationMs minimum_coverage = kHour;
  uint64_t minimum_samples = 10;
  double core_hour = 0;  // USD
  double byte_hour = 0;  // USD
  GuardRails cpu_rails = {};
  GuardRails memory_rails = {};
  // Of the workload.
  Timestamp now = INT64_MIN;     // INT64_MIN: when its last sample came
  size_t containers_in_pod = 1;  // for VPA's least request of a pod
  const HpaState* hpa = nullptr;
  // How many run at once on average, of what comes and goes; absent: as many as there are now.
  std::optional<double> mean_pods = {};
};

// `holdings`: one per pod that is there now.
ResourceAdvice Advise(Resource resource, const ContainerDemand& demand,
                      std::span<const Holding> holdings, const std::optional<double>& limit,
                      const JudgeOptions& options);
// What requesting the target saves a month at these prices; nothing where nothing is known.
// `mean_pods` as in JudgeOptions.
std::optional<double> SavingsOf(const ResourceAdvice& advice, std::span<const Holding> holdings,
                                const std::optional<double>& mean_pods, double unit_price);
// After Advise(), with what is told to people: remembered for hysteresis and for judging it
// tomorrow.
void Remember(Resource resource, const ResourceAdvice& advice, ContainerDemand* demand);

// 0 to 1: how much the past that was seen can tell. Half for the watched time (full with seven
// days; a day gives 0.31 of it), a quarter for samples (full with 1440), a tenth for pods (full
// with three), the rest for yesterday's recommendation: nothing if a tenth of the samples was above
// it.
double ConfidenceOf(const ResourceAdvice& advice, uint64_t pods_seen);

// How the use fits request and limit, of resources with enough data; others add theirs
// (usage_observer.h).
std::vector<Finding> FindFaults(const Recommendation& recommendation);

// Adds a container to its workload. `month`: what a month costs is 730 of it.
struct ResourceCosts {
  HourlyCost cpu;
  HourlyCost memory;
};
void AddCost(const Recommendation& recommendation, const ResourceCosts& now,
             const ResourceCosts& month, WorkloadCost* cost);

// The health score of a workload from the faults of its containers; nothing before one of them is
// judged.
std::optional<double> HealthOf(std::span<const std::unique_ptr<Recommendation>> containers);

// Metrics and labels of design/contract.md.
void Publish(const Recommendation& recommendation, RecommendationSeries* row, SeriesSink& sink);
void Publish(const WorkloadCost& cost, CostSeries* row, SeriesSink& sink);

}  // namespace outrider
