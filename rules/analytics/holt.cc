// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/holt.h"

#include <algorithm>
#include <cmath>

#include "rules/analytics/saved_time.h"

namespace outrider {
namespace {

// Shares of the window. Found on the data of shared/data/crane (docs/performance.md).
constexpr double kLevelTime = 1.0 / 12;
constexpr double kTrendTime = 1;
constexpr double kDampingTime = 0.5;
constexpr double kErrorWeight = 1.0 / 64;

double Damped(double seconds, double damping) { return damping * -std::expm1(-seconds / damping); }

}  // namespace

double HoltPath::ValueAt(double ahead) const { return level + trend * Damped(ahead, damping); }

double HoltPath::HalfWidth(double ahead) const {
  return interval * error * std::sqrt(1 + ahead / smoothing);
}

void HoltForecaster::Add(Timestamp time, double value) {
  samples_ += 1;
  if (samples_ == 1) {
    level_ = value;
    last_ = time;
    return;
  }
  const double dt = static_cast<double>(time - last_) / kSecond;
  last_ = time;
  const double damping = kDampingTime * window_;
  const double expected = level_ + trend_ * Damped(dt, damping);
  const double error = value - expected;
  // In the beginning a plain mean; the weights of the first samples would be those of the start.
  const double a = std::max(-std::expm1(-dt / (kLevelTime * window_)), 1 / samples_);
  const double b = -std::expm1(-dt / (kTrendTime * window_));
  level_ = expected + a * error;
  trend_ = trend_ * std::exp(-dt / damping) + a * b * error / dt;
  square_ += std::max(kErrorWeight, 1 / (samples_ - 1)) * (error * error - square_);
}

std::optional<HoltPath> HoltForecaster::PathAt(Timestamp now, const Confidence& confidence) const {
  if (samples_ < kMinSamples) return std::nullopt;
  const double since = std::max(0.0, static_cast<double>(now - last_) / kSecond);
  HoltPath path;
  path.damping = kDampingTime * window_;
  path.smoothing = kLevelTime * window_;
  path.level = level_ + trend_ * Damped(since, path.damping);
  path.trend = trend_ * std::exp(-since / path.damping);
  path.error = std::sqrt(square_);
  path.interval = confidence.z;
  return path;
}

void HoltForecaster::Save(RowWriter& out) const {
  out.I64(last_).Double(samples_).Double(level_).Double(trend_).Double(square_);
}

void HoltForecaster::Load(RowReader& in) {
  last_ = ReadSavedTime(in);
  samples_ = in.Double();
  level_ = in.Double();
  trend_ = in.Double();
  square_ = in.Double();
}

}  // namespace outrider
