// SPDX-License-Identifier: Apache-2.0
// A back-test's report for people, on standard output.
#pragma once

#include "exporter/trial/backtest_report.h"

namespace outrider {

// At most `limit` firings and messages each, 0: all.
void PrintBacktest(const BacktestReport& report, int limit);

}  // namespace outrider
