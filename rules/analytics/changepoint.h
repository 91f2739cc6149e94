// SPDX-License-Identifier: Apache-2.0
// Steps in a series: where its level changed from one sample to the next.
//
// Model: a line with one step, v = a + b t + shift [t >= time], through the block means. A step may
// lie between two samples, or within any bucket: that one's mean lies between the levels, so it is
// left out, and says afterwards where in it the step was. The place whose step explains most of
// what is left per degree of freedom counts if that is far more than the means vary from block to
// block (so a ramp is no step, and slow noise inflates what is left). Then the part after it is
// searched again (binary segmentation towards the present), so that the last step is found.
#pragma once

#include <optional>
#include <span>

#include "rules/analytics/ring_tiers.h"

namespace outrider {

struct Changepoint {
  Timestamp time = 0;  // of the first sample after the step, or about when within a bucket
  double shift = 0;    // units of the series
  size_t block = 0;    // of the blocks given: the first that lies wholly after the step
};

// The ratio of what a step explains to what is left per degree of freedom; more is asked of few
// blocks (125 of ten). White noise passes in fewer than one of a thousand windows (tested).
inline constexpr double kStepSignificance = 25;

// The last step; nothing where there is none. At least eight blocks are needed, and five samples
// in two blocks on either side of a step.
std::optional<Changepoint> LastChangepoint(std::span<const Block> blocks);

}  // namespace outrider
