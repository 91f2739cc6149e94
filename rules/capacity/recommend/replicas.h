// SPDX-License-Identifier: Apache-2.0
// How many replicas a workload needs and how its horizontal autoscaler should be set. Pure.
// Source: Crane's replica and HPA recommenders, specs/cost_and_rightsizing.md §1.5; why a request
// must not follow the use of a workload that scales on it: §1.8.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace outrider {

class ContainerDemand;

// A HorizontalPodAutoscaler as kube-state-metrics shows it.
struct HpaState {
  std::string name;
  uint64_t min_replicas = 1;
  uint64_t max_replicas = 1;
  uint64_t current_replicas = 0;
  // Utilisation targets as shares of the request (0.7 for 70 %); absent: it does not scale on that.
  std::optional<double> cpu_target = {};
  std::optional<double> memory_target = {};
  bool other_metrics = false;  // scales on something else too
};

// A workload's CPU by hour of day, cores over all replicas and containers.
struct WorkloadLoad {
  std::span<const double> hourly_mean;  // up to 24; hours without data are left out
  double busiest = 0;                   // of the whole workload: its busiest hour
  double p99_per_pod = 0;               // of one pod
  double request_per_pod = 0;           // cores, as it should be; 0: none
};

struct ReplicaAdvice {
  uint64_t replicas = 0;  // without an autoscaler: busiest hour / (request * 0.5), at least 1
  // With one, or when use swings by half and more (largest hour / smallest >= 1.5, use >= 1 core).
  struct Hpa {
    double target = 0;  // share of the request, 0.30 to 0.75
    uint64_t min_replicas = 0;
    uint64_t max_replicas = 0;
  };
  std::optional<Hpa> hpa;
  std::string reason;  // in words
};

// Nothing without a request or without use. `hpa` may be null; the bounds of one that scales on
// something else too are never lowered. Crane takes the 95th percentile of a
// week's samples and the lowest hourly median; here are means by hour of the day (hour_totals.h).
std::optional<ReplicaAdvice> AdviseReplicas(const WorkloadLoad& load, const HpaState* hpa);

// The same from the containers of the workload.
struct WorkloadPart {
  const ContainerDemand& demand;
  double request = 0;  // cores of one replica, as it should be; 0: none
};
std::optional<ReplicaAdvice> AdviseReplicas(std::span<const WorkloadPart> parts,
                                            const HpaState* hpa);

// One replica of a container as it is now.
struct ReplicaUse {
  std::string pod;
  std::string node;  // empty: not known
  double cpu_p95 = 0;
  double memory_peak = 0;
};
// A replica, or all replicas of a node, far from the median of all: twice it or half of it, and by
// 0.05 cores or 32 MiB at least. From three replicas on; of nodes, from three nodes on.
struct ReplicaOutlier {
  std::string pod;  // empty: the node as a whole
  std::string node;
  bool memory = false;  // else CPU
  double use = 0;       // cores or bytes
  double median = 0;    // of all replicas
};
// The furthest first, at most `limit`.
std::vector<ReplicaOutlier> FindOutliers(std::span<const ReplicaUse> replicas, size_t limit = 5);

}  // namespace outrider
