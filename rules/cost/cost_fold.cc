// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_fold.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace outrider {
namespace {

using Group = std::pair<std::string, std::string>;  // cluster, namespace

// `folded` makes the key of the sum that a cell goes to; null: the cell stays.
template <typename Folded>
void Fold(const std::set<CostKey>& running, CostCells* cells, Folded folded) {
  std::map<Group, std::vector<CostCells::iterator>> ended;
  for (auto cell = cells->begin(); cell != cells->end(); ++cell) {
    const CostKey& key = cell->first;
    if (folded(key) && !running.contains(key)) {
      ended[{key.cluster, key.namespace_name}].push_back(cell);
    }
  }
  for (auto& [group, candidates] : ended) {
    if (candidates.size() <= kKeptEnded) continue;
    std::ranges::stable_sort(candidates, [](const auto& a, const auto& b) {
      return a->second.Total() > b->second.Total();
    });
    for (size_t i = kKeptEnded; i < candidates.size(); ++i) {
      (*cells)[*folded(candidates[i]->first)].Add(candidates[i]->second);
      cells->erase(candidates[i]);
    }
  }
}

}  // namespace

void FoldEndedWorkloads(const std::set<CostKey>& running, CostCells* cells) {
  Fold(running, cells, [](const CostKey& key) -> std::optional<CostKey> {
    if (key.workload.empty() || key.workload.starts_with("__")) return std::nullopt;
    CostKey sum = key;
    sum.workload = kOthersName;
    sum.container.clear();
    return sum;
  });
}

void FoldEndedNodes(const std::set<CostKey>& running, CostCells* cells) {
  Fold(running, cells, [](const CostKey& key) -> std::optional<CostKey> {
    if (key.node.empty() || key.node == kOthersName) return std::nullopt;
    CostKey sum = key;
    sum.node = kOthersName;
    return sum;
  });
}

}  // namespace outrider
