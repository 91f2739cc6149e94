// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/ical.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

constexpr Nanos kStart = 1'790'000'000LL * kNanosPerSecond;  // 2026-09-21T14:13:20Z
constexpr int64_t kHourNanos = kHour * kNanosPerMilli;

std::vector<Segment> Two() {
  return {
      {kStart, kStart + kHourNanos, {{"anna"}, OnCallSource::kLayer, "l"}},
      {kStart + kHourNanos, kStart + 2 * kHourNanos, {{"anna", "ben"}, OnCallSource::kLayer, "l"}}};
}

TEST(ICalendar, IsOneEventAShift) {
  Schedule schedule;
  schedule.name = "web, nights; a\\b";
  EXPECT_EQ(ICalendar(schedule, Two(), "", 0, kStart),
            "BEGIN:VCALENDAR\r\n"
            "VERSION:2.0\r\n"
            "PRODID:-//Outrider//On call//EN\r\n"
            "X-WR-CALNAME:On call: web\\, nights\\; a\\\\b\r\n"
            "X-WR-TIMEZONE:UTC\r\n"
            "BEGIN:VEVENT\r\n"
            "UID:web\\, nights\\; a\\\\b-anna-20260921T141320Z@outrider\r\n"
            "DTSTAMP:20260921T141320Z\r\n"
            "DTSTART:20260921T141320Z\r\n"
            "DTEND:20260921T161320Z\r\n"
            "SUMMARY:On call: anna (web\\, nights\\; a\\\\b)\r\n"
            "END:VEVENT\r\n"
            "BEGIN:VEVENT\r\n"
            "UID:web\\, nights\\; a\\\\b-ben-20260921T151320Z@outrider\r\n"
            "DTSTAMP:20260921T141320Z\r\n"
            "DTSTART:20260921T151320Z\r\n"
            "DTEND:20260921T161320Z\r\n"
            "SUMMARY:On call: ben (web\\, nights\\; a\\\\b)\r\n"
            "END:VEVENT\r\n"
            "END:VCALENDAR\r\n");
}

TEST(ICalendar, OfOnePersonAndInShortLines) {
  Schedule schedule;
  for (int i = 0; i < 40; ++i) schedule.name += "äöü";
  const std::string text = ICalendar(schedule, Two(), "ben", 0, kStart);
  EXPECT_EQ(text.find("anna"), std::string::npos);
  std::string unfolded;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 75U);
    EXPECT_NE(text[at] & 0xC0, 0x80) << "a character was torn";
    const bool more = text[at] == ' ';
    if (more) unfolded.resize(unfolded.size() - 1);
    unfolded.append(text, at + (more ? 1 : 0), end - at - (more ? 1 : 0)).append("\n");
    at = end + 2;
  }
  EXPECT_NE(unfolded.find("\nX-WR-CALNAME:On call: " + schedule.name + "\n"), std::string::npos);
}

}  // namespace
}  // namespace outrider
