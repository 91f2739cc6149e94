// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/peers.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outrider {
namespace {

constexpr double kDefaultThreshold = 4;
constexpr double kOfMedian = 1.4826;
constexpr double kOfMean = 1.2533;

double MedianOf(std::vector<double> values) {
  const size_t middle = values.size() / 2;
  std::ranges::nth_element(values, values.begin() + static_cast<ptrdiff_t>(middle));
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  const double lower =
      *std::max_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(middle));
  return lower / 2 + upper / 2;
}

}  // namespace

PeerBand JudgePeers(std::span<const double> values, const DetectorOptions& options) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (values.size() < kFewestPeers) {
    return {kUnknown, kUnknown, kUnknown, std::vector<double>(values.size(), kUnknown)};
  }
  PeerBand band;
  band.expected = MedianOf({values.begin(), values.end()});
  std::vector<double> distances;
  distances.reserve(values.size());
  double sum = 0;
  for (const double value : values) {
    distances.push_back(std::fabs(value - band.expected));
    sum += distances.back();
  }
  const double mad = MedianOf(distances);
  // The odd one itself must not widen the band of a group that otherwise agrees.
  const double mean =
      (sum - *std::ranges::max_element(distances)) / static_cast<double>(distances.size() - 1);
  const double usual = mad > 0 ? kOfMedian * mad : kOfMean * mean;
  const double scale = std::max(
      {usual, options.min_deviation, options.min_relative_deviation * std::fabs(band.expected)});
  const double half = options.threshold.value_or(kDefaultThreshold) * scale;
  band.lower = band.expected - half;
  band.upper = band.expected + half;
  band.scores.reserve(values.size());
  for (const double value : values) {
    const bool left_out =
        (options.direction == AnomalyDirection::kAbove && value < band.expected) ||
        (options.direction == AnomalyDirection::kBelow && value > band.expected);
    band.scores.push_back(left_out ? 0 : std::fabs(value - band.expected) / half);
  }
  return band;
}

}  // namespace outrider
