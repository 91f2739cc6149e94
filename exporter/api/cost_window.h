// SPDX-License-Identifier: Apache-2.0
// The parameter `window` of OpenCost's API. Pure. Source: specs/cost_and_rightsizing.md §2.5.
#pragma once

#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/window/querier.h"

namespace outrider {

// today, yesterday, week, lastweek (from Sunday on), month, lastmonth; 45m, 24h: up to now; 7d, 3w:
// whole days (UTC), today is the last; each of these with ` offset 1d`; two times as RFC 3339 or
// Unix seconds with a comma between. The end is not part of it.
StatusOr<TimeRange> ParseCostWindow(std::string_view text, Timestamp now);

}  // namespace outrider
