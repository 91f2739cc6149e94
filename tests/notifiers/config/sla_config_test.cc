// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/sla_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/business_calendar.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::EndsWith;

constexpr char kText[] = R"(
calendars:
  - name: office
    time_zone: Europe/Berlin
    hours:
      - {weekdays: [monday, tuesday, wednesday, thursday], from: "09:00", to: "17:00"}
      - {weekdays: [friday], from: "22:00", to: "06:00"}
    holidays: ["2026-12-25", {date: "2026-12-26", name: Boxing Day}]
  - name: night
    hours: [{from: "20:00", to: "24:00"}]
sla:
  calendar: office
  critical: {acknowledge: 2m}
  low: {calendar: always}
  info: {calendar: night}
  pause: [hold, snooze]
  notify: [desk]
)";

std::string CalendarName(const IncidentsConfig& config, Severity severity) {
  const auto calendar = CalendarOf(config, severity);
  return calendar == nullptr ? "" : calendar->name();
}

TEST(SlaConfig, ReadsCalendarsAndWhoHasThem) {
  const auto config = ParseIncidentsConfig(kText, "incidents.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->sla[static_cast<size_t>(Severity::kCritical)].acknowledge, 2 * kMinute);
  EXPECT_EQ(CalendarName(*config, Severity::kCritical), "") << "around the clock, if not told";
  EXPECT_EQ(CalendarName(*config, Severity::kHigh), "office");
  EXPECT_EQ(CalendarName(*config, Severity::kMedium), "office");
  EXPECT_EQ(CalendarName(*config, Severity::kLow), "");
  EXPECT_EQ(CalendarName(*config, Severity::kInfo), "night");
  EXPECT_THAT(config->sla_rules.pause, ElementsAre("hold", "snooze"));
  EXPECT_THAT(config->sla_rules.notify, ElementsAre("desk"));
  const BusinessCalendar::Options& office = FindCalendar(config->sla_rules, "office")->options();
  EXPECT_EQ(office.zone.name(), "Europe/Berlin");
  EXPECT_THAT(office.week[0], ElementsAre(BusinessCalendar::Hours{540, 1020}));
  EXPECT_THAT(office.week[4], ElementsAre(BusinessCalendar::Hours{1320, 1440}));
  EXPECT_THAT(office.week[5], ElementsAre(BusinessCalendar::Hours{0, 360}));
  EXPECT_THAT(office.week[6], ElementsAre());
  EXPECT_THAT(office.holidays,
              ElementsAre(absl::CivilDay(2026, 12, 25), absl::CivilDay(2026, 12, 26)));
}

TEST(SlaConfig, WithoutSections) {
  const auto config = ParseIncidentsConfig("", "incidents.yml");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(CalendarOf(*config, Severity::kLow), nullptr);
  EXPECT_THAT(config->sla_rules.pause, ElementsAre("maintenance", "hold"));
  EXPECT_TRUE(config->sla_rules.notify.empty());
}

TEST(SlaConfig, Errors) {
  const std::pair<std::string_view, std::string> table[] = {
      {"sla: {calendar: office}", "i.yml:1:17: there is no calendar \"office\""},
      {"sla: {high: {calendar: office}}", "i.yml:1:24: there is no calendar \"office\""},
      {"sla: {pause: [lunch]}",
       "i.yml:1:14: \"lunch\" cannot pause SLA clocks: maintenance, hold and snooze can"},
      {"sla: [1]", "i.yml:1:6: a map of severities is wanted for sla"},
      {"calendars: [{hours: [{}]}]", "i.yml:1:13: missing name in calendar"},
      {"calendars: [{name: always, hours: [{}]}]",
       "a calendar cannot be named always: that is none"},
      {"calendars: [{name: a}]", "i.yml:1:13: calendar \"a\" has no hours: no time would count"},
      {"calendars: [{name: a, hours: [{}]}, {name: a, hours: [{}]}]",
       "i.yml:1:37: calendar \"a\" is not unique"},
      {"calendars: [{name: a, time_zone: ../etc, hours: [{}]}]", "unknown time zone \"../etc\""},
      {"calendars: [{name: a, hours: [{from: '25:00'}]}]",
       "\"25:00\" is no time of the day (09:00)"},
      {"calendars: [{name: a, hours: [{weekdays: [sonntag]}]}]",
       "\"sonntag\" is no day of the week"},
      {"calendars: [{name: a, hours: [{}], holidays: ['2026-02-30']}]",
       "i.yml:1:47: \"2026-02-30\" is no day (2026-12-25)"},
      {"calendars: [{name: a, hours: [{}], holidays: [{dat: x}]}]",
       "field dat not found in type holiday"},
  };
  for (const auto& [text, error] : table) {
    EXPECT_THAT(Message(ParseIncidentsConfig(text, "i.yml").status()), EndsWith(error)) << text;
  }
}

}  // namespace
}  // namespace outrider
