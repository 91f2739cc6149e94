// SPDX-License-Identifier: Apache-2.0
// Forecasts: what a series will be at the horizons of the entry, how sure that is, and when it
// reaches the threshold.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "rules/analytics/detector.h"
#include "rules/analytics/forecast_errors.h"
#include "rules/analytics/forecast_line.h"
#include "rules/analytics/holt.h"
#include "rules/analytics/seasonal_path.h"

namespace outrider {

// Constant and shared by all series of an entry.
struct ForecastPlan {
  ForecastOptions options;
  Confidence confidence{0.95};
  std::optional<double> threshold;
  DurationMs window = kHour;          // the entry's longest
  std::vector<ForecastModel> models;  // without kAuto: all three in its place
  std::shared_ptr<const WindowPlan> ring;
};
std::shared_ptr<const ForecastPlan> MakeForecastPlan(const Entry& entry);

// Outputs, horizon after horizon: the value and, with intervals, its lower and upper edge; with a
// threshold the seconds to it, with intervals the earliest and latest, and the time of it. Absent
// as long as the model cannot say.
class ForecastDetector final : public Detector {
 public:
  explicit ForecastDetector(std::shared_ptr<const ForecastPlan> plan);
  void Observe(Timestamp time, double value) override;
  void Report(Timestamp now, std::span<double> out) const override;
  void Save(RowWriter& out) const override;
  void Load(RowReader& in) override;
  size_t MemoryBytes() const;

  static std::vector<DerivedOutput> Outputs(const Entry& entry);
  static std::unique_ptr<Detector> Create(const Entry& entry);
  static DurationMs History(const Entry& entry);

 private:
  // What each model of the plan says; not every one can.
  struct Paths {
    std::optional<LinePath> line;
    std::optional<HoltPath> holt;
    std::optional<SeasonalPath> seasonal;
    const ForecastPath* Of(ForecastModel model) const;
  };
  Paths PathsAt(Timestamp now) const;
  // The place in the plan's models of the one to believe at a horizon; nothing if none can say.
  std::optional<size_t> Choose(const Paths& paths, size_t horizon) const;
  double HalfWidth(const ForecastPath& path, size_t model, double ahead) const;
  Crossing CrossingOf(const Paths& paths, size_t model) const;
  void ReportHorizon(const Paths& paths, size_t horizon, std::span<double> out) const;
  void ReportThreshold(const Paths& paths, Timestamp now, std::span<double> out) const;

  std::shared_ptr<const ForecastPlan> plan_;
  std::unique_ptr<LineForecaster> line_;
  std::unique_ptr<HoltForecaster> holt_;
  std::unique_ptr<SeasonalForecaster> seasonal_;
  std::vector<ForecastErrors> errors_;  // as the plan's horizons
};

}  // namespace outrider
