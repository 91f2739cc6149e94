// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/usage_points.h"

#include <algorithm>
#include <cmath>

namespace outrider {

std::vector<Sample> CounterRates(std::span<const Timestamp> times, std::span<const double> values) {
  std::vector<Sample> rates;
  for (size_t i = 1; i < times.size(); ++i) {
    if (!std::isfinite(values[i]) || !std::isfinite(values[i - 1])) continue;
    const double seconds = static_cast<double>(times[i] - times[i - 1]) / kSecond;
    const bool reset = values[i] < values[i - 1];
    const double increase = reset ? values[i] : values[i] - values[i - 1];
    rates.push_back({times[i], increase / seconds});
  }
  return rates;
}

std::vector<Sample> GaugePoints(std::span<const Timestamp> times, std::span<const double> values) {
  std::vector<Sample> points;
  for (size_t i = 0; i < times.size(); ++i) {
    if (std::isfinite(values[i])) points.push_back({times[i], values[i]});
  }
  return points;
}

double MeanOf(std::span<const Sample> points) {
  double sum = 0;
  for (const Sample& point : points) sum += point.value;
  return points.empty() ? 0 : sum / static_cast<double>(points.size());
}

std::vector<Sample> MergeDuplicates(std::vector<Sample> a, std::vector<Sample> b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  if (MeanOf(b) > MeanOf(a)) std::swap(a, b);
  std::vector<Sample> merged;
  for (const Sample& point : b) {
    if (point.time < a.front().time) merged.push_back(point);
  }
  merged.insert(merged.end(), a.begin(), a.end());
  for (const Sample& point : b) {
    if (point.time > a.back().time) merged.push_back(point);
  }
  return merged;
}

}  // namespace outrider
