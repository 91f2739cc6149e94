// SPDX-License-Identifier: Apache-2.0
// Budgets that begin anew with the calendar: every month, week, … in some time zone, daylight
// saving included.
#pragma once

#include <string>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

enum class CalendarUnit { kDaily, kWeekly, kMonthly, kQuarterly, kYearly };

// As a clock on the wall shows it.
struct WallTime {
  int year = 2000;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  friend bool operator==(const WallTime&, const WallTime&) = default;
};

struct CalendarPeriod {
  CalendarUnit unit = CalendarUnit::kMonthly;
  int count = 1;                  // of units in a period, from 1 on
  std::string time_zone = "UTC";  // IANA
  WallTime anchor = {};           // there, a moment at which a period begins
  friend bool operator==(const CalendarPeriod&, const CalendarPeriod&) = default;
};

// NotFound for a time zone nobody knows.
Status CheckTimeZone(const std::string& name);
// "2022-01-01 12:00:00", "2022-01-01T12:00:00" with or without a Z, "2022-01-01".
StatusOr<WallTime> ParseAnchor(const std::string& text);

struct PeriodBounds {
  Timestamp begin = 0;
  Timestamp end = 0;  // where the next one begins
};
// The period that `now` lies in. Where a day has no such wall time, the moment of the change.
PeriodBounds PeriodAt(const CalendarPeriod& period, Timestamp now);
// What stands for its length where factors are computed: 30 d for a month, 365 d for a year.
DurationMs NominalLength(const CalendarPeriod& period);

}  // namespace outrider
