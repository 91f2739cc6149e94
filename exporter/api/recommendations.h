// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/recommendations, over rules/capacity: filters, pages, and the formats of
// exporter/advice.
#pragma once

#include <functional>
#include <vector>

#include "exporter/http/server.h"
#include "rules/capacity/recommendation.h"
#include "rules/pricing/price.h"

namespace outrider {

// Called from several threads at once; functions, because a reload replaces the engine behind them.
struct RecommendationsApiDeps {
  std::function<std::vector<Recommendation>()> recommendations;
  std::function<std::vector<WorkloadCost>()> costs;  // for what is spent now
  std::function<Currency()> currency;                // people are shown money in
};

void RegisterRecommendationsApi(Router& router, const RecommendationsApiDeps& deps);

}  // namespace outrider
