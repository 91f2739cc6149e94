// SPDX-License-Identifier: Apache-2.0
// `outrider backtest` without its command line: rules over a stretch of history, piece by piece,
// the next piece fetched while one is evaluated.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/trial/history_walk.h"
#include "exporter/trial/rule_replay.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct BacktestOptions {
  Timestamp start = 0;
  Timestamp end = 0;             // the last evaluation is not behind it
  DurationMs piece = 4 * kHour;  // of history loaded and evaluated at once
  RuleContext context;
  promql::EngineOptions engine;
  std::vector<DropLabel> drop_labels;
  bool stepwise = false;  // evaluation by evaluation: slow, for comparison
  unsigned threads = 1;
};

struct BacktestProgress {
  double done = 0;  // of the way from the first sample to the end
  Timestamp reached = 0;
  uint64_t samples = 0;
};

struct BacktestResult {
  Timestamp start = 0;
  Timestamp end = 0;  // reached: before the wanted one if stopped
  Timestamp wanted_end = 0;
  bool stopped = false;
  uint64_t samples = 0;  // of history
  uint64_t series = 0;   // of history and of rules that others read
  std::vector<RuleOutcome> rules;
};

// Hears of what the rules tell, in the order of time.
using ToldAlertsListener = std::function<Status(const ToldAlerts&)>;

struct BacktestSeams {
  HistorySource& source;
  const Clock& clock;  // times the work only
  std::function<void(const BacktestProgress&)> progress;
  ToldAlertsListener told;
};

// InvalidArgument for rules that cannot be tried. A stop gives what was found so far.
StatusOr<BacktestResult> RunBacktest(std::vector<RuleGroup> groups, const BacktestOptions& options,
                                     const BacktestSeams& seams, const std::stop_token& stop);

}  // namespace outrider
