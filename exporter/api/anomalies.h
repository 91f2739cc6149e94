// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/anomalies: what is unusual now, and for each: what was expected and why, how rare it
// is, since when, what else moved with it, and its picture.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "exporter/api/query_gate.h"
#include "exporter/http/server.h"
#include "rules/analytics/anomaly_view.h"
#include "rules/analytics/companions.h"
#include "storage/base/clock.h"

namespace outrider {

// Functions are called from several threads at once.
struct AnomaliesApiDeps {
  // Those with the highest state scores first.
  std::function<std::vector<AnomalyView>(const AnomalyQuery& query)> list;
  std::function<std::optional<AnomalyView>(std::string_view id)> find;
  // What the entry's expression gave for this series over a closed range, about every `step`.
  std::function<StatusOr<std::vector<Sample>>(const AnomalyView& view, Timestamp from, Timestamp to,
                                              DurationMs step)>
      values;
  const Querier& windows;
  const WorkloadNames* workloads = nullptr;
  QueryGate& gate;  // reading an hour of neighbours is a query
  DurationMs timeout = 2 * kMinute;
};

void RegisterAnomaliesApi(Router& router, const AnomaliesApiDeps& deps);

}  // namespace outrider
