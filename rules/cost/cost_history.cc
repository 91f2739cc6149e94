// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_history.h"

#include <algorithm>

namespace outrider {

GroupCosts SumGroups(const CostCells& cells) {
  GroupCosts groups;
  for (const auto& [key, amounts] : cells) {
    GroupCost& group = groups[{key.cluster, key.namespace_name, key.team}];
    group.cost += amounts.Total();
    group.idle_share += amounts.IdleShares();
  }
  return groups;
}

bool Covers(const CostBudget& budget, const CostGroup& group) {
  if (!budget.cluster.empty() && budget.cluster != group.cluster) return false;
  if (!budget.team.empty() && budget.team != group.team) return false;
  // A budget of everything has idle as its own part; with include_idle that would count twice.
  if (budget.include_idle && group.namespace_name == kIdleName) return false;
  return budget.namespaces.empty() ||
         std::ranges::find(budget.namespaces, group.namespace_name) != budget.namespaces.end();
}

NanoUnits SumOf(const CostBudget& budget, const GroupCosts& groups) {
  NanoUnits sum = 0;
  for (const auto& [group, cost] : groups) {
    if (Covers(budget, group)) sum += cost.cost + (budget.include_idle ? cost.idle_share : 0);
  }
  return sum;
}

StatusOr<bool> CostHistory::Update(const CostLedger& ledger, Timestamp now) {
  const Timestamp today = SpanOf(CostTier::kDays, now).begin;
  if (next_ == INT64_MIN || next_ < today - kDays * kDay) next_ = today - kDays * kDay;
  bool changed = false;
  for (; next_ < today; next_ += kDay) {
    const CostRead read =
        TRY(ledger.Read(next_, next_ + kDay, CostGrain::kWorkloads, std::max(now, next_ + kDay)));
    changed = true;
    if (read.watched >= kLeastWatched) days_[next_] = {read.watched, SumGroups(read.cells)};
  }
  while (!days_.empty() && days_.begin()->first < today - kDays * kDay) days_.erase(days_.begin());
  return changed;
}

}  // namespace outrider
