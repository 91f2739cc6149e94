// SPDX-License-Identifier: Apache-2.0
// KubeOpt's real-time API, /api/v1/realtime/…, over rules/workloads: its eight endpoints with their
// shapes. What is not known is null, never 0. Source: specs/source_systems.md §1.4.
#pragma once

#include <functional>
#include <vector>

#include "exporter/http/server.h"
#include "rules/analytics/workload_names.h"
#include "rules/capacity/recommendation.h"
#include "rules/workloads/workload_monitor.h"
#include "storage/base/clock.h"
#include "storage/window/querier.h"

namespace outrider {

// All outlive the router; functions are called from several threads at once.
struct RealtimeApiDeps {
  const Querier& querier;
  const WorkloadNames& names;
  WorkloadMonitor& monitor;
  const Clock& clock;
  std::function<std::vector<WorkloadCost>()> costs;  // has the health scores
  std::function<std::vector<WorkloadFinding>()> findings;
};

void RegisterRealtimeApi(Router& router, const RealtimeApiDeps& deps);

}  // namespace outrider
