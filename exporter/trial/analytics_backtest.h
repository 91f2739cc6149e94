// SPDX-License-Identifier: Apache-2.0
// `outrider backtest --analytics` without its command line: analytics entries over a stretch of
// history, through the daemon's own engine, piece by piece.
#pragma once

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "exporter/trial/anomaly_track.h"
#include "exporter/trial/backtest.h"
#include "rules/analytics/analytics_engine.h"

namespace outrider {

// What a trend or a forecast says at the end.
struct DerivedValue {
  Labels labels;  // with name
  double value = 0;
};

struct AnalyticsEntryOutcome {
  EntryStatus status;
  std::vector<AnomalyTrack> tracks;  // of anomaly entries
  std::vector<DerivedValue> last;    // of the others
};

struct AnalyticsBacktestResult {
  Timestamp start = 0;
  Timestamp end = 0;  // reached: before the wanted one if stopped
  Timestamp wanted_end = 0;
  bool stopped = false;
  uint64_t samples = 0;  // of history
  uint64_t series = 0;
  std::vector<AnalyticsEntryOutcome> entries;  // in the order of the files
};

struct AnalyticsBacktestOptions {
  Timestamp start = 0;
  Timestamp end = 0;
  DurationMs piece = 4 * kHour;        // of history loaded at once
  DurationMs interval = 15 * kSecond;  // between reports, and of expressions that give none
  promql::EngineOptions engine;
  std::vector<DropLabel> drop_labels;
  // Put on every series that lacks them.
  std::vector<std::pair<std::string, std::string>> add_labels;
  DurationMs run_every = 0;  // in place of `interval` between reports
  bool judged = true;        // episodes of anomalies are kept
  // What detectors know is taken from here at first and is here in the end; may be null.
  StateStore* state = nullptr;
  const WorkloadNames* workloads = nullptr;  // without: per-workload entries give nothing
};

// Detectors begin without a past at the start, but for what is in `state`. A stop gives what was
// found so far. InvalidArgument for entries that cannot be tried.
StatusOr<AnalyticsBacktestResult> RunAnalyticsBacktest(
    std::vector<Entry> entries, const AnalyticsBacktestOptions& options, HistorySource& source,
    const Clock& clock, const std::function<void(const BacktestProgress&)>& progress,
    const std::stop_token& stop);

}  // namespace outrider
