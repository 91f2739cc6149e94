// SPDX-License-Identifier: Apache-2.0
// Series laid on one grid of times, so that they can be compared point by point. NaN: nothing
// there.
#pragma once

#include <span>
#include <vector>

#include "storage/base/clock.h"

namespace outrider {

struct Grid {
  Timestamp from = 0;
  DurationMs step = kMinute;
  size_t points = 0;
};

// At each point the newest finite sample at or before it, not older than `staleness`.
std::vector<double> OnGrid(const Grid& grid, std::span<const Timestamp> times,
                           std::span<const double> values, DurationMs staleness);
// Change per second over the last `over` steps (at least 1); NaN at the first points, and where a
// counter was reset meanwhile.
std::vector<double> RatesOnGrid(const Grid& grid, std::span<const double> points, size_t over);

struct Similarity {
  double correlation = 0;  // 0 where it cannot be said
  int lag = 0;             // points by which `b` follows `a`
};
// Pearson's correlation at the lag of at most `max_lag` points where it is strongest; at least
// `min_points` common points.
Similarity StrongestCorrelation(std::span<const double> a, std::span<const double> b, int max_lag,
                                size_t min_points);

// Median and robust standard deviation (1.4826 MAD) of the finite values; NaN without any.
struct Centre {
  double median = 0;
  double deviation = 0;
};
Centre RobustCentre(std::span<const double> values);

}  // namespace outrider
