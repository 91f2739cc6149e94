// SPDX-License-Identifier: Apache-2.0
// Replicas that are unlike the others: a leader, a hot shard, a noisy node.
#include <algorithm>
#include <cmath>
#include <map>

#include "rules/capacity/recommend/replicas.h"

namespace outrider {
namespace {

constexpr double kFactor = 2;
constexpr double kLeastCores = 0.05;
constexpr double kLeastBytes = 32.0 * 1024 * 1024;
constexpr size_t kLeastCount = 3;

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

bool IsFar(double use, double median, bool memory) {
  if (std::abs(use - median) < (memory ? kLeastBytes : kLeastCores)) return false;
  return use >= median * kFactor || use * kFactor <= median;
}

// Things of one kind (replicas, nodes) with their use.
struct Named {
  std::string pod;
  std::string node;
  double use = 0;
};

void Add(const std::vector<Named>& things, bool memory, std::vector<ReplicaOutlier>* outliers) {
  if (things.size() < kLeastCount) return;
  std::vector<double> uses;
  uses.reserve(things.size());
  for (const Named& thing : things) uses.push_back(thing.use);
  const double median = Median(std::move(uses));
  for (const Named& thing : things) {
    if (!IsFar(thing.use, median, memory)) continue;
    outliers->push_back({thing.pod, thing.node, memory, thing.use, median});
  }
}

double Distance(const ReplicaOutlier& outlier) {
  const double least = outlier.memory ? kLeastBytes : kLeastCores;
  return std::abs(std::log((outlier.use + least) / (outlier.median + least)));
}

}  // namespace

std::vector<ReplicaOutlier> FindOutliers(std::span<const ReplicaUse> replicas, size_t limit) {
  std::vector<ReplicaOutlier> outliers;
  for (const bool memory : {false, true}) {
    std::vector<Named> pods;
    std::map<std::string, std::vector<double>> by_node;
    for (const ReplicaUse& replica : replicas) {
      const double use = memory ? replica.memory_peak : replica.cpu_p95;
      pods.push_back({replica.pod, replica.node, use});
      if (!replica.node.empty()) by_node[replica.node].push_back(use);
    }
    Add(pods, memory, &outliers);
    // With one replica each, a node says no more than its replica.
    if (by_node.size() == pods.size()) continue;
    std::vector<Named> nodes;
    nodes.reserve(by_node.size());
    for (const auto& [node, uses] : by_node) nodes.push_back({"", node, Median(uses)});
    Add(nodes, memory, &outliers);
  }
  std::ranges::stable_sort(outliers, std::greater<>(), Distance);
  if (outliers.size() > limit) outliers.resize(limit);
  return outliers;
}

}  // namespace outrider
