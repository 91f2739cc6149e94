// SPDX-License-Identifier: Apache-2.0
// Holt's linear smoothing with a damped trend (the model `holt_winters` without a season), for
// irregular steps: the weights follow from the time between two samples.
//
//   expected = level + trend x damped(dt),  damped(x) = D (1 - exp(-x / D))
//   level   := expected + a e,              a = 1 - exp(-dt / L)
//   trend   := trend exp(-dt / D) + a b e / dt,  b = 1 - exp(-dt / T)
// with e the error of the sample, L, T and D from the entry's window.
#pragma once

#include <optional>

#include "rules/analytics/forecast_path.h"
#include "rules/analytics/quantiles.h"

namespace outrider {

class HoltPath final : public ForecastPath {
 public:
  double ValueAt(double ahead) const override;
  // The variance of the sums of smoothed errors, as of a random walk in steps of L; until the
  // forecast's own errors are known.
  double HalfWidth(double ahead) const override;

  double level = 0;  // now
  double trend = 0;  // per second, now
  double damping = 1;
  double smoothing = 1;
  double error = 0;  // standard deviation from sample to sample
  double interval = 2;
};

// One series. Not thread-safe.
class HoltForecaster {
 public:
  explicit HoltForecaster(DurationMs window) : window_(static_cast<double>(window) / kSecond) {}
  void Add(Timestamp time, double value);
  // Nothing before five samples.
  std::optional<HoltPath> PathAt(Timestamp now, const Confidence& confidence) const;
  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  static constexpr double kMinSamples = 5;
  double window_;  // seconds
  Timestamp last_ = 0;
  double samples_ = 0;
  double level_ = 0;
  double trend_ = 0;
  double square_ = 0;  // of the errors, weighted mean
};

}  // namespace outrider
