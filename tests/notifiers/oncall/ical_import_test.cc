// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/ical_import.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "notifiers/oncall/ical.h"
#include "storage/base/duration.h"
#include "storage/base/local_time.h"

namespace outrider {
namespace {

CalendarImport Berlin() { return {*FindZone("Europe/Berlin"), "cal.ics"}; }

// The lines of one event.
std::string Calendar(const std::string& lines) {
  return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n" + lines +
         "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}

std::vector<std::string> Shifts(const std::string& text, size_t most = 100) {
  const auto shifts = ParseICalendar(text, Berlin());
  EXPECT_TRUE(shifts.ok()) << shifts.status();
  std::vector<std::string> out;
  if (!shifts.ok()) return out;
  for (size_t i = 0; i < shifts->size() && i < most; ++i) {
    const FixedShift& shift = shifts->at(i);
    out.push_back(
        fmt::format("{} {} {}", shift.user, FormatRfc3339(shift.start), FormatRfc3339(shift.end)));
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(ICalendarImport, ReadsTimesOfEveryKind) {
  const struct {
    const char* lines;
    Texts wanted;
  } kCases[] = {
      {"SUMMARY:anna\r\nDTSTART:20261201T080000Z\r\nDTEND:20261201T160000Z",
       {"anna 2026-12-01T08:00:00Z 2026-12-01T16:00:00Z"}},
      {"SUMMARY:anna\r\nDTSTART:20261201T080000\r\nDURATION:PT8H30M",
       {"anna 2026-12-01T07:00:00Z 2026-12-01T15:30:00Z"}},
      {"SUMMARY:anna\r\nDTSTART;TZID=America/New_York:20261201T080000\r\n"
       "DTEND;TZID=\"America/New_York\":20261202T080000",
       {"anna 2026-12-01T13:00:00Z 2026-12-02T13:00:00Z"}},
      {"SUMMARY:anna\r\nDTSTART;VALUE=DATE:20261201",
       {"anna 2026-11-30T23:00:00Z 2026-12-01T23:00:00Z"}},
      {"SUMMARY:anna\r\nDTSTART;VALUE=DATE:20261201\r\nDTEND;VALUE=DATE:20261208",
       {"anna 2026-11-30T23:00:00Z 2026-12-07T23:00:00Z"}},
      // Folded, in the middle of a word.
      {"SUMM\r\n ARY:an\r\n\tna\r\nDTSTART:20261201T080000Z\r\nDTEND:2026120\r\n 1T160000Z",
       {"anna 2026-12-01T08:00:00Z 2026-12-01T16:00:00Z"}},
      {"SUMMARY:Smith\\, Anna\r\nDTSTART:20261201T080000Z\r\nDURATION:P1W",
       {"Smith, Anna 2026-12-01T08:00:00Z 2026-12-08T08:00:00Z"}},
      {"SUMMARY:x\r\nSTATUS:CANCELLED\r\nDTSTART:20261201T080000Z\r\nDURATION:P1W", {}},
      // A night in which clocks are set back is an hour longer.
      {"SUMMARY:anna\r\nDTSTART;TZID=Europe/Berlin:20261024T220000\r\n"
       "DTEND;TZID=Europe/Berlin:20261025T060000",
       {"anna 2026-10-24T20:00:00Z 2026-10-25T05:00:00Z"}},
  };
  for (const auto& c : kCases) EXPECT_EQ(Shifts(Calendar(c.lines)), c.wanted) << c.lines;
}

TEST(ICalendarImport, FollowsRules) {
  const struct {
    const char* rule;
    Texts starts;  // local ones of Berlin; the event is on Friday 2026-10-23 from 09:00 to 17:00
  } kCases[] = {
      {"FREQ=DAILY;COUNT=4", {"10-23", "10-24", "10-25", "10-26"}},
      {"FREQ=DAILY;INTERVAL=3;UNTIL=20261029T080000Z", {"10-23", "10-26", "10-29"}},
      {"FREQ=DAILY;INTERVAL=3;UNTIL=20261029T075959Z", {"10-23", "10-26"}},
      {"FREQ=DAILY;UNTIL=20261024", {"10-23", "10-24"}},
      {"FREQ=DAILY;BYDAY=SA,SU;COUNT=3", {"10-24", "10-25", "10-31"}},
      {"FREQ=WEEKLY;COUNT=3", {"10-23", "10-30", "11-06"}},
      {"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=4", {"10-23", "11-02", "11-06", "11-16"}},
      // With weeks from Sunday the Sunday behind is of the next one.
      {"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,FR;WKST=MO;COUNT=3", {"10-23", "10-25", "11-06"}},
      {"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,FR;WKST=SU;COUNT=3", {"10-23", "11-01", "11-06"}},
      {"FREQ=MONTHLY;COUNT=3", {"10-23", "11-23", "12-23"}},
      {"FREQ=MONTHLY;BYDAY=-1FR,1MO;COUNT=3", {"10-30", "11-02", "11-27"}},
      {"FREQ=MONTHLY;INTERVAL=2;BYDAY=4FR;COUNT=2", {"10-23", "12-25"}},
  };
  for (const auto& c : kCases) {
    const auto shifts =
        ParseICalendar(Calendar("SUMMARY:a\r\nDTSTART;TZID=Europe/Berlin:20261023T090000\r\n"
                                "DTEND;TZID=Europe/Berlin:20261023T170000\r\nRRULE:" +
                                std::string(c.rule)),
                       Berlin());
    ASSERT_TRUE(shifts.ok()) << shifts.status();
    Texts starts;
    for (const FixedShift& shift : *shifts) {
      const absl::CivilSecond local = LocalAt(shift.start, Berlin().zone);
      EXPECT_EQ(local.hour(), 9) << "in winter too";
      EXPECT_EQ(shift.end - shift.start, 8 * 3600 * kNanosPerSecond);
      starts.push_back(fmt::format("{:02}-{:02}", local.month(), local.day()));
    }
    EXPECT_EQ(starts, c.starts) << c.rule;
  }
}

TEST(ICalendarImport, AMonthWithoutTheDayIsLeftOut) {
  EXPECT_EQ(Shifts(Calendar("SUMMARY:a\r\nDTSTART:20260131T090000Z\r\nDURATION:PT1H\r\n"
                            "RRULE:FREQ=MONTHLY;COUNT=3")),
            (Texts{"a 2026-01-31T09:00:00Z 2026-01-31T10:00:00Z",
                   "a 2026-03-31T09:00:00Z 2026-03-31T10:00:00Z",
                   "a 2026-05-31T09:00:00Z 2026-05-31T10:00:00Z"}));
}

TEST(ICalendarImport, WithoutAnEndUntilTheHorizon) {
  const auto shifts = ParseICalendar(Calendar("SUMMARY:a\r\nDTSTART:20260105T090000Z\r\n"
                                              "DURATION:P7D\r\nRRULE:FREQ=WEEKLY"),
                                     Berlin());
  ASSERT_TRUE(shifts.ok()) << shifts.status();
  EXPECT_EQ(shifts->size(), 730U);
  EXPECT_EQ(FormatRfc3339(shifts->back().start), "2039-12-26T09:00:00Z");
}

TEST(ICalendarImport, ExceptionsTakeAwayAndReplace) {
  EXPECT_EQ(Shifts("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:anna\n"
                   "DTSTART:20261201T080000Z\nDTEND:20261201T160000Z\n"
                   "RRULE:FREQ=DAILY;COUNT=4\nEXDATE:20261202T080000Z\nEND:VEVENT\n"
                   "BEGIN:VEVENT\nUID:1\nSUMMARY:ben\nRECURRENCE-ID:20261203T080000Z\n"
                   "DTSTART:20261203T100000Z\nDTEND:20261203T180000Z\nEND:VEVENT\n"
                   "BEGIN:VEVENT\nUID:1\nSTATUS:CANCELLED\nRECURRENCE-ID:20261204T080000Z\n"
                   "DTSTART:20261204T080000Z\nEND:VEVENT\nEND:VCALENDAR\n"),
            (Texts{"anna 2026-12-01T08:00:00Z 2026-12-01T16:00:00Z",
                   "ben 2026-12-03T10:00:00Z 2026-12-03T18:00:00Z"}));
}

TEST(ICalendarImport, WhatStandsAroundEventsIsPassedOver) {
  EXPECT_EQ(Shifts("BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n"
                   "DTSTART:19701025T030000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n"
                   "END:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nSUMMARY:anna\r\n"
                   "DTSTART:20261201T080000Z\r\nDURATION:PT1H\r\nBEGIN:VALARM\r\n"
                   "DURATION:PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"),
            Texts{"anna 2026-12-01T08:00:00Z 2026-12-01T09:00:00Z"});
}

TEST(ICalendarImport, ReadsItsOwnExport) {
  Schedule schedule;
  schedule.name = "web, team";
  const Segment segment{
      3600 * kNanosPerSecond, 7200 * kNanosPerSecond, {{"anna"}, OnCallSource::kLayer, "l"}};
  EXPECT_EQ(
      Shifts(ICalendar(schedule, {.segments = {segment}, .from = 0, .looked_from = 0}, "", 0)),
      Texts{"anna 1970-01-01T01:00:00Z 1970-01-01T02:00:00Z"});
}

TEST(ICalendarImport, RefusesWithTheLine) {
  const std::string event = "SUMMARY:a\r\nDTSTART:20261201T080000Z\r\n";
  const struct {
    std::string text;
    const char* error;
  } kCases[] = {
      {"", "cal.ics:1: BEGIN:VCALENDAR is missing"},
      {"hello", "BEGIN:VCALENDAR is missing"},
      {"BEGIN:VCALENDAR\n", "END:VCALENDAR is missing"},
      {"BEGIN:VCALENDAR\nEND:VEVENT\n", "cal.ics:2: END:VEVENT without its BEGIN"},
      {Calendar("SUMMARY:a"), "cal.ics:3: an event without DTSTART"},
      {Calendar("DTSTART:20261201T080000Z\r\nDURATION:PT1H"), "whose shift is it?"},
      {Calendar("SUMMARY:a\r\nDTSTART:20261301T080000Z"),
       "cal.ics:5: \"20261301T080000Z\" is no time"},
      {Calendar("SUMMARY:a\r\nDTSTART:20260230T080000Z"), "is no time"},
      {Calendar("SUMMARY:a\r\nDTSTART;TZID=Mars/Base:20261201T080000"), "unknown time zone"},
      {Calendar("SUMMARY:a\r\nDTSTART;TZID=/etc/passwd:20261201T080000"), "unknown time zone"},
      {Calendar(event + "DTEND:20261201T080000Z"), "must end behind its start"},
      {Calendar(event + "X:1"), "without DTEND and DURATION"},
      {Calendar(event + "DURATION:8h"), "is no duration"},
      {Calendar(event + "DURATION:PT"), "is no duration"},
      {Calendar(event + "RRULE:FREQ=YEARLY"), "cal.ics:6: RRULE: FREQ=YEARLY is not supported"},
      {Calendar(event + "RRULE:INTERVAL=2"), "FREQ is missing"},
      {Calendar(event + "RRULE:FREQ=DAILY;INTERVAL=0"), "\"0\" is no INTERVAL"},
      {Calendar(event + "RRULE:FREQ=DAILY;BYSETPOS=1"), "BYSETPOS is not supported"},
      {Calendar(event + "RRULE:FREQ=WEEKLY;BYDAY=1MO"), "numbered days go with FREQ=MONTHLY"},
      {Calendar(event + "RRULE:FREQ=WEEKLY;BYDAY=XX"), "is no day of BYDAY"},
      {Calendar(event + "RDATE:20261202T080000Z"), "RDATE is not supported"},
  };
  for (const auto& c : kCases) {
    const auto parsed = ParseICalendar(c.text, Berlin());
    ASSERT_FALSE(parsed.ok()) << c.text;
    EXPECT_NE(Message(parsed.status()).find(c.error), std::string::npos) << parsed.status();
  }
}

}  // namespace
}  // namespace outrider
