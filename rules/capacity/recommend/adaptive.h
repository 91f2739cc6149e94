// SPDX-License-Identifier: Apache-2.0
// The policy `adaptive`, the default.
//
// CPU: of several ways to turn what was wanted into one number, the one that would have done best
// on the days before (day_profile.h), but not less than what half of the work fits in. Until a day
// and a half of trials are there: the load-weighted 95th percentile plus 10 %, the request within
// which 95 per cent of the work is done, not of the time. Wanted is the use; where the container
// was cut short at its limit, use / (1 - share of periods cut short); without the first minutes
// after a start. lower: median + 10 %; upper: 99th percentile + 50 %. No limit is advised. Where a
// request that changes with the time of day would have done better still, there is a schedule
// beside the number. A request that a horizontal autoscaler scales on is kept: changing it only
// changes the number of replicas.
//
// Memory: the peak of the last seven days plus 10 %, request and limit as one. Of file cache (the
// working set beyond what is resident, where that is known) a quarter counts. After a kill for
// memory at least the limit of then plus 25 %. For a Java machine at least its largest heap and
// what it holds beside the heap. Start-ups count: memory that lacks kills.
// Source: specs/cost_and_rightsizing.md §1.6-1.8, §7.3; figures in docs/performance.md.
#pragma once

#include "rules/capacity/recommend/policy.h"

namespace outrider {

PolicyAdvice CpuAdaptively(const PolicyInput& input);
PolicyAdvice MemoryAdaptively(const PolicyInput& input);

}  // namespace outrider
