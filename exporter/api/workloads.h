// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/workloads: health and findings of workloads, over rules/workloads.
#pragma once

#include <functional>
#include <vector>

#include "exporter/http/server.h"
#include "rules/capacity/recommendation.h"
#include "rules/workloads/workload_finding.h"

namespace outrider {

// Called from several threads at once. Both sorted by workload.
struct WorkloadsApiDeps {
  std::function<std::vector<WorkloadCost>()> costs;  // has the health scores
  std::function<std::vector<WorkloadFinding>()> findings;
};

void RegisterWorkloadsApi(Router& router, const WorkloadsApiDeps& deps);

}  // namespace outrider
