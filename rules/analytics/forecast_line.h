// SPDX-License-Identifier: Apache-2.0
// The linear model: the least-squares line of a window, continued, with what keeps it honest.
//
// - The line begins anew after a reset (reset_tracker.h) and after a step (changepoint.h).
// - Its errors are those of block means, not of samples taken as independent: block-to-block
// scatter
//   and autocorrelation (lag 1) widen them.
// - A slope that is not significant at the confidence asked for, that explains less than 70 % of
//   what the block means vary by, or that is known from less than a tenth of the window, reaches no
//   threshold; and the value is shrunk towards a flat line by how insignificant it is.
// - What is left of the last block's residual dies out as the autocorrelation says.
// - Nothing goes beyond the level at which the ramp was always cut back; from there on the middle
// of
//   the teeth is expected. Where that level drifts, thresholds are reached by its drift.
#pragma once

#include <optional>

#include "rules/analytics/forecast_path.h"
#include "rules/analytics/quantiles.h"
#include "rules/analytics/reset_tracker.h"
#include "rules/analytics/ring_tiers.h"

namespace outrider {

class LinePath final : public ForecastPath {
 public:
  double ValueAt(double ahead) const override;
  double HalfWidth(double ahead) const override;
  Crossing CrossingOf(double threshold, CrossingDirection direction) const;

  Moments line;               // times in seconds from now
  double slope_error = 0;     // autocorrelation counted
  double mean_error = 0;      // of mean_v
  double scatter = 0;         // standard deviation of a sample around the line
  double interval = 2;        // standard errors to the confidence asked for
  double residual = 0;        // of the newest block around the shrunk line
  double residual_share = 0;  // what is left of it after `residual_step` seconds
  double residual_step = 1;
  double start = 0;  // of the line: seconds from now, not above 0
  bool significant = false;
  std::optional<Teeth> teeth;
  double newest = 0;  // sample

  // There is a line: else the drifting teeth alone, right after a reset.
  bool HasLine() const { return line.HasSlope(); }
  double AlongLine(double ahead) const;  // whatever the teeth say

 private:
  bool HasPassed(double threshold) const;
  double ShrunkSlope() const;
  // It is not among the teeth then: what the line says of it does not count.
  bool IsCutBefore(double ahead, double value) const;
  Crossing ByLine(double threshold) const;
  Crossing ByDrift(double threshold) const;
};

// One series. Not thread-safe.
class LineForecaster {
 public:
  static constexpr int kResolution = 10;
  static constexpr double kMinSamples = 5;

  LineForecaster(DurationMs window, std::shared_ptr<const WindowPlan> plan)
      : window_(window), ring_(std::move(plan)), resets_(2 * window) {}

  void Add(Timestamp time, double value) {
    ring_.Add(time, value);
    resets_.Add(time, value);
  }
  // Nothing before five samples since the last reset or step, unless there are teeth that drift.
  std::optional<LinePath> PathAt(Timestamp now, const Confidence& confidence) const;

  std::optional<double> newest() const {
    return ring_.empty() ? std::nullopt : std::optional(ring_.last_value());
  }
  void Save(RowWriter& out) const;
  void Load(RowReader& in);
  size_t MemoryBytes() const { return ring_.MemoryBytes(); }

 private:
  // Since the last reset and step.
  std::vector<Block> BlocksAt(Timestamp now) const;
  void MeasureLine(std::span<const Block> blocks, const Confidence& confidence,
                   LinePath* path) const;

  DurationMs window_;
  RingTiers ring_;
  ResetTracker resets_;
};

}  // namespace outrider
