// SPDX-License-Identifier: Apache-2.0
// From raw series to points of usage. Pure helpers shared by containers and hosts.
#pragma once

#include <span>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/sample.h"

namespace outrider {

// Cores used, one point per pair of neighbouring samples of a counter of seconds, at the later
// one's time: increase / time between. A counter that fell began at 0 again. Stale markers and NaN
// end a pair. No scrape interval is assumed.
std::vector<Sample> CounterRates(std::span<const Timestamp> times, std::span<const double> values);
// The plain values, without stale markers and what is not finite.
std::vector<Sample> GaugePoints(std::span<const Timestamp> times, std::span<const double> values);

double MeanOf(std::span<const Sample> points);  // 0 when empty
// Two series of the same thing (two endpoints, or a restarted container): the one with the larger
// mean, and the other's points before and after it.
std::vector<Sample> MergeDuplicates(std::vector<Sample> a, std::vector<Sample> b);

}  // namespace outrider
