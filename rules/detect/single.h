// SPDX-License-Identifier: Apache-2.0
// Doubles that are kept as floats: what is beyond a float's range becomes its largest value, so
// that nothing turns infinite.
#pragma once

#include <algorithm>
#include <limits>

namespace outrider {

inline float Single(double value) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kLargest, kLargest));
}

inline void Move(float& value, double by) { value = Single(static_cast<double>(value) + by); }

}  // namespace outrider
