// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/burn_rate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using testing::HasSubstr;

// specs/incidents_oncall_slo.md §2.5, its table.
struct GoldenRow {
  size_t at;
  SloSeverity severity;
  DurationMs long_window;
  DurationMs short_window;
  double factor_30d;
  double factor_28d;
  double exhausted_hours_30d;
  double detected_seconds;  // at 100 % errors, objective 99.9 %
};
constexpr GoldenRow kGolden[] = {
    {0, SloSeverity::kPage, kHour, 5 * kMinute, 14.4, 13.44, 50, 52},
    {1, SloSeverity::kPage, 6 * kHour, 30 * kMinute, 6, 5.6, 5 * 24, 130},
    {2, SloSeverity::kTicket, kDay, 2 * kHour, 3, 2.8, 10 * 24, 259},
    {3, SloSeverity::kTicket, 3 * kDay, 6 * kHour, 1, 0.933, 30 * 24, 259},
};

TEST(BurnRateTest, WorkbookTable) {
  const auto month = SlothWindows(30 * kDay);
  const auto weeks = SlothWindows(28 * kDay);
  ASSERT_EQ(month.size(), 4U);
  for (const GoldenRow& row : kGolden) {
    SCOPED_TRACE(row.at);
    EXPECT_EQ(month[row.at].severity, row.severity);
    EXPECT_EQ(month[row.at].long_window, row.long_window);
    EXPECT_EQ(month[row.at].short_window, row.short_window);
    EXPECT_EQ(month[row.at].long_window, 12 * month[row.at].short_window);
    EXPECT_NEAR(month[row.at].factor, row.factor_30d, 1e-12);
    EXPECT_NEAR(weeks[row.at].factor, row.factor_28d, 0.0005);
    EXPECT_NEAR(ExhaustionSeconds(month[row.at].factor, 30 * kDay), row.exhausted_hours_30d * 3600,
                1e-6);
    EXPECT_NEAR(DetectionSeconds(month[row.at], 0.999, 1), row.detected_seconds, 0.5);
  }
}

TEST(BurnRateTest, DetectionSlowsWithFewerErrors) {
  const BurnWindows page = SlothWindows(30 * kDay)[0];
  EXPECT_NEAR(DetectionSeconds(page, 0.999, 0.1), 518.4, 1e-9);
  EXPECT_NEAR(DetectionSeconds(page, 0.99, 1), 518.4, 1e-9);
}

TEST(BurnRateTest, PyrraScalesWindowsAndKeepsFactors) {
  const auto weeks = PyrraWindows(28 * kDay);
  const auto week = PyrraWindows(7 * kDay);
  const double factors[] = {14, 7, 2, 1};
  const DurationMs longs[] = {kHour, 6 * kHour, kDay, 4 * kDay};
  const DurationMs shorts[] = {5 * kMinute, 30 * kMinute, 2 * kHour, 6 * kHour};
  const DurationMs holds[] = {2 * kMinute, 15 * kMinute, kHour, 3 * kHour};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(weeks[i].factor, factors[i]);
    EXPECT_EQ(weeks[i].long_window, longs[i]);
    EXPECT_EQ(weeks[i].short_window, shorts[i]);
    EXPECT_EQ(weeks[i].hold, holds[i]);
    EXPECT_EQ(week[i].long_window, longs[i] / 4);
  }
  EXPECT_EQ(week[0].short_window, kMinute) << "75 s, whole minutes";
}

TEST(BurnRateTest, WhatCanNeverFireIsRefusedAndNamed) {
  const auto month = SlothWindows(30 * kDay);
  EXPECT_TRUE(CheckCanFire(month, 0.94, false).ok()) << "14.4 × 6 % = 0.864";
  const Status refused = CheckCanFire(month, 0.93, false);
  ASSERT_FALSE(refused.ok()) << "14.4 × 7 % = 1.008";
  EXPECT_THAT(Message(refused), HasSubstr("the page alert over 5m and 1h can never fire"));
  EXPECT_THAT(Message(refused), HasSubstr("error ratio of 1.008"));
  EXPECT_THAT(Message(refused), HasSubstr("above 93.0556 %"));
  EXPECT_TRUE(CheckCanFire(std::span(month).subspan(2), 0.7, false).ok());
  const BurnWindows at_one{.short_window = kMinute, .long_window = kHour, .factor = 4};
  EXPECT_FALSE(CheckCanFire({&at_one, 1}, 0.75, false).ok()) << "nothing is above a ratio of 1";
  EXPECT_TRUE(CheckCanFire({&at_one, 1}, 0.75, true).ok()) << "errors only are at it";
  const BurnWindows dusty{.short_window = kMinute, .long_window = kHour, .factor = 20};
  EXPECT_TRUE(CheckCanFire({&dusty, 1}, 0.95, true).ok()) << "1 - 0.95 is more than 0.05";
  EXPECT_THAT(Message(CheckCanFire({&at_one, 1}, 0.74, true)), HasSubstr("to at least 75 %"));
  EXPECT_THAT(Message(CheckCanFire(month, 1, false)), HasSubstr("no error budget"));
}

}  // namespace
}  // namespace outrider
