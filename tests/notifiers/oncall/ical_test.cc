// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/ical.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr Nanos kStart = 1'790'000'000LL * kNanosPerSecond;  // 2026-09-21T14:13:20Z
constexpr int64_t kHourNanos = kHour * kNanosPerMilli;
constexpr int64_t kDayNanos = 24 * kHourNanos;

FeedSegments Two() {
  return {{{kStart, kStart + kHourNanos, {{"anna"}, OnCallSource::kLayer, "l"}},
           {kStart + kHourNanos,
            kStart + 2 * kHourNanos,
            {{"anna", "ben"}, OnCallSource::kLayer, "l"}}},
          kStart,
          kStart};
}

// "UID start" of each event.
std::set<std::string> Events(const Schedule& schedule, Nanos from) {
  std::set<std::string> events;
  std::string uid;
  const std::string text =
      ICalendar(schedule, SegmentsForFeed(schedule, from, from + 40 * kDayNanos), "", from);
  for (const std::string_view line : Split(text, '\n')) {
    if (line.starts_with("UID:")) uid = Trim(line);
    if (line.starts_with("DTSTART:")) events.insert(uid + " " + std::string(Trim(line)));
  }
  return events;
}

Schedule Weekly(std::vector<std::string> users) {
  Schedule schedule;
  schedule.name = "web";
  Layer layer;
  layer.rotation.participants = std::move(users);
  layer.rotation.start = absl::CivilSecond(2020, 1, 6, 9, 0, 0);
  schedule.layers.push_back(layer);
  return schedule;
}

// Wherever the period begins, a shift is the same event; one that is cut too.
TEST(ICalendar, AShiftKeepsItsIdentity) {
  Schedule removed = Weekly({"anna", "ben"});
  removed.overrides.push_back({.kind = OverrideKind::kReplace,
                               .user = "cleo",
                               .replaced = "",
                               .start = kStart + kDayNanos,
                               .end = kStart + 2 * kDayNanos,
                               .reason = ""});
  Schedule monthly = Weekly({"anna", "ben"});
  monthly.layers[0].rotation.unit = ShiftUnit::kMonths;
  monthly.layers[0].rotation.length = 6;
  const struct {
    const char* name;
    Schedule schedule;
  } kCases[] = {
      {"weekly", Weekly({"anna", "ben"})}, {"override", removed}, {"half years", monthly}};
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    std::map<std::string, std::string> starts;
    for (int64_t hour = 0; hour < 24 * 21; hour += 5) {
      for (const std::string& event : Events(c.schedule, kStart + hour * kHourNanos)) {
        const size_t blank = event.find(" DTSTART:");
        const std::string uid = event.substr(0, blank);
        const std::string start = event.substr(blank);
        const auto [known, fresh] = starts.emplace(uid, start);
        EXPECT_EQ(known->second, start) << uid;
      }
    }
    // Two and a half months from the first feed's begin: no shift came twice.
    std::set<std::string> all;
    for (const auto& [uid, start] : starts) EXPECT_TRUE(all.insert(start).second) << uid;
    EXPECT_LE(starts.size(), 14U);
  }
  // Of somebody who is always on call.
  const std::set<std::string> first = Events(Weekly({"anna"}), kStart);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_TRUE(first.begin()->starts_with("UID:web-anna-earlier@outrider ")) << *first.begin();
}

TEST(ICalendar, IsOneEventAShift) {
  Schedule schedule;
  schedule.name = "web, nights; a\\b";
  EXPECT_EQ(ICalendar(schedule, Two(), "", kStart),
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
  const std::string text = ICalendar(schedule, Two(), "ben", kStart);
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
