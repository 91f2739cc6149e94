// SPDX-License-Identifier: Apache-2.0
// The model `seasonal`: a slow level and trend, a half-hour of the day, a day of the week (UTC),
// and what the last minutes deviated by, which dies out.
//
//   value(t + h) = level + trend x damped(h) + bin(t + h) + day(t + h) + deviation exp(-h / R)
//
// Between the middles of two half-hours the season is interpolated. Half-hours learn with the
// weight of a plain mean at first and remember some two days; days of the week count from the
// second week on, and the trend from the fourth day on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "rules/analytics/forecast_path.h"
#include "rules/analytics/quantiles.h"

namespace outrider {

class SeasonalForecaster;

class SeasonalPath final : public ForecastPath {
 public:
  SeasonalPath(const SeasonalForecaster& model, Timestamp now, double interval)
      : model_(&model), now_(now), interval_(interval) {}
  double ValueAt(double ahead) const override;
  double HalfWidth(double ahead) const override;

 private:
  const SeasonalForecaster* model_;  // outlives the path
  Timestamp now_;
  double interval_;
};

// One series. Not thread-safe.
class SeasonalForecaster {
 public:
  void Add(Timestamp time, double value);
  // Nothing before a whole day.
  std::optional<SeasonalPath> PathAt(Timestamp now, const Confidence& confidence) const;
  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  friend class SeasonalPath;
  static constexpr size_t kBins = 48;
  static constexpr size_t kDays = 7;
  double SeasonAt(Timestamp time) const;
  void LearnBin(size_t bin, double weight, double seconds, double error);

  Timestamp first_ = 0;
  Timestamp last_ = 0;
  double samples_ = 0;
  double level_ = 0;
  double trend_ = 0;      // per second
  double deviation_ = 0;  // of the last minutes from level and season
  double square_ = 0;     // of the errors from level and season alone
  std::array<float, kBins> bin_ = {};
  std::array<uint16_t, kBins> bin_seen_ = {};  // sixteenths of a second, weighted; up to the memory
  std::array<float, kDays> day_ = {};
};

}  // namespace outrider
