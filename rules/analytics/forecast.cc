// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/forecast.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outrider {
namespace {

constexpr double kMinSamples = 5;
constexpr double kSignificantErrors = 2;
constexpr double kNever = std::numeric_limits<double>::infinity();

constexpr DerivedMetric kValue = {"outrider_forecast_value",
                                  "Value the trend line reaches at the horizon of the entry."};
constexpr DerivedMetric kSeconds = {
    "outrider_forecast_seconds_to_threshold",
    "Seconds until the trend line reaches the threshold of the entry; +Inf if it does not."};

}  // namespace

double SecondsToThreshold(const WindowFit& fit, Timestamp now, double threshold) {
  const double distance = threshold - fit.ValueAt(now);
  if (distance == 0) return 0;
  const double slope = fit.line.Slope();
  if (slope == 0 || std::fabs(slope) < kSignificantErrors * fit.line.StandardError()) return kNever;
  const double seconds = distance / slope;
  return seconds >= 0 ? seconds : kNever;
}

void ForecastDetector::Report(Timestamp now, std::span<double> out) const {
  const WindowFit fit = ring_.Fit(window_, now);
  if (fit.line.n < kMinSamples || !fit.line.HasSlope()) {
    std::ranges::fill(out, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  out[0] = fit.ValueAt(now + horizon_);
  if (threshold_) out[1] = SecondsToThreshold(fit, now, *threshold_);
}

std::vector<DerivedOutput> ForecastDetector::Outputs(const Entry& entry) {
  std::vector<DerivedOutput> outputs = {{&kValue, ""}};
  if (entry.threshold) outputs.push_back({&kSeconds, ""});
  return outputs;
}

}  // namespace outrider
