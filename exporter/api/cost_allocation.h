// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/cost/…: allocation in OpenCost's parameters and JSON, budgets, anomalies, savings.
#pragma once

#include <functional>
#include <vector>

#include "exporter/http/server.h"
#include "rules/cost/cost_engine.h"
#include "storage/base/clock.h"

namespace outrider {

// Called from several threads at once.
struct CostAllocationApiDeps {
  std::function<StatusOr<std::vector<AllocationSet>>(const AllocationQuery&)> allocation;
  std::function<CostSettings()> options;
  std::function<std::vector<BudgetStatus>()> budgets;
  std::function<std::vector<CostAnomaly>()> anomalies;
  std::function<std::vector<RealisedSavings>()> savings;
  std::function<std::vector<Recommendation>()> recommendations;
  std::function<Currency()> currency;
  const Clock& clock;
};

void RegisterCostAllocationApi(Router& router, const CostAllocationApiDeps& deps);

}  // namespace outrider
