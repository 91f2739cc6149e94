// SPDX-License-Identifier: Apache-2.0
// What a group of like series is like at one instant: its median and a robust deviation.
#pragma once

#include <cstddef>
#include <span>

#include "rules/detect/detector_options.h"

namespace outrider {

struct PeerGroup {
  double expected = 0;  // median of the group; NaN: too few
  double usual = 0;     // distance from it
};

// With fewer members nobody can be said to be the odd one.
inline constexpr size_t kFewestPeers = 3;

// usual = 1.4826 * MAD, times what it is too small by in groups of few (Croux and Rousseeuw, 1992);
// where MAD is 0, 1.2533 * the mean distance of all but the farthest. Values are finite.
PeerGroup MeasurePeers(std::span<const double> values);

}  // namespace outrider
