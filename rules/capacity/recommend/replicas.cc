// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/replicas.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "rules/capacity/recommend/demand.h"

namespace outrider {
namespace {

constexpr double kReplicaTarget = 0.5;  // of the request, without an autoscaler
constexpr double kLowestTarget = 0.30;
constexpr double kHighestTarget = 0.75;
constexpr double kHeadroom = 3;        // of the largest number of replicas
constexpr double kWorthScaling = 1.5;  // largest hour / smallest hour
constexpr double kLeastCores = 1;

uint64_t AtLeastOne(double replicas) {
  return static_cast<uint64_t>(std::clamp(std::ceil(replicas * (1 - 1e-9)), 1.0, 1e6));
}

ReplicaAdvice::Hpa AdviseHpa(const WorkloadLoad& load, double lowest_hour) {
  ReplicaAdvice::Hpa hpa;
  hpa.target = std::clamp(load.p99_per_pod / load.request_per_pod, kLowestTarget, kHighestTarget);
  const double per_replica = load.request_per_pod * hpa.target;
  hpa.min_replicas = AtLeastOne(lowest_hour / per_replica);
  hpa.max_replicas = std::max(hpa.min_replicas, AtLeastOne(load.busiest / per_replica * kHeadroom));
  return hpa;
}

// What else it scales on may need them.
void KeepAtLeast(const HpaState& now, ReplicaAdvice::Hpa* hpa) {
  hpa->min_replicas = std::max(hpa->min_replicas, now.min_replicas);
  hpa->max_replicas = std::max(hpa->max_replicas, now.max_replicas);
}

}  // namespace

std::optional<ReplicaAdvice> AdviseReplicas(const WorkloadLoad& load, const HpaState* hpa) {
  if (!(load.request_per_pod > 0) || !(load.busiest > 0)) return std::nullopt;
  ReplicaAdvice advice;
  advice.replicas = AtLeastOne(load.busiest / (load.request_per_pod * kReplicaTarget));
  advice.reason =
      fmt::format("its busiest hour uses {:.3f} cores, at half of a request of {:.3f} cores",
                  load.busiest, load.request_per_pod);
  if (load.hourly_mean.empty()) return advice;
  const auto [lowest, highest] = std::ranges::minmax(load.hourly_mean);
  const bool swings = lowest > 0 && highest / lowest >= kWorthScaling && highest >= kLeastCores;
  if (hpa == nullptr && !swings) return advice;
  if (hpa != nullptr && !hpa->cpu_target) {
    advice.reason += "; its autoscaler does not scale on CPU";
    return advice;
  }
  advice.hpa = AdviseHpa(load, lowest);
  const bool others = hpa != nullptr && (hpa->other_metrics || hpa->memory_target);
  if (others) KeepAtLeast(*hpa, &*advice.hpa);
  advice.reason += fmt::format(
      "; by time of day it uses {:.3f} to {:.3f} cores: scale at {:.0f} % between {} and {}",
      lowest, highest, 100 * advice.hpa->target, advice.hpa->min_replicas,
      advice.hpa->max_replicas);
  if (hpa != nullptr) {
    advice.reason += fmt::format(" (now {:.0f} % between {} and {})", 100 * *hpa->cpu_target,
                                 hpa->min_replicas, hpa->max_replicas);
  }
  if (others) advice.reason += "; not less than now, as it scales on something else too";
  return advice;
}

std::optional<ReplicaAdvice> AdviseReplicas(std::span<const WorkloadPart> parts,
                                            const HpaState* hpa) {
  std::vector<double> hours;
  for (size_t hour = 0; hour < 24; ++hour) {
    double cores = 0;
    for (const WorkloadPart& part : parts) cores += part.demand.totals().MeanOf(hour);
    if (cores > 0) hours.push_back(cores);
  }
  WorkloadLoad load;
  load.hourly_mean = hours;
  if (!hours.empty()) load.busiest = *std::ranges::max_element(hours);
  for (const WorkloadPart& part : parts) {
    load.p99_per_pod += part.demand.cpu_demand().Percentile(kCpuBuckets, 0.99);
    load.request_per_pod += part.request;
  }
  return AdviseReplicas(load, hpa);
}

}  // namespace outrider
