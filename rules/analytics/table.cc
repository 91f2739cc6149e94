// SPDX-License-Identifier: Apache-2.0
// Every kind of analysis, one row each.
#include <algorithm>
#include <array>

#include "rules/analytics/detector.h"
#include "rules/analytics/forecast.h"
#include "rules/analytics/robust_z.h"
#include "rules/analytics/trend.h"

namespace outrider {
namespace {

std::unique_ptr<Detector> MakeRobustZ(const Entry& entry) {
  RobustZOptions options;
  options.threshold = entry.threshold.value_or(options.threshold);
  options.min_deviation = entry.min_deviation;
  options.min_relative_deviation = entry.min_relative_deviation;
  options.direction = entry.direction;
  return std::make_unique<RobustZDetector>(options);
}

DurationMs BaselineSpan(const Entry& /*entry*/) { return Baseline::kSpan; }

constexpr std::array kTable = {
    DetectorRow{EntryKind::kTrend, "ols", TrendDetector::Outputs, TrendDetector::Create,
                TrendDetector::History},
    DetectorRow{EntryKind::kAnomaly, "robust_z", RobustZDetector::Outputs, MakeRobustZ,
                BaselineSpan},
    DetectorRow{EntryKind::kForecast, "linear", ForecastDetector::Outputs, ForecastDetector::Create,
                ForecastDetector::History},
};

constexpr std::array<std::string_view, 5> kPlanned = {"seasonal", "quantile", "mad", "level_shift",
                                                      "peers"};

}  // namespace

const DetectorRow* FindDetector(EntryKind kind, std::string_view name) {
  const auto row = std::ranges::find_if(kTable, [&](const DetectorRow& r) {
    return r.kind == kind && (name.empty() || r.name == name);
  });
  return row == kTable.end() ? nullptr : &*row;
}

std::vector<std::string> DetectorNames(EntryKind kind) {
  std::vector<std::string> names;
  for (const DetectorRow& row : kTable) {
    if (row.kind == kind) names.emplace_back(row.name);
  }
  return names;
}

bool IsPlannedDetector(std::string_view name) {
  return std::ranges::find(kPlanned, name) != kPlanned.end();
}

}  // namespace outrider
