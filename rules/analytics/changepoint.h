// SPDX-License-Identifier: Apache-2.0
// Steps in a series: where its level changed from one sample to the next.
//
// Model: a line with one step, v = a + b t + shift [t >= time]. For every boundary between two
// blocks the step's least-squares size is computed at once from sums of the line's residuals; the
// best boundary counts if it explains far more than what is left varies from block to block (so a
// ramp is no step, and slow noise inflates what is left). Then the part after it is searched again
// (binary segmentation towards the present), so that the last step is found.
#pragma once

#include <optional>
#include <span>

#include "rules/analytics/ring_tiers.h"

namespace outrider {

struct Changepoint {
  Timestamp time = 0;  // the first block after the step begins here
  double shift = 0;    // units of the series
  size_t block = 0;    // of the blocks given: the first after the step
};

// The ratio of what a step explains to what is left per degree of freedom. White noise of 30 to 80
// blocks passes it in fewer than one of a thousand windows (tested).
inline constexpr double kStepSignificance = 25;

// The last step; nothing where there is none. At least twelve blocks are needed, and
// five on either side of a step.
std::optional<Changepoint> LastChangepoint(std::span<const Block> blocks);

}  // namespace outrider
