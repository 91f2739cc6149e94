// SPDX-License-Identifier: Apache-2.0
// Forecasts: the least-squares line over a window, continued.
#pragma once

#include <optional>

#include "rules/analytics/detector.h"
#include "rules/analytics/ring_tiers.h"

namespace outrider {

// Seconds from `now` until the line reaches `threshold`; 0 if it is there, +Inf if it moves away or
// its slope is less than twice its standard error (noise reaches nothing).
double SecondsToThreshold(const WindowFit& fit, Timestamp now, double threshold);

// Outputs: the value `horizon` ahead; with a threshold also the seconds to it. None before five
// samples.
class ForecastDetector final : public Detector {
 public:
  ForecastDetector(DurationMs window, DurationMs horizon, std::optional<double> threshold)
      : window_(window), horizon_(horizon), threshold_(threshold), ring_(std::span(&window_, 1)) {}
  void Observe(Timestamp time, double value) override { ring_.Add(time, value); }
  void Report(Timestamp now, std::span<double> out) const override;

  static std::vector<DerivedOutput> Outputs(const Entry& entry);

 private:
  DurationMs window_;
  DurationMs horizon_;
  std::optional<double> threshold_;
  RingTiers ring_;
};

}  // namespace outrider
