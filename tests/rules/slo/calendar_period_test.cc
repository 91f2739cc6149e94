// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/calendar_period.h"

#include <gtest/gtest.h>

#include "storage/base/duration.h"

namespace outrider {
namespace {

Timestamp At(const char* text) { return *ParseRfc3339(text) / kNanosPerMilli; }
std::string Text(Timestamp time) { return FormatRfc3339(time * kNanosPerMilli); }

struct PeriodCase {
  CalendarPeriod period;
  const char* now;
  const char* begin;
  const char* end;
};

TEST(CalendarPeriodTest, PeriodsOfAllKinds) {
  const PeriodCase kCases[] = {
      {{}, "2026-02-14T12:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
      {{}, "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"},
      // Berlin's March 2026 begins at +1 and ends at +2: 743 hours.
      {{.time_zone = "Europe/Berlin"},
       "2026-03-29T00:30:00Z",
       "2026-02-28T23:00:00Z",
       "2026-03-31T22:00:00Z"},
      // Its October has 745.
      {{.time_zone = "Europe/Berlin"},
       "2026-10-25T00:59:00Z",
       "2026-09-30T22:00:00Z",
       "2026-10-31T23:00:00Z"},
      {{.unit = CalendarUnit::kDaily, .time_zone = "Europe/Berlin"},
       "2026-03-29T12:00:00Z",
       "2026-03-28T23:00:00Z",
       "2026-03-29T22:00:00Z"},
      {{.unit = CalendarUnit::kWeekly, .anchor = {.day = 3}},
       "2026-11-29T17:00:00Z",
       "2026-11-23T00:00:00Z",
       "2026-11-30T00:00:00Z"},
      {{.unit = CalendarUnit::kQuarterly},
       "2026-11-29T17:00:00Z",
       "2026-10-01T00:00:00Z",
       "2027-01-01T00:00:00Z"},
      {{.unit = CalendarUnit::kYearly},
       "2024-12-31T23:59:59Z",
       "2024-01-01T00:00:00Z",
       "2025-01-01T00:00:00Z"},
      {{.count = 2}, "2026-02-14T12:00:00Z", "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"},
      // A month from the 31st ends with months that are shorter.
      {{.anchor = {.year = 2026, .month = 1, .day = 31}},
       "2026-02-28T12:00:00Z",
       "2026-02-28T00:00:00Z",
       "2026-03-31T00:00:00Z"},
      // At 02:30 New York springs forward: that day's period begins with the change.
      {{.unit = CalendarUnit::kDaily,
        .time_zone = "America/New_York",
        .anchor = {.hour = 2, .minute = 30}},
       "2026-03-08T12:00:00Z",
       "2026-03-08T07:00:00Z",
       "2026-03-09T06:30:00Z"},
      // Before the anchor.
      {{.anchor = {.year = 2030}},
       "2026-02-14T12:00:00Z",
       "2026-02-01T00:00:00Z",
       "2026-03-01T00:00:00Z"},
  };
  for (const PeriodCase& one : kCases) {
    const PeriodBounds bounds = PeriodAt(one.period, At(one.now));
    EXPECT_EQ(Text(bounds.begin), one.begin) << one.now;
    EXPECT_EQ(Text(bounds.end), one.end) << one.now;
  }
}

TEST(CalendarPeriodTest, PeriodsFollowEachOtherWithoutGaps) {
  const CalendarPeriod zones[] = {{.time_zone = "Australia/Lord_Howe"},
                                  {.unit = CalendarUnit::kWeekly, .time_zone = "America/New_York"},
                                  {.unit = CalendarUnit::kDaily, .time_zone = "Europe/Berlin"}};
  for (const CalendarPeriod& period : zones) {
    PeriodBounds bounds = PeriodAt(period, At("2026-01-15T00:00:00Z"));
    for (int i = 0; i < 400; ++i) {
      ASSERT_LT(bounds.begin, bounds.end);
      EXPECT_EQ(PeriodAt(period, bounds.end - 1).begin, bounds.begin);
      const PeriodBounds next = PeriodAt(period, bounds.end);
      ASSERT_EQ(next.begin, bounds.end) << period.time_zone << Text(bounds.end);
      bounds = next;
    }
  }
}

TEST(CalendarPeriodTest, AnchorsAndZones) {
  EXPECT_TRUE(CheckTimeZone("America/New_York").ok());
  EXPECT_FALSE(CheckTimeZone("Mars/Olympus").ok());
  EXPECT_FALSE(CheckTimeZone("").ok());
  const auto anchor = ParseAnchor("2022-01-31 12:30:05");
  ASSERT_TRUE(anchor.ok());
  EXPECT_EQ(*anchor, (WallTime{2022, 1, 31, 12, 30, 5}));
  EXPECT_TRUE(ParseAnchor("2024-02-29").ok());
  EXPECT_TRUE(ParseAnchor("2022-01-01T12:00:00Z").ok());
  for (const char* bad : {"", "2023-02-29", "2022-13-01", "2022-01-01 25:00:00", "yesterday",
                          "2022-01-01 12:00", "22-1-1 12:00:00"}) {
    EXPECT_FALSE(ParseAnchor(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace outrider
