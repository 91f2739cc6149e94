// SPDX-License-Identifier: Apache-2.0
// One entry of an analytics file (design/contract.md "Analytics files"): what to watch and how.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/analytics/forecast_options.h"
#include "rules/analytics/trend_options.h"
#include "rules/detect/detector_options.h"
#include "rules/promql/engine.h"
#include "storage/base/clock.h"

namespace outrider {

struct ForecastPlan;
struct TrendPlan;

enum class EntryKind { kTrend, kAnomaly, kForecast, kSlo };
std::string_view EntryKindText(EntryKind kind);  // trend anomaly forecast slo

struct Entry {
  std::string name;  // label entry="…"
  EntryKind kind = EntryKind::kTrend;
  std::string expr;
  std::vector<DurationMs> windows;  // ascending; a forecast uses the longest
  std::string detector;             // anomaly; a name of detector table
  // Forecast: the value whose crossing is awaited. Anomaly: how many robust standard deviations
  // make a score of 1.
  std::optional<double> threshold;
  std::vector<std::pair<std::string, std::string>> labels;
  size_t max_series = 10'000;
  AnomalyDirection direction = AnomalyDirection::kBoth;
  // The smallest scale an anomaly is measured with: absolute, and as a share of the expected value.
  double min_deviation = 1e-9;
  double min_relative_deviation = 0.01;
  TrendOptions trend;
  ForecastOptions forecast;
  // Made once of the above and shared by the series; may be absent.
  std::shared_ptr<const TrendPlan> trend_plan;
  std::shared_ptr<const ForecastPlan> forecast_plan;
  // The result is per pod: sum it per workload (labels namespace, workload, workload_kind,
  // container). Built-in entries only.
  bool per_workload = false;

  std::optional<promql::Expression> compiled;  // nothing if `error`
  std::string error;                           // the expression's error with its place
};

}  // namespace outrider
