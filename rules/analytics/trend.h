// SPDX-License-Identifier: Apache-2.0
// Trends: the least-squares line of a series over each window of the entry.
#pragma once

#include <vector>

#include "rules/analytics/detector.h"
#include "rules/analytics/ring_tiers.h"

namespace outrider {

// Three outputs a window, in the order of the entry's windows: slope, direction, change ratio.
class TrendDetector final : public Detector {
 public:
  explicit TrendDetector(std::vector<DurationMs> windows)
      : windows_(std::move(windows)), ring_(windows_) {}
  void Observe(Timestamp time, double value) override { ring_.Add(time, value); }
  void Report(Timestamp now, std::span<double> out) const override;

  static std::vector<DerivedOutput> Outputs(const Entry& entry);

 private:
  std::vector<DurationMs> windows_;
  RingTiers ring_;
};

// -1, 0 or 1. A trend has a direction when it moves the series by at least 1 % of its own level an
// hour (so the unit does not matter) and is at least twice its standard error (so noise does not).
int TrendDirection(const WindowFit& fit);
// The change along the line from the oldest to the newest sample as a share of the level.
double TrendChangeRatio(const WindowFit& fit);

}  // namespace outrider
