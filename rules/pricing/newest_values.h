// SPDX-License-Identifier: Apache-2.0
// The newest value of each series of a metric, for gauges that say how things are now.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "storage/base/status.h"
#include "storage/window/querier.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// Calls `take` for each series with a sample in the five minutes before `now` that does not end in
// a stale marker.
Status ForNewest(const Querier& querier, std::string_view metric, Timestamp now,
                 const std::function<void(const SeriesLabels&, double)>& take);
// What the windows must keep of these metrics.
std::vector<SeriesReference> ReachOf(std::span<const std::string_view> metrics);

}  // namespace outrider
