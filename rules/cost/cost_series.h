// SPDX-License-Identifier: Apache-2.0
// The derived series of costs; names and labels: docs/cost.md "Metrics". Amounts are dollars,
// whatever the currency of answers is. Labels without a value are left out.
#pragma once

#include <vector>

#include "rules/analytics/derived_table.h"
#include "rules/cost/budget_status.h"
#include "rules/cost/cost_amounts.h"
#include "rules/cost/savings_tracker.h"

namespace outrider {

// `items`: of an hour, but for traffic, which is that of `traffic_time`.
void PublishRates(const std::vector<CostItem>& items, DurationMs traffic_time,
                  DerivedPublisher& publisher);
void PublishMonth(const GroupCosts& month, DerivedPublisher& publisher);
void PublishBudgets(const std::vector<BudgetStatus>& budgets, DerivedPublisher& publisher);
void PublishAnomalies(const std::vector<CostAnomaly>& anomalies, DerivedPublisher& publisher);
void PublishSavings(const std::vector<RealisedSavings>& savings, DerivedPublisher& publisher);

}  // namespace outrider
