// SPDX-License-Identifier: Apache-2.0
// Trends by ranks and medians: what a few wild samples do not move.
#pragma once

#include <span>
#include <vector>

#include "rules/analytics/ring_tiers.h"

namespace outrider {

// The blocks of a window as points of like weight: the samples where all are single ones, else the
// blocks joined to about the width of the widest. At most kMostPoints, oldest first. A point is
// the mean of its samples (mean_t, mean_v).
inline constexpr size_t kMostPoints = 64;
std::vector<Moments> EvenPoints(std::span<const Block> blocks);
// The same with the blocks' centres for their means where samples are merged.
std::vector<Moments> RobustPoints(std::span<const Block> blocks);

// Theil-Sen: the median of the slopes of all pairs, units per second; NaN with fewer than two
// points. Up to 29 % wild points do not move it far.
double TheilSenSlope(std::span<const Moments> points);

// Mann-Kendall: the chance (two-sided) that points without any trend would be at least so ordered;
// 1 when all are equal, NaN with fewer than four points. Normal approximation with continuity
// correction; ties reduce the variance; autocorrelation widens it by Hamed and Rao's factor
// (1998) over the ranks that are left when the Theil-Sen slope is taken out, significant lags
// only, never below 1.
double MannKendallP(std::span<const Moments> points);

}  // namespace outrider
