// SPDX-License-Identifier: Apache-2.0
// The rule group that makes alerts of budgets and cost anomalies: rules as anybody could write them
// over the outrider_cost_… series.
#pragma once

#include <string_view>

#include "rules/cost/cost_settings.h"
#include "rules/promql/engine.h"
#include "rules/rulefile/rule_file.h"

namespace outrider {

inline constexpr std::string_view kCostAlertFile = "builtin/cost";
inline constexpr std::string_view kCostAlertGroup = "outrider_cost";

// Whether there is anything to alert on.
bool WantsCostAlerts(const CostSettings& options);
// CostBudgetThreshold: one rule a threshold, of which only the highest that is reached fires
// (severity warning, from the whole amount on critical); CostBudgetForecast: the month will cost
// more than the amount; CostAnomaly: a namespace's day was unlike its past.
RuleFile MakeCostAlerts(const CostSettings& options, const promql::ParseOptions& promql);

}  // namespace outrider
