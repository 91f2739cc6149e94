// SPDX-License-Identifier: Apache-2.0
// GET /outrider/v1/cost/what-if: what the same would cost elsewhere.
// GET /outrider/v1/cost/prices: what things cost and where each price is from.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "exporter/http/server.h"
#include "rules/capacity/recommendation.h"
#include "rules/pricing/pricing_engine.h"
#include "storage/base/clock.h"
#include "storage/window/querier.h"

namespace outrider {

// Called from several threads at once.
struct CostWhatIfDeps {
  std::function<std::shared_ptr<const PricedNodes>()> book;
  std::function<std::vector<Recommendation>()> recommendations;
  const Querier& windows;
  const Clock& clock;
};

void RegisterCostWhatIfApi(Router& router, const CostWhatIfDeps& deps);

}  // namespace outrider
