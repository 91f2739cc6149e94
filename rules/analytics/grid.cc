// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rules/detect/robust_stats.h"

namespace outrider {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Over pairs (a[i], b[i + lag]) of finite values.
double Pearson(std::span<const double> a, std::span<const double> b, int lag, size_t min_points) {
  const auto begin = static_cast<size_t>(std::max(0, -lag));
  double n = 0, mean_a = 0, mean_b = 0, m_aa = 0, m_bb = 0, m_ab = 0;
  for (size_t i = begin; i < a.size(); ++i) {
    const size_t j = i + static_cast<size_t>(lag);  // wraps back for negative lags
    if (j >= b.size()) break;
    if (!std::isfinite(a[i]) || !std::isfinite(b[j])) continue;
    n += 1;
    const double da = a[i] - mean_a;
    const double db = b[j] - mean_b;
    mean_a += da / n;
    mean_b += db / n;
    m_aa += da * (a[i] - mean_a);
    m_bb += db * (b[j] - mean_b);
    m_ab += da * (b[j] - mean_b);
  }
  if (n < static_cast<double>(min_points) || !(m_aa > 0) || !(m_bb > 0)) return 0;
  return m_ab / std::sqrt(m_aa * m_bb);
}

}  // namespace

std::vector<double> OnGrid(const Grid& grid, std::span<const Timestamp> times,
                           std::span<const double> values, DurationMs staleness) {
  std::vector<double> out(grid.points, kNone);
  size_t next = 0;
  for (size_t i = 0; i < grid.points; ++i) {
    const Timestamp at = grid.from + static_cast<Timestamp>(i) * grid.step;
    while (next < times.size() && times[next] <= at) ++next;
    if (next == 0 || at - times[next - 1] > staleness) continue;
    if (std::isfinite(values[next - 1])) out[i] = values[next - 1];
  }
  return out;
}

std::vector<double> RatesOnGrid(const Grid& grid, std::span<const double> points, size_t over) {
  std::vector<double> out(points.size(), kNone);
  const double seconds = static_cast<double>(grid.step) / kSecond * static_cast<double>(over);
  size_t rising = 0;  // steps in a row that do not fall
  for (size_t i = 1; i < points.size(); ++i) {
    rising = points[i] >= points[i - 1] ? rising + 1 : 0;
    if (rising >= over) out[i] = (points[i] - points[i - over]) / seconds;
  }
  return out;
}

Similarity StrongestCorrelation(std::span<const double> a, std::span<const double> b, int max_lag,
                                size_t min_points) {
  Similarity best;
  for (int distance = 0; distance <= max_lag; ++distance) {
    for (const int lag : {distance, -distance}) {
      const double correlation = Pearson(a, b, lag, min_points);
      if (std::fabs(correlation) > std::fabs(best.correlation)) best = {correlation, lag};
    }
  }
  return best;
}

Centre RobustCentre(std::span<const double> values) {
  std::vector<double> finite;
  finite.reserve(values.size());
  std::ranges::copy_if(values, std::back_inserter(finite),
                       [](double v) { return std::isfinite(v); });
  if (finite.empty()) return {kNone, kNone};
  Centre centre;
  centre.median = MedianInPlace(finite);
  for (double& v : finite) v = std::fabs(v - centre.median);
  centre.deviation = kSigmaOfMedianDistance * MedianInPlace(finite);
  return centre;
}

}  // namespace outrider
