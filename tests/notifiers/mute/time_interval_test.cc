// SPDX-License-Identifier: Apache-2.0
#include "notifiers/mute/time_interval.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/duration.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<NamedTimeInterval> Intervals(const std::string& yaml) {
  const auto config = ParseAlertmanagerConfig(
      "route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals:\n" + yaml, "t.yml");
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? config->time_intervals : std::vector<NamedTimeInterval>();
}

bool Inside(const std::string& spec, std::string_view time) {
  const auto intervals = Intervals("- {name: x, time_intervals: " + spec + "}");
  return Contains(intervals.at(0), *ParseRfc3339(time));
}

struct Case {
  const char* spec;
  const char* time;
  bool inside;
};

TEST(TimeInterval, Table) {
  const Case table[] = {
      {"[{}]", "2026-11-21T00:00:00Z", true},
      {"[]", "2026-11-21T00:00:00Z", false},
      // An empty list is no time; an absent one, and null, any.
      {"[{times: []}]", "2026-11-21T00:00:00Z", false},
      {"[{weekdays: []}]", "2026-11-21T00:00:00Z", false},
      {"[{days_of_month: []}]", "2026-11-21T00:00:00Z", false},
      {"[{months: []}]", "2026-11-21T00:00:00Z", false},
      {"[{years: []}]", "2026-11-21T00:00:00Z", false},
      {"[{weekdays: [saturday], years: []}]", "2026-11-21T00:00:00Z", false},
      {"[{weekdays: [saturday], years: null}]", "2026-11-21T00:00:00Z", true},
      // [start, end), to the second; 24:00 closes the day.
      {"[{times: [{start_time: '09:00', end_time: '17:00'}]}]", "2026-11-21T08:59:59.999Z", false},
      {"[{times: [{start_time: '09:00', end_time: '17:00'}]}]", "2026-11-21T09:00:00Z", true},
      {"[{times: [{start_time: '09:00', end_time: '17:00'}]}]", "2026-11-21T16:59:59.999Z", true},
      {"[{times: [{start_time: '09:00', end_time: '17:00'}]}]", "2026-11-21T17:00:00Z", false},
      {"[{times: [{start_time: '22:00', end_time: '24:00'}]}]", "2026-11-21T23:59:59Z", true},
      {"[{times: [{start_time: '22:00', end_time: '24:00'}]}]", "2026-11-22T00:00:00Z", false},
      {"[{times: [{start_time: '00:00', end_time: '24:00'}]}]", "2026-11-22T00:00:00Z", true},
      // Weekdays: 2026-11-21 is a Saturday.
      {"[{weekdays: [saturday]}]", "2026-11-21T12:00:00Z", true},
      {"[{weekdays: ['monday:friday']}]", "2026-11-21T12:00:00Z", false},
      {"[{weekdays: ['sunday:monday']}]", "2026-11-22T12:00:00Z", true},
      {"[{weekdays: ['sunday:monday']}]", "2026-11-24T12:00:00Z", false},
      // Days from the month's end; short months cut or skip.
      {"[{days_of_month: ['-1']}]", "2026-11-30T12:00:00Z", true},
      {"[{days_of_month: ['-1']}]", "2026-11-29T12:00:00Z", false},
      {"[{days_of_month: ['-1']}]", "2028-02-29T12:00:00Z", true},
      {"[{days_of_month: ['-1']}]", "2026-02-28T12:00:00Z", true},
      {"[{days_of_month: ['-3:-2']}]", "2026-02-26T12:00:00Z", true},
      {"[{days_of_month: ['-3:-2']}]", "2026-02-28T12:00:00Z", false},
      {"[{days_of_month: ['-31:-30']}]", "2026-02-01T12:00:00Z", false},
      {"[{days_of_month: ['-31:-28']}]", "2026-02-01T12:00:00Z", true},
      {"[{days_of_month: ['31']}]", "2026-11-30T12:00:00Z", false},
      {"[{days_of_month: ['30:31']}]", "2026-02-28T12:00:00Z", false},
      {"[{days_of_month: ['28:31']}]", "2026-02-28T12:00:00Z", true},
      {"[{days_of_month: ['25:-1']}]", "2026-02-28T12:00:00Z", true},
      {"[{days_of_month: ['25:-2']}]", "2026-02-28T12:00:00Z", false},
      // Months, years; fields AND, values OR, entries OR.
      {"[{months: ['october:november']}]", "2026-11-21T12:00:00Z", true},
      {"[{months: [12]}]", "2026-11-21T12:00:00Z", false},
      {"[{years: ['2024:2026']}]", "2026-11-21T12:00:00Z", true},
      {"[{years: [2027]}]", "2026-11-21T12:00:00Z", false},
      {"[{months: [11], weekdays: [monday]}]", "2026-11-21T12:00:00Z", false},
      {"[{months: [11], weekdays: [monday, saturday]}]", "2026-11-21T12:00:00Z", true},
      {"[{months: [1]}, {weekdays: [saturday]}]", "2026-11-21T12:00:00Z", true},
      // The day is that of the zone.
      {"[{weekdays: [sunday], location: Asia/Tokyo}]", "2026-11-21T15:00:00Z", true},
      {"[{weekdays: [sunday], location: Asia/Tokyo}]", "2026-11-21T14:59:59Z", false},
      {"[{years: [2027], location: Pacific/Auckland}]", "2026-12-31T12:00:00Z", true},
      // Berlin is UTC+1 in winter and UTC+2 in summer.
      {"[{times: [{start_time: '09:00', end_time: '10:00'}], location: Europe/Berlin}]",
       "2026-01-15T08:30:00Z", true},
      {"[{times: [{start_time: '09:00', end_time: '10:00'}], location: Europe/Berlin}]",
       "2026-07-15T08:30:00Z", false},
      {"[{times: [{start_time: '09:00', end_time: '10:00'}], location: Europe/Berlin}]",
       "2026-07-15T07:30:00Z", true},
      // 2026-03-29: 02:00 to 03:00 does not exist there; 01:00Z is 03:00.
      {"[{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin}]",
       "2026-03-29T00:59:59Z", false},
      {"[{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin}]",
       "2026-03-29T01:00:00Z", false},
      {"[{times: [{start_time: '03:00', end_time: '04:00'}], location: Europe/Berlin}]",
       "2026-03-29T01:00:00Z", true},
      // 2026-10-25: 02:00 to 03:00 comes twice.
      {"[{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin}]",
       "2026-10-25T00:30:00Z", true},
      {"[{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin}]",
       "2026-10-25T01:30:00Z", true},
      {"[{times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin}]",
       "2026-10-25T02:00:00Z", false},
      // A zone off by 45 minutes.
      {"[{times: [{start_time: '00:00', end_time: '00:01'}], location: Asia/Kathmandu}]",
       "2026-11-20T18:15:30Z", true},
  };
  for (const Case& c : table)
    EXPECT_EQ(Inside(c.spec, c.time), c.inside) << c.spec << " " << c.time;
}

TEST(TimeInterval, MutedAt) {
  const auto all = Intervals(
      "- {name: weekend, time_intervals: [{weekdays: [saturday, sunday]}]}\n"
      "- {name: november, time_intervals: [{months: [11]}]}\n"
      "- {name: night, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]}\n");
  const Nanos saturday = *ParseRfc3339("2026-11-21T12:00:00Z");
  const std::vector<std::string> none;
  const std::vector<std::string> mute = {"night", "weekend", "november", "gone"};
  const std::vector<std::string> night = {"night"};
  const std::vector<std::string> either = {"night", "weekend"};

  EXPECT_FALSE(MutedAt(all, none, none, saturday).muted);
  EXPECT_FALSE(MutedAt(all, night, none, saturday).muted);
  const RouteMute muted = MutedAt(all, mute, none, saturday);
  EXPECT_TRUE(muted.muted);
  EXPECT_FALSE(muted.by_active);
  EXPECT_THAT(muted.names, ElementsAre("weekend", "november"));

  EXPECT_FALSE(MutedAt(all, none, either, saturday).muted);
  const RouteMute inactive = MutedAt(all, none, night, saturday);
  EXPECT_TRUE(inactive.muted);
  EXPECT_TRUE(inactive.by_active);
  EXPECT_THAT(inactive.names, ElementsAre("night"));

  EXPECT_TRUE(MutedAt(all, either, either, saturday).muted);
  EXPECT_THAT(MutedAt(all, none, none, saturday).names, IsEmpty());
}

}  // namespace
}  // namespace outrider
