// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/peers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "rules/detect/robust_stats.h"

namespace outrider {
namespace {

double FewFactor(size_t members) {
  constexpr std::array<double, 10> kFew = {1,     1,     1,     1.495, 1.363,
                                           1.206, 1.200, 1.140, 1.129, 1.107};
  if (members < kFew.size()) return kFew[members];
  const auto n = static_cast<double>(members);
  return n / (n - 0.8);
}

}  // namespace

PeerGroup MeasurePeers(std::span<const double> values) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (values.size() < kFewestPeers) return {kUnknown, kUnknown};
  PeerGroup group;
  std::vector<double> ordered(values.begin(), values.end());
  group.expected = MedianInPlace(ordered);
  std::vector<double> distances;
  distances.reserve(values.size());
  double sum = 0;
  for (const double value : values) {
    distances.push_back(std::fabs(value - group.expected));
    sum += distances.back();
  }
  ordered = distances;
  const double mad = MedianInPlace(ordered);
  // The odd one itself must not widen the band of a group that otherwise agrees.
  const double mean =
      (sum - *std::ranges::max_element(distances)) / static_cast<double>(distances.size() - 1);
  group.usual = mad > 0 ? kSigmaOfMedianDistance * FewFactor(values.size()) * mad
                        : kSigmaOfMeanDistance * mean;
  return group;
}

}  // namespace outrider
