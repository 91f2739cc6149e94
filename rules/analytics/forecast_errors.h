// SPDX-License-Identifier: Apache-2.0
// How far forecasts were off: every third of a horizon the value that each model expects at its end
// is put down, and compared with the sample that comes then. Intervals are made of that, and `auto`
// picks the model that was off least.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "rules/analytics/quantiles.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

inline constexpr size_t kForecastModels = 3;  // linear, holt_winters, seasonal

// One horizon of one series.
class ForecastErrors {
 public:
  // NaN: the model has nothing to say.
  using Values = std::array<double, kForecastModels>;

  // `models`: how many of the values are in use.
  ForecastErrors(DurationMs horizon, size_t models)
      : horizon_(horizon), models_(static_cast<uint8_t>(models)) {
    stretch_.fill(static_cast<uint16_t>(kParts));
  }
  DurationMs horizon() const { return horizon_; }

  // Compares what was due by now. `value` is the sample at `time`.
  void Score(Timestamp time, double value, const Confidence& confidence);
  bool WantsForecast(Timestamp time) const;
  void PutDown(Timestamp time, const Values& values);

  // Root of the weighted mean square; nothing before six comparisons.
  std::optional<double> RootMeanSquare(size_t model) const;
  // Half of the interval at the horizon, from there on: the same in so many of them as held the
  // share asked for of what came.
  std::optional<double> HalfWidth(size_t model, const Confidence& confidence) const;

  void Save(RowWriter& out) const;
  void Load(RowReader& in);
  size_t MemoryBytes() const { return put_down_.capacity() * sizeof(double); }

 private:
  static constexpr DurationMs kPerHorizon = 3;
  static constexpr uint16_t kEnough = 6;
  static constexpr double kParts = 4096;  // of one in stretch_
  size_t Row() const { return 1U + models_; }
  void Stretch(size_t model, double error, const Confidence& confidence);

  DurationMs horizon_;
  Timestamp last_ = 0;
  // Rows of the time it is due (milliseconds) and a value for each model; at most kPerHorizon + 1,
  // oldest first.
  std::vector<double> put_down_;
  std::array<double, kForecastModels> square_ = {};   // weighted means of squared errors
  std::array<uint16_t, kForecastModels> count_ = {};  // comparisons, as far as it matters
  // Of intervals, in kParts: errors are neither normal nor independent (adaptive conformal
  // inference, Gibbs and Candès 2021).
  std::array<uint16_t, kForecastModels> stretch_;
  uint8_t models_;
  bool began_ = false;
};

}  // namespace outrider
