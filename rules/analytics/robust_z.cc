// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/robust_z.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outrider {
namespace {

constexpr DerivedMetric kScore = {
    "outrider_anomaly_score",
    "Distance of the newest sample from the expected value; 1 is the edge of the expected band."};
constexpr DerivedMetric kExpected = {"outrider_anomaly_expected",
                                     "Value expected from the samples before the newest one."};
constexpr DerivedMetric kLower = {"outrider_anomaly_lower", "Lower edge of the expected band."};
constexpr DerivedMetric kUpper = {"outrider_anomaly_upper", "Upper edge of the expected band."};

}  // namespace

Band JudgeByRobustZ(const Baseline::Center& center, double value, const RobustZOptions& options) {
  const double scale = std::max({center.deviation, options.min_deviation,
                                 options.min_relative_deviation * std::fabs(center.median)});
  const double half = options.threshold * scale;
  Band band;
  band.expected = center.median;
  band.lower = center.median - half;
  band.upper = center.median + half;
  const double distance = value - center.median;
  const bool left_out = (options.direction == AnomalyDirection::kAbove && distance < 0) ||
                        (options.direction == AnomalyDirection::kBelow && distance > 0);
  band.score = left_out ? 0 : std::fabs(distance) / half;
  return band;
}

void RobustZDetector::Observe(Timestamp time, double value) {
  if (newest_) before_.Add(newest_->time, newest_->value);
  newest_ = Newest{time, value};
}

void RobustZDetector::Report(Timestamp /*now*/, std::span<double> out) const {
  if (!newest_ || before_.size() < kWarmUp) {
    std::ranges::fill(out, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  const Band band = JudgeByRobustZ(before_.Measure(), newest_->value, options_);
  out[0] = band.score;
  out[1] = band.expected;
  out[2] = band.lower;
  out[3] = band.upper;
}

std::vector<DerivedOutput> RobustZDetector::Outputs(const Entry& /*entry*/) {
  return {{&kScore, ""}, {&kExpected, ""}, {&kLower, ""}, {&kUpper, ""}};
}

}  // namespace outrider
