// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/weekly_summary.h"

#include <gtest/gtest.h>

#include "storage/base/duration.h"
#include "storage/base/text.h"
#include "tests/exporter/advice/sample_report.h"

namespace outrider {
namespace {

TEST(WeeklySummary, SaysWhatMatters) {
  AdviceReport report = SampleReport();
  report.rows[0].cpu.judged = {0.02, 0.4, 0.1, 1000};
  report.rows[3].cpu.judged = {0.0, 0.4, 0.1, 3000};
  const WeeklySummary summary = MakeWeeklySummary(report, {"shop", 12.5, "http://outrider:9909/"});
  EXPECT_EQ(summary.title, "Right-sizing of shop: $259.52 a month can be saved");
  EXPECT_EQ(summary.text,
            "Spend: $1,234.50 a month\n"
            "Possible savings: $259.52 a month, $3,114.30 a year\n"
            "Realised savings: $12.50 a month\n"
            "Containers: 7, without enough data: 1\n"
            "Score: D (37 of 100)\n"
            "Use above the recommendation of the day before: CPU 0.5 %, memory not judged yet\n"
            "Top savings:\n"
            "- Host/db-1:9100: CPU (-6) 8 -> 2, memory (-8Gi) 16Gi -> 8Gi, +$206.00 a month\n"
            "- shop/Deployment/checkout, app: CPU (-750m) 1 -> 250m, memory (-724Mi) 1Gi -> 300Mi, "
            "+$77.78 a month\n"
            "- evil/Deployment/../<b>\"x'?|&, a: #\"'`: CPU (-250m) 500m -> 250m, memory (-128Mi) "
            "256Mi -> 128Mi, +$5.00 a month\n"
            "- shop/Rollout/canary, app: CPU 500m -> ?, memory (-256Mi) 512Mi -> 256Mi, +$1.25 a "
            "month\n"
            "Needs more:\n"
            "- shop/StatefulSet/db, postgres: CPU (+1) 500m -> 1500m, memory (+2Gi) unset -> 2Gi, "
            "-$30.50 a month\n"
            "More: http://outrider:9909/\n");
}

TEST(WeeklySummary, TheTitleSaysWhatIsSavedOrNeeded) {
  for (const auto& [savings, title] : {std::pair(300.0, "$300.00 a month can be saved"),
                                       std::pair(0.0, "$0.00 a month can be saved"),
                                       std::pair(-300.0, "$300.00 a month more is needed")}) {
    AdviceReport report;
    report.rows = {MakeRow({"shop", "db", "StatefulSet"}, "x", 1,
                           {1.0, {}, 1.0, 1.0, false, savings}, {1e9, {}, 1e9, 1e9, true, {}})};
    EXPECT_EQ(MakeWeeklySummary(report, {}).title, std::string("Right-sizing: ") + title);
  }
}

TEST(WeeklySummary, OfLittle) {
  EXPECT_EQ(MakeWeeklySummary({}, {}).title, "Right-sizing: nothing was seen");
  AdviceReport report;
  report.rows.push_back(MakeRow({"a", "b", "Deployment"}, "c", 1, {}, {}));
  EXPECT_EQ(MakeWeeklySummary(report, {}).title, "Right-sizing: not enough data yet");
  EXPECT_TRUE(Contains(MakeWeeklySummary(report, {}).text, "without enough data: 1"));
}

TEST(WeeklySlot, Parses) {
  EXPECT_EQ(ParseWeeklySlot("monday 09:00").value(), (WeeklySlot{1, 9, 0}));
  EXPECT_EQ(ParseWeeklySlot("Sunday 23:59").value(), (WeeklySlot{0, 23, 59}));
  for (const char* text : {"", "monday", "monday 9:00", "mon 09:00", "monday 24:00", "monday 09:60",
                           "monday 09:00 x", "monday -1:00", "monday 09-00", "monday +9:00"}) {
    EXPECT_FALSE(ParseWeeklySlot(text).ok()) << text;
  }
}

TEST(WeeklySlot, IsTheLastOneByTheClockOnTheWall) {
  struct Case {
    const char* slot;
    const char* zone;
    const char* now;
    const char* last;
  };
  for (const Case& c : {
           // 2026-11-23 is a Monday.
           Case{"monday 09:00", "UTC", "2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z"},
           Case{"monday 09:00", "UTC", "2026-11-23T08:59:59Z", "2026-11-16T09:00:00Z"},
           Case{"monday 09:00", "UTC", "2026-11-29T23:00:00Z", "2026-11-23T09:00:00Z"},
           Case{"sunday 00:00", "UTC", "2026-11-29T00:00:00Z", "2026-11-29T00:00:00Z"},
           Case{"monday 09:00", "Europe/Berlin", "2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"},
           Case{"monday 09:00", "Europe/Berlin", "2026-07-06T12:00:00Z", "2026-07-06T07:00:00Z"},
           // Monday in Auckland is Sunday in London.
           Case{"monday 09:00", "Pacific/Auckland", "2026-11-22T21:00:00Z", "2026-11-22T20:00:00Z"},
           // The clocks skip 02:30 on 2026-03-29, and show it twice on 2026-10-25.
           Case{"sunday 02:30", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29T01:00:00Z"},
           Case{"sunday 02:30", "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25T00:30:00Z"},
       }) {
    const Timestamp now = ParseRfc3339(c.now).value() / kNanosPerMilli;
    const auto last = LastSlot(ParseWeeklySlot(c.slot).value(), c.zone, now);
    ASSERT_TRUE(last.ok()) << last.status();
    EXPECT_EQ(FormatRfc3339(*last * kNanosPerMilli), c.last) << c.slot << c.zone << c.now;
  }
  EXPECT_FALSE(LastSlot({}, "Europe/Atlantis", 0).ok());
}

}  // namespace
}  // namespace outrider
