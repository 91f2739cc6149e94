// SPDX-License-Identifier: Apache-2.0
// A back-test's result as a report: what each alert did, what would have made it quieter, who would
// have been told. For programs as JSON; exporter/cli prints it for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exporter/trial/alert_advice.h"
#include "exporter/trial/backtest.h"
#include "exporter/trial/notification_replay.h"

namespace outrider {

struct AlertReport {
  const RuleOutcome* outcome = nullptr;
  TrialTotals totals;
  int pending_only = 0;  // label sets that held, but never for long enough
  std::optional<ForAdvice> for_advice;
  std::optional<DurationMs> keep_firing_advice;
  TrialTotals keep_firing_totals;  // with it
  int messages = 0;                // that tell of it
  std::vector<ForStep> ladder;
  std::vector<std::string> receivers;  // that its firing alerts reach, by name
  std::string chart;
};

struct BacktestReport {
  BacktestResult result;
  TrialLimits limits;
  std::vector<AlertReport> alerts;  // outcomes are those of `result`
  bool routed = false;              // there was an alertmanager.yml
  std::vector<TrialMessage> messages;

  BacktestReport() = default;
  BacktestReport(BacktestReport&&) = default;
  BacktestReport& operator=(BacktestReport&&) = default;
};

struct ReportOptions {
  TrialLimits limits;
  size_t chart_width = 48;
  Labels external_labels;
  const AlertmanagerConfig* alertmanager = nullptr;  // may be null
};

BacktestReport MakeReport(BacktestResult result, std::vector<TrialMessage> messages,
                          const ReportOptions& options);
std::string ReportJson(const BacktestReport& report);

}  // namespace outrider
