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
  std::optional<double> threshold;  // forecast: the value whose crossing is awaited
  std::vector<std::pair<std::string, std::string>> labels;
  size_t max_series = 10'000;
  DetectorOptions detection;             // anomaly
  std::vector<std::string> peer_labels;  // peers: those that make a group, sorted; none: all series
  DurationMs interval = 0;               // of an expression's evaluations; 0: analytics.interval
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
  // The entry as it stands in its file, keys sorted, without what does not shape its state: saved
  // state is only good for the same.
  std::string definition;
};

}  // namespace outrider
