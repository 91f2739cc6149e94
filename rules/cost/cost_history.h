// SPDX-License-Identifier: Apache-2.0
// What each namespace and team cost on each of the last days: for forecasts and anomalies, which
// would else read the ledger's rows again and again.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <vector>

#include "rules/cost/cost_ledger.h"
#include "rules/cost/cost_settings.h"

namespace outrider {

struct CostGroup {
  std::string cluster;
  std::string namespace_name;  // also __idle__, __unmounted__, __overhead__
  std::string team;
  friend auto operator<=>(const CostGroup&, const CostGroup&) = default;
  friend bool operator==(const CostGroup&, const CostGroup&) = default;
};
struct GroupCost {
  NanoUnits cost = 0;
  NanoUnits idle_share = 0;
};
using GroupCosts = std::map<CostGroup, GroupCost>;

GroupCosts SumGroups(const CostCells& cells);
// Whether the budget is about the group.
bool Covers(const CostBudget& budget, const CostGroup& group);
NanoUnits SumOf(const CostBudget& budget, const GroupCosts& groups);

// Not thread-safe.
class CostHistory {
 public:
  static constexpr int kDays = 62;
  // A day counts when at least this much of it was watched; it is scaled to a whole one.
  static constexpr DurationMs kLeastWatched = 20 * kHour;

  struct Day {
    DurationMs watched = 0;
    GroupCosts groups;
    double Scale() const { return static_cast<double>(kDay) / static_cast<double>(watched); }
  };

  // Reads the days that are over and not here yet. True if there was one.
  StatusOr<bool> Update(const CostLedger& ledger, Timestamp now);
  // By day's begin; only days that were watched long enough.
  const std::map<Timestamp, Day>& days() const { return days_; }

 private:
  std::map<Timestamp, Day> days_;
  Timestamp next_ = INT64_MIN;  // the first day that is not here
};

}  // namespace outrider
