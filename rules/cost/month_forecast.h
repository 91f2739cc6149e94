// SPDX-License-Identifier: Apache-2.0
// What a month will have cost when it is over, from the days so far. Pure.
//
// Model: a straight line through the days of the last eight weeks, times how the day of the week
// usually differs (from two whole weeks on; before, days are alike), each remaining day predicted
// by it; what is left of today by its share. With less than a week of whole days there is no
// slope, with none the rate of today goes on.
#pragma once

#include <optional>
#include <span>

#include "storage/base/clock.h"

namespace outrider {

// What one whole UTC day cost. Of days that were watched in part the caller scales or leaves out.
struct CostDay {
  Timestamp begin = 0;
  double cost = 0;
};

struct MonthForecast {
  double expected = 0;
  // Of eight in ten such months, if days vary as they did; equal to `expected` without a past.
  double lower = 0;
  double upper = 0;
  int days = 0;  // whole days it is based on
};

struct MonthSoFar {
  Timestamp now = 0;
  double spent = 0;  // of this month, today included
  double spent_today = 0;
  DurationMs watched_today = 0;
};

// `days`: whole days before today, by time.
MonthForecast ForecastMonth(std::span<const CostDay> days, const MonthSoFar& so_far);

}  // namespace outrider
