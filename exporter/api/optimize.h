// SPDX-License-Identifier: Apache-2.0
// KubeOpt's optimisation runs and insights, /api/v1/optimize/… and /api/v1/insights/…, over the
// recommendations, prices and findings there are. Source: specs/source_systems.md §1.6 and 1.9.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "exporter/http/server.h"
#include "rules/cost/optimize_runs.h"
#include "rules/pricing/price_book.h"
#include "rules/workloads/workload_finding.h"
#include "storage/base/clock.h"

namespace outrider {

// Functions are called from several threads at once.
struct OptimizeApiDeps {
  OptimizeRuns& runs;  // outlives the router
  std::function<std::vector<Recommendation>()> recommendations;
  std::function<std::vector<WorkloadFinding>()> findings;
  std::function<std::vector<WorkloadCost>()> costs;  // has the health scores
  std::function<std::shared_ptr<const PriceBook>()> book;
  const Clock& clock;
};

void RegisterOptimizeApi(Router& router, const OptimizeApiDeps& deps);
void RegisterInsightsApi(Router& router, const OptimizeApiDeps& deps);

}  // namespace outrider
