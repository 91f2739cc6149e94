// SPDX-License-Identifier: Apache-2.0
// What an analytics back-test found, as JSON.
#pragma once

#include <string>

#include "exporter/trial/analytics_backtest.h"

namespace outrider {

// Of the entry's series together.
struct AnomalyTotals {
  uint64_t series = 0;     // that had a score
  uint64_t anomalous = 0;  // of them: with at least one episode
  uint64_t episodes = 0;
  uint64_t onsets = 0;  // episodes that began with one
  DurationMs time = 0;  // of all episodes
};
AnomalyTotals TotalsOf(const AnalyticsEntryOutcome& outcome, Timestamp end);
// Onsets per series and week; 0 without time or series.
double OnsetsPerSeriesWeek(const AnomalyTotals& totals, DurationMs covered);

// {start, end, wanted_end, complete, samples, series, entries: [{name, kind, expr, series, samples,
// refused, error?, anomalies? | values?}]}. Docs: docs/backtest.md.
std::string AnalyticsReportJson(const AnalyticsBacktestResult& result);

}  // namespace outrider
