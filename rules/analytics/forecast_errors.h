// SPDX-License-Identifier: Apache-2.0
// How far forecasts were off: every third of a horizon the value that each model expects at its end
// is put down, and compared with the sample that comes then. Intervals are made of that, and `auto`
// picks the model that was off least.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

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
  ForecastErrors(DurationMs horizon, size_t models) : horizon_(horizon), models_(models) {}
  DurationMs horizon() const { return horizon_; }

  // Compares what was due by now. `value` is the sample at `time`.
  void Score(Timestamp time, double value);
  bool WantsForecast(Timestamp time) const;
  void PutDown(Timestamp time, const Values& values);

  // Root of the weighted mean square; nothing before six comparisons.
  std::optional<double> RootMeanSquare(size_t model) const;

  void Save(RowWriter& out) const;
  void Load(RowReader& in);
  size_t MemoryBytes() const { return put_down_.capacity() * sizeof(double); }

 private:
  static constexpr DurationMs kPerHorizon = 3;
  static constexpr uint16_t kEnough = 6;
  DurationMs horizon_;
  size_t models_;
  size_t Row() const { return 1 + models_; }

  bool began_ = false;
  Timestamp last_ = 0;
  // Rows of the time it is due (milliseconds) and a value for each model; at most kPerHorizon + 1,
  // oldest first.
  std::vector<double> put_down_;
  std::array<double, kForecastModels> square_ = {};   // weighted means of squared errors
  std::array<uint16_t, kForecastModels> count_ = {};  // comparisons, as far as it matters
};

}  // namespace outrider
