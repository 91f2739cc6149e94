// SPDX-License-Identifier: Apache-2.0
// Medians and what makes robust deviations of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>

namespace outrider {

// From the median and the mean distance of a normal distribution to its standard deviation.
inline constexpr double kSigmaOfMedianDistance = 1.4826;
inline constexpr double kSigmaOfMeanDistance = 1.2533;

// Puts the values into another order. Of an even number the mean of the middle two. At least one.
inline double MedianInPlace(std::span<double> values) {
  const size_t middle = values.size() / 2;
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(middle));
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  return std::midpoint(*std::ranges::max_element(values.first(middle)), upper);
}

}  // namespace outrider
