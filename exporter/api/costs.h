// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/costs, over rules/capacity.
#pragma once

#include <functional>
#include <vector>

#include "exporter/http/server.h"
#include "rules/capacity/recommendation.h"
#include "rules/pricing/price.h"
#include "rules/pricing/price_book.h"

namespace outrider {

// Called from several threads at once; functions, because a reload replaces the engine behind them.
struct CostsApiDeps {
  std::function<std::vector<WorkloadCost>()> costs;
  std::function<Price()> price;
  std::function<Currency()> currency;  // people are shown money in
};

void RegisterCostsApi(Router& router, const CostsApiDeps& deps);

}  // namespace outrider
