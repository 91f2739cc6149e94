// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/peers.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace outrider {
void PeerVerdicts(std::span<const double> values, const DetectorOptions& options,
                  std::span<Verdict> out) {
  std::ranges::fill(out, Verdict());
  if (values.size() < 3) return;
  std::vector<double> sorted(values.begin(), values.end());
  const auto median = [&] {
    std::ranges::sort(sorted);
    const size_t n = sorted.size();
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  };
  const double center = median();
  for (double& v : sorted) v = std::fabs(v - center);
  const double scale = std::max({1.4826 * median(), options.min_deviation,
                                 options.min_relative_deviation * std::fabs(center)});
  const double half = options.threshold.value_or(4) * scale;
  for (size_t i = 0; i < values.size(); ++i) {
    const double distance = values[i] - center;
    const bool left_out = (options.direction == AnomalyDirection::kAbove && distance < 0) ||
                          (options.direction == AnomalyDirection::kBelow && distance > 0);
    out[i].state = left_out ? 0 : std::fabs(distance) / half;
    out[i].onset = out[i].state;
    out[i].expected = center;
    out[i].lower = center - half;
    out[i].upper = center + half;
  }
}
}  // namespace outrider
