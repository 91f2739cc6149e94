// SPDX-License-Identifier: Apache-2.0
// Sibling routes with the same matchers and receiver: each has groups and times of its own, as in
// Alertmanager, and what one has told the other does not tell again.
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

constexpr int kStartMinute = 14 * 60 + 13;  // of the day, at kT0

class TwinsTest : public DeskTest {
 protected:
  NamedTimeInterval Interval(const char* name, int from, int to) {
    TimeIntervalSpec spec;
    spec.times = {{from, to}};
    NamedTimeInterval interval;
    interval.name = name;
    interval.intervals = {spec};
    return interval;
  }
  RouteConfig Child(const DeskConfig& config, const char* active, DurationMs repeat) {
    RouteConfig child = config.alertmanager.route;
    child.matchers = {Matcher::Equal("severity", "warning")};
    child.key = "{}/{severity=\"warning\"}";
    child.active_time_intervals = {active};
    child.repeat_interval = repeat;
    child.continue_matching = true;
    return child;
  }
  // "day" ends and "night" begins `minutes` after the start.
  void DayAndNight(int minutes) {
    Adjust([&, minutes](DeskConfig& config) {
      const int change = kStartMinute + minutes;
      config.alertmanager.time_intervals = {Interval("day", 0, change),
                                            Interval("night", change, 24 * 60)};
      config.alertmanager.route.routes = {Child(config, "day", kHour),
                                          Child(config, "night", 2 * kHour)};
    });
  }
};

TEST_F(TwinsTest, TheSecondTellsInItsHours) {
  DayAndNight(-60);
  const Alert alert = MakeAlert("Disk");
  ASSERT_TRUE(Fire(alert).ok());
  Run(31);
  ASSERT_EQ(Got("team"), 1U) << "it is night";
  EXPECT_EQ(desk_->Groups(clock_.NowNanos()).size(), 2U);
  Run(2 * 3600);
  EXPECT_EQ(Got("team"), 1U) << "the night's repeat comes later, and the day's is muted";
  Run(600);
  EXPECT_EQ(Got("team"), 2U);
  Start(*disk_);
  ASSERT_TRUE(End(alert).ok());
  Run(301);
  ASSERT_EQ(Got("team"), 3U);
  EXPECT_TRUE(inbox_["team"].got[2].resolved);
  Run(601);
  EXPECT_EQ(Got("team"), 3U);
  EXPECT_TRUE(desk_->Groups(clock_.NowNanos()).empty());
}

TEST_F(TwinsTest, WhatTheFirstHasToldTheSecondKnows) {
  DayAndNight(20);
  const Alert alert = MakeAlert("Disk");
  ASSERT_TRUE(Fire(alert).ok());
  Run(31);
  ASSERT_EQ(Got("team"), 1U);
  Run(3600);
  EXPECT_EQ(Got("team"), 1U) << "the change of hours is no news";
  ASSERT_TRUE(End(alert).ok());
  Run(301);
  ASSERT_EQ(Got("team"), 2U);
  EXPECT_TRUE(inbox_["team"].got[1].resolved);
}

TEST_F(TwinsTest, BothActiveAtOnceTellItOnce) {
  Adjust([&](DeskConfig& config) {
    config.alertmanager.time_intervals = {Interval("always", 0, 24 * 60)};
    config.alertmanager.route.routes = {Child(config, "always", kHour),
                                        Child(config, "always", kHour)};
  });
  const Alert alert = MakeAlert("Disk");
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  EXPECT_EQ(Got("team"), 1U);
  inbox_["team"].answers = {SendResult::Retry("HTTP 503", "serverError")};
  ASSERT_TRUE(End(alert).ok());
  Run(400);
  ASSERT_EQ(Got("team"), 3U) << "one attempt failed, one arrived";
  EXPECT_EQ(inbox_["team"].got[1].idempotency_key, inbox_["team"].got[2].idempotency_key);
}

}  // namespace
}  // namespace outrider
