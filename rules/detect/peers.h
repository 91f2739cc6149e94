// SPDX-License-Identifier: Apache-2.0
// Which of several like series is the odd one out at one instant: distance from the median of the
// group, in robust standard deviations of the group.
#pragma once

#include <span>
#include <vector>

#include "rules/detect/detector_options.h"

namespace outrider {

struct PeerBand {
  double expected = 0;  // median of the group
  double lower = 0;     // values that score 1
  double upper = 0;
  double scale = 0;            // usual distance from the median, floors included
  std::vector<double> scores;  // per value, in the order given; 1 is the edge
};

// With fewer members nobody can be said to be the odd one.
inline constexpr size_t kFewestPeers = 3;

// scale = max(1.4826 * MAD, min_deviation, min_relative_deviation * |median|); where MAD is
// 0, 1.2533 * the mean distance of all but the farthest takes the place of 1.4826 * MAD. The edge
// lies at `threshold` deviations, 4 unless given. Values are finite. With fewer than kFewestPeers
// values all scores and the band are NaN.
PeerBand JudgePeers(std::span<const double> values, const DetectorOptions& options);

}  // namespace outrider
