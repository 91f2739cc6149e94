// SPDX-License-Identifier: Apache-2.0
// Every kind of analysis, one row each.
#include <algorithm>
#include <array>

#include "rules/analytics/anomaly_detector.h"
#include "rules/analytics/detector.h"
#include "rules/analytics/forecast.h"
#include "rules/analytics/peer_member.h"
#include "rules/analytics/robust_z.h"
#include "rules/analytics/trend.h"
#include "rules/detect/detector_table.h"

namespace outrider {
namespace {

// As long as a day has hours: a season needs to have been seen once.
DurationMs ADay(const Entry& /*entry*/) { return kDay; }
// The newest sample is enough.
DurationMs Newest(const Entry& /*entry*/) { return 5 * kMinute; }

// The entry's options have been checked (ReadDetection, built-in entries).
std::unique_ptr<Detector> MakeAnomaly(const Entry& entry) {
  return std::make_unique<AnomalyDetector>(
      MakeSeriesDetector(entry.detector, entry.detection).value());
}

constexpr DetectorRow AnomalyRow(std::string_view name) {
  return {EntryKind::kAnomaly, name, AnomalyOutputs, MakeAnomaly, ADay};
}

std::unique_ptr<Detector> MakePeer(const Entry& entry) {
  return std::make_unique<PeerMember>(entry.detection);
}

std::unique_ptr<Detector> MakeRobustZ(const Entry& entry) {
  return std::make_unique<RobustZDetector>(entry.detection);
}

DurationMs BaselineSpan(const Entry& /*entry*/) { return Baseline::kSpan; }

constexpr std::array kTable = {
    DetectorRow{EntryKind::kTrend, "ols", TrendDetector::Outputs, TrendDetector::Create,
                TrendDetector::History},
    AnomalyRow(kDefaultDetector),
    AnomalyRow("quantile"),
    AnomalyRow("mad"),
    AnomalyRow("zscore"),
    AnomalyRow("novelty"),
    AnomalyRow("level_shift"),
    AnomalyRow("auto"),
    DetectorRow{EntryKind::kAnomaly, "robust_z", AnomalyOutputs, MakeRobustZ, BaselineSpan},
    DetectorRow{.kind = EntryKind::kAnomaly,
                .name = "peers",
                .outputs = AnomalyOutputs,
                .create = MakePeer,
                .history = Newest,
                .compares_series = true},
    DetectorRow{EntryKind::kForecast, "linear", ForecastDetector::Outputs, ForecastDetector::Create,
                ForecastDetector::History},
};

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

}  // namespace outrider
