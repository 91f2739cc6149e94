// SPDX-License-Identifier: Apache-2.0
#include "notifiers/around/maintenance.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/base/duration.h"

namespace outrider {
namespace {

Nanos At(const std::string& text) { return ParseRfc3339(text).value(); }

// Edges within [from, to), each with what holds from there on.
std::vector<std::string> Edges(const std::string& yaml, const char* from, const char* to) {
  const auto window = ParseMaintenanceText(yaml, "anna");
  EXPECT_TRUE(window.ok()) << window.status();
  std::vector<std::string> edges;
  if (!window.ok()) return edges;
  bool active = window->ActiveAt(At(from));
  for (Nanos time = At(from); (time = window->NextEdge(time)) != 0 && time < At(to);) {
    const bool now = window->ActiveAt(time);
    if (now != active) {
      edges.push_back(fmt::format("{}{}", now ? "+" : "-", FormatRfc3339(time)));
    }
    active = now;
  }
  return edges;
}

using Texts = std::vector<std::string>;

TEST(Maintenance, BeginsAndEnds) {
  const struct {
    const char* window;
    const char* from;
    const char* to;
    Texts wanted;
  } kCases[] = {
      {"start: 2026-12-01T20:00, end: 2026-12-02T02:00, time_zone: Europe/Berlin",
       "2026-11-30T00:00:00Z",
       "2027-01-01T00:00:00Z",
       {"+2026-12-01T19:00:00Z", "-2026-12-02T01:00:00Z"}},
      {R"(every: {cron: "0 2 * * sat", duration: 2h}, time_zone: Europe/Berlin)",
       "2026-11-30T00:00:00Z",
       "2026-12-12T00:00:00Z",
       {"+2026-12-05T01:00:00Z", "-2026-12-05T03:00:00Z"}},
      // Of the hour that comes twice only the first counts; two hours are two hours.
      {R"(every: {cron: "30 2 * * *", duration: 2h}, time_zone: Europe/Berlin)",
       "2026-10-24T12:00:00Z",
       "2026-10-26T00:00:00Z",
       {"+2026-10-25T00:30:00Z", "-2026-10-25T02:30:00Z"}},
      // The hour that is left out: it begins with the change.
      {R"(every: {cron: "30 2 * * *", duration: 1h}, time_zone: Europe/Berlin)",
       "2026-03-28T12:00:00Z",
       "2026-03-30T00:00:00Z",
       {"+2026-03-29T01:00:00Z", "-2026-03-29T02:00:00Z"}},
      // Occurrences that overlap are one.
      {R"(every: {cron: "0 1,2 * * *", duration: 90m})",
       "2026-11-30T00:00:00Z",
       "2026-12-01T00:00:00Z",
       {"+2026-11-30T01:00:00Z", "-2026-11-30T03:30:00Z"}},
      // Bounds cut.
      {R"(every: {cron: "0 1 * * *", duration: 2h}, start: 2026-11-30T02:00, end: 2026-12-01T02:00)",
       "2026-11-30T00:00:00Z",
       "2026-12-09T00:00:00Z",
       {"+2026-11-30T02:00:00Z", "-2026-11-30T03:00:00Z", "+2026-12-01T01:00:00Z",
        "-2026-12-01T02:00:00Z"}},
      {R"(every: {hours: [{weekdays: [saturday, sunday]}]})",
       "2026-11-30T00:00:00Z",
       "2026-12-14T00:00:00Z",
       {"+2026-12-05T00:00:00Z", "-2026-12-07T00:00:00Z", "+2026-12-12T00:00:00Z"}},
  };
  for (const auto& c : kCases) {
    const std::string yaml = fmt::format("{{name: w, match: ['a = b'], {}}}", c.window);
    EXPECT_EQ(Edges(yaml, c.from, c.to), c.wanted) << c.window;
  }
}

TEST(Maintenance, ReadsJsonAndKeepsItsText) {
  const std::string text = R"({"name":"db","match":["service=db"],"start":"2026-12-01T20:00:00Z",)"
                           R"("end":"2026-12-01T21:00:00+01:00","note":"CHG"})";
  const auto refused = ParseMaintenanceText(text, "");
  ASSERT_FALSE(refused.ok()) << "20:00 UTC is 21:00 in Berlin";
  const auto window = ParseMaintenanceText(
      R"({"name":"db","match":["service=db"],"end":"2026-12-01T21:00:00+01:00"})", "anna");
  ASSERT_TRUE(window.ok()) << window.status();
  EXPECT_EQ(window->end, At("2026-12-01T20:00:00Z"));
  EXPECT_EQ(window->made_by, "anna");
  EXPECT_TRUE(window->FromApi());
  EXPECT_TRUE(window->ActiveAt(0)) << "without a start it holds until its end";
}

TEST(Maintenance, RefusesWithThePlace) {
  const struct {
    const char* yaml;
    const char* error;
  } kCases[] = {
      {"- {match: ['a=b'], end: 2026-12-01T21:00}", "f:1:3: missing name in maintenance window"},
      {"- {name: w, end: 2026-12-01T21:00}", "needs matchers"},
      {"- {name: w, match: ['a=b']}", "needs an end, or every"},
      {"- {name: w, match: ['a=b'], start: 2026-12-01T21:00, end: 2026-12-01T21:00}",
       "the end must lie behind the start"},
      {"- {name: w, match: ['a=b'], every: {cron: '0 2 * * *', duration: 0s}}",
       "a duration of more than 0s"},
      {"- {name: w, match: ['a=b'], every: {cron: '0 2 * * *'}}", "a duration of more than 0s"},
      {"- {name: w, match: ['a=b'], every: {cron: '0 2 * * *', duration: 32d}}", "at most 31d"},
      {"- {name: w, match: ['a=b'], every: {cron: '0 2 * *', duration: 1h}}", "five fields"},
      {"- {name: w, match: ['a=b'], every: {duration: 1h}}", "either cron with duration, or hours"},
      {"- {name: w, match: ['a=b'], every: {hours: [{}], duration: 1h}}", "goes with cron only"},
      {"- {name: w, match: ['a=b'], time_zone: ../etc, end: 2026-12-01T21:00}",
       "unknown time zone"},
      {"- {name: w, match: ['a=b'], end: tomorrow}", "is no time"},
      {"- {name: w, match: ['a=b'], end: 2026-12-01T21:00}\n"
       "- {name: w, match: ['a=b'], end: 2026-12-01T21:00}",
       "f:2:3: maintenance window \"w\" is not unique"},
      {"- {name: w, matches: ['a=b']}", "matches"},
      {"x", "maintenance"},
  };
  for (const auto& c : kCases) {
    const auto parsed = ParseMaintenance(ParseYaml(c.yaml, "f").value(), "f");
    ASSERT_FALSE(parsed.ok()) << c.yaml;
    EXPECT_NE(Message(parsed.status()).find(c.error), std::string::npos) << parsed.status();
  }
}

}  // namespace
}  // namespace outrider
