// SPDX-License-Identifier: Apache-2.0
// Trends: the least-squares line of a series over each window of the entry, and what an entry asks
// for beside it.
#pragma once

#include <memory>
#include <vector>

#include "rules/analytics/detector.h"
#include "rules/analytics/ring_tiers.h"
#include "rules/analytics/trend_options.h"
#include "rules/analytics/window_plan.h"

namespace outrider {

// Constant and shared by all series of an entry.
struct TrendPlan {
  // Buckets per window: a window's old edge is right within 1/20 of it, and seven windows take
  // less than 2 KB a series. With Theil-Sen or Mann-Kendall as many more as those 2 KB hold, and a
  // centre each: all seven windows take 2.3 KB then.
  static constexpr int kResolution = 10;

  std::vector<DurationMs> windows;  // ascending
  TrendOptions options;
  std::shared_ptr<const WindowPlan> ring;
};
std::shared_ptr<const TrendPlan> MakeTrendPlan(const Entry& entry);

// A window is told once in a twentieth of its length, about as finely as it is cut, and at least
// every two minutes; a source tells it more often where queries would not find it. Outputs, window
// after window: slope, direction, change ratio; with `errors` the slope's standard error, R² and
// where the samples begin; with `theil_sen` and `mann_kendall` one each. At the end, with
// `changepoints`, time and size of the last step in the longest window (absent without one).
class TrendDetector final : public Detector {
 public:
  explicit TrendDetector(std::shared_ptr<const TrendPlan> plan)
      : plan_(std::move(plan)), ring_(plan_->ring) {}
  void Observe(Timestamp time, double value) override { ring_.Add(time, value); }
  void Report(Timestamp now, std::span<double> out) const override;
  void ReportDue(Timestamp now, std::span<const uint8_t> due, std::span<double> out) const override;
  void Save(RowWriter& out) const override { ring_.Save(out); }
  void Load(RowReader& in) override { ring_.Load(in); }
  size_t MemoryBytes() const { return sizeof(*this) + ring_.MemoryBytes(); }

  static std::vector<DerivedOutput> Outputs(const Entry& entry);
  static std::unique_ptr<Detector> Create(const Entry& entry);
  static DurationMs History(const Entry& entry);

 private:
  void ReportWindow(Timestamp now, size_t window, const WindowFit& fit,
                    std::span<double> out) const;
  bool HoldsForBlocks(Timestamp now, size_t window, const WindowFit& fit) const;
  void ReportRobust(Timestamp now, size_t window, std::span<double> out) const;
  void ReportChangepoint(Timestamp now, std::span<double> out) const;

  std::shared_ptr<const TrendPlan> plan_;
  RingTiers ring_;
};

// -1, 0 or 1. A trend has a direction when it moves the series by at least `stable_per_hour` of its
// own level an hour (so the unit does not matter) and is at least twice its standard error (so
// noise does not).
int TrendDirection(const WindowFit& fit, double stable_per_hour = TrendOptions().stable_per_hour);
// The change along the line from the first to the newest of its samples as a share of the level.
double TrendChangeRatio(const WindowFit& fit);

}  // namespace outrider
