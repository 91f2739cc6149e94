// SPDX-License-Identifier: Apache-2.0
// How a budget stands. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rules/cost/cost_history.h"
#include "rules/cost/cost_settings.h"
#include "rules/cost/month_forecast.h"

namespace outrider {

struct BudgetStatus {
  CostBudget budget;
  Timestamp month = 0;  // its begin
  double spent = 0;     // dollars
  MonthForecast forecast;
  double threshold = 0;  // the highest that is reached; 0: none
  double SpentRatio() const { return spent / budget.amount; }
  double ForecastRatio() const { return forecast.expected / budget.amount; }
};

struct OpenCosts {
  GroupCosts month;
  GroupCosts today;
  DurationMs watched_today = 0;
};

BudgetStatus JudgeBudget(const CostBudget& budget, const CostHistory& history,
                         const OpenCosts& open, Timestamp now);

// Of one namespace: yesterday against the days before.
struct CostAnomaly {
  std::string cluster;
  std::string namespace_name;
  Timestamp day = 0;
  double cost = 0;      // of that day, dollars
  double expected = 0;  // NaN: cannot be said yet
  double lower = 0;
  double upper = 0;
  double score = 0;  // 1: the edge of what counts; NaN: cannot be said yet
};

// A detector of rules/detect over the days of each namespace, run anew each time: it depends on
// nothing but the days. Namespaces without a cost yesterday are left out, and all when too little
// of yesterday (UTC, as seen from `now`) was watched.
StatusOr<std::vector<CostAnomaly>> FindCostAnomalies(const CostHistory& history, Timestamp now);

}  // namespace outrider
