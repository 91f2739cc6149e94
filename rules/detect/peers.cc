// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/peers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rules/detect/robust_stats.h"

namespace outrider {
namespace {

constexpr double kDefaultThreshold = 4;

}  // namespace

PeerBand JudgePeers(std::span<const double> values, const DetectorOptions& options) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (values.size() < kFewestPeers) {
    return {kUnknown, kUnknown, kUnknown, kUnknown, std::vector<double>(values.size(), kUnknown)};
  }
  PeerBand band;
  std::vector<double> ordered(values.begin(), values.end());
  band.expected = MedianInPlace(ordered);
  std::vector<double> distances;
  distances.reserve(values.size());
  double sum = 0;
  for (const double value : values) {
    distances.push_back(std::fabs(value - band.expected));
    sum += distances.back();
  }
  ordered = distances;
  const double mad = MedianInPlace(ordered);
  // The odd one itself must not widen the band of a group that otherwise agrees.
  const double mean =
      (sum - *std::ranges::max_element(distances)) / static_cast<double>(distances.size() - 1);
  const double usual = mad > 0 ? kSigmaOfMedianDistance * mad : kSigmaOfMeanDistance * mean;
  band.scale = std::max(
      {usual, options.min_deviation, options.min_relative_deviation * std::fabs(band.expected)});
  const double half = options.threshold.value_or(kDefaultThreshold) * band.scale;
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
