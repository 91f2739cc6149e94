// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/trend.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outrider {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kMinSamples = 3;         // fewer have no standard error
constexpr double kStablePerHour = 0.01;   // of the level
constexpr double kSignificantErrors = 2;  // standard errors of the slope
constexpr size_t kOutputsPerWindow = 3;

constexpr DerivedMetric kSlope = {
    "outrider_trend_slope",
    "Slope of the least-squares line over the window, in units of the source per second."};
constexpr DerivedMetric kDirection = {
    "outrider_trend_direction",
    "Direction of the trend over the window: -1 falling, 0 steady or not significant, 1 rising."};
constexpr DerivedMetric kChangeRatio = {
    "outrider_trend_change_ratio",
    "Change along the trend line over the window as a share of the level of the series."};

}  // namespace

int TrendDirection(const WindowFit& fit) {
  const double slope = fit.line.Slope();
  if (slope == 0 || std::fabs(slope) < kSignificantErrors * fit.line.StandardError()) return 0;
  constexpr double kSecondsPerHour = 3600;
  if (std::fabs(slope) * kSecondsPerHour < kStablePerHour * fit.Level()) return 0;
  return slope > 0 ? 1 : -1;
}

double TrendChangeRatio(const WindowFit& fit) {
  const double level = fit.Level();
  return level > 0 ? fit.line.Slope() * (fit.last - fit.first) / level : 0;
}

void TrendDetector::Report(Timestamp now, std::span<double> out) const {
  for (size_t i = 0; i < windows_.size(); ++i) {
    const auto values = out.subspan(i * kOutputsPerWindow, kOutputsPerWindow);
    const WindowFit fit = ring_.Fit(windows_[i], now);
    if (fit.line.n < kMinSamples || !fit.line.HasSlope()) {
      std::ranges::fill(values, kNone);
      continue;
    }
    values[0] = fit.line.Slope();
    values[1] = TrendDirection(fit);
    values[2] = TrendChangeRatio(fit);
  }
}

std::vector<DerivedOutput> TrendDetector::Outputs(const Entry& entry) {
  std::vector<DerivedOutput> outputs;
  for (DurationMs window : entry.windows) {
    const std::string text = WindowText(window);
    outputs.push_back({&kSlope, text});
    outputs.push_back({&kDirection, text});
    outputs.push_back({&kChangeRatio, text});
  }
  return outputs;
}

}  // namespace outrider
