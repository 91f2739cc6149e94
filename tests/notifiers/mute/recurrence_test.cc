// SPDX-License-Identifier: Apache-2.0
#include "notifiers/mute/recurrence.h"

#include <gtest/gtest.h>

#include "notifiers/mute/silence.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

std::vector<TimeIntervalSpec> Read(std::string_view json) {
  const auto specs = ReadRecurrence(*ParseJson(json));
  EXPECT_TRUE(specs.ok()) << json << specs.status();
  return specs.value_or(std::vector<TimeIntervalSpec>());
}

constexpr Nanos kFarEnd = 4'000'000'000 * kNanosPerSecond;

struct Case {
  const char* json;
  const char* after;
  const char* edge;
};

TEST(Recurrence, Edges) {
  const Case table[] = {
      // A nightly window in UTC: in, out, and over the end of a year.
      {R"([{"times":[{"start_time":"22:00","end_time":"23:30"}]}])", "2026-11-21T10:00:00Z",
       "2026-11-21T22:00:00Z"},
      {R"([{"times":[{"start_time":"22:00","end_time":"23:30"}]}])", "2026-11-21T22:00:00Z",
       "2026-11-21T23:30:00Z"},
      {R"([{"times":[{"start_time":"22:00","end_time":"23:30"}]}])", "2026-12-31T23:30:00Z",
       "2027-01-01T22:00:00Z"},
      // Up to midnight and from midnight is one occurrence, through which nothing changes.
      {R"([{"times":[{"start_time":"22:00","end_time":"24:00"},{"start_time":"00:00","end_time":"06:00"}]}])",
       "2026-11-21T22:00:00Z", "2026-11-22T06:00:00Z"},
      // A week end; 2026-11-21 is a Saturday.
      {R"([{"weekdays":["saturday","sunday"]}])", "2026-11-18T12:00:00Z", "2026-11-21T00:00:00Z"},
      {R"([{"weekdays":["saturday","sunday"]}])", "2026-11-21T00:00:00Z", "2026-11-23T00:00:00Z"},
      // Another zone: Berlin is an hour ahead in winter, two in summer.
      {R"([{"times":[{"start_time":"02:00","end_time":"04:00"}],"location":"Europe/Berlin"}])",
       "2026-12-01T12:00:00Z", "2026-12-02T01:00:00Z"},
      {R"([{"times":[{"start_time":"02:00","end_time":"04:00"}],"location":"Europe/Berlin"}])",
       "2026-07-01T12:00:00Z", "2026-07-02T00:00:00Z"},
      // 2026-03-29 the clock goes from 02:00 to 03:00: the window is what is left of it.
      {R"([{"times":[{"start_time":"02:00","end_time":"04:00"}],"location":"Europe/Berlin"}])",
       "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
      {R"([{"times":[{"start_time":"02:00","end_time":"04:00"}],"location":"Europe/Berlin"}])",
       "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"},
      // 2026-10-25 the hour from 02:00 comes twice, and with it the window.
      {R"([{"times":[{"start_time":"02:00","end_time":"02:30"}],"location":"Europe/Berlin"}])",
       "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z"},
      {R"([{"times":[{"start_time":"02:00","end_time":"02:30"}],"location":"Europe/Berlin"}])",
       "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"},
      {R"([{"times":[{"start_time":"02:00","end_time":"02:30"}],"location":"Europe/Berlin"}])",
       "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"},
      // Rare ones: the last day of February, a year far off.
      {R"([{"days_of_month":["-1"],"months":["2"]}])", "2026-03-01T00:00:00Z",
       "2027-02-28T00:00:00Z"},
      {R"([{"months":["february"],"days_of_month":[29]}])", "2026-03-01T00:00:00Z",
       "2028-02-29T00:00:00Z"},
      // Two zones: whichever comes first.
      {R"([{"times":[{"start_time":"09:00","end_time":"10:00"}],"location":"Asia/Tokyo"},
           {"times":[{"start_time":"09:00","end_time":"10:00"}],"location":"America/New_York"}])",
       "2026-11-21T01:00:00Z", "2026-11-21T14:00:00Z"},
  };
  for (const Case& c : table) {
    const Nanos edge = NextOccurrenceEdge(Read(c.json), *ParseRfc3339(c.after), kFarEnd);
    EXPECT_EQ(FormatRfc3339(edge), c.edge) << c.json << " after " << c.after;
  }
}

TEST(Recurrence, EdgesAreWhereTheAnswerChanges) {
  // By an independent way: minute by minute through the weeks of both clock changes.
  const auto specs = Read(
      R"([{"times":[{"start_time":"01:30","end_time":"03:15"}],"weekdays":["saturday","sunday"],
           "location":"Europe/Berlin"},
          {"times":[{"start_time":"23:00","end_time":"24:00"}],"location":"Asia/Kolkata"}])");
  for (const char* from : {"2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z"}) {
    Nanos at = *ParseRfc3339(from);
    Nanos edge = NextOccurrenceEdge(specs, at, kFarEnd);
    bool inside = InOccurrence(specs, at);
    for (int minute = 0; minute < 5 * 24 * 60; ++minute) {
      at += 60 * kNanosPerSecond;
      if (InOccurrence(specs, at) != inside) {
        EXPECT_EQ(FormatRfc3339(at), FormatRfc3339(edge));
        inside = !inside;
        edge = NextOccurrenceEdge(specs, at, kFarEnd);
      }
    }
  }
}

TEST(Recurrence, WithoutAnEdgeTheEndCounts) {
  const Nanos now = *ParseRfc3339("2026-11-21T10:00:00Z");
  const Nanos end = now + 3600 * kNanosPerSecond;
  EXPECT_EQ(NextOccurrenceEdge(Read("[{}]"), now, end), end);
  // Never inside: look again in two years.
  const Nanos again = NextOccurrenceEdge(Read(R"([{"years":["1999"]}])"), now, kFarEnd);
  EXPECT_GT(again, now + 700 * kDay * kNanosPerMilli);
  EXPECT_LT(again, kFarEnd);
}

TEST(Recurrence, ReadRefuses) {
  const std::pair<const char*, const char*> table[] = {
      {"{}", "recurrence must be a list"},
      {R"([{"time":1}])", "field time not found"},
      {R"([{"times":[{"start_time":"9","end_time":"10:00"}]}])", "couldn't parse timestamp 9"},
      {R"([{"location":"Mars"}])", "unknown time zone Mars"},
      {R"([{"weekdays":["caturday"]}])", "caturday is not a valid weekday"},
      {R"([7])", ""},
  };
  for (const auto& [json, part] : table) {
    const auto specs = ReadRecurrence(*ParseJson(json));
    ASSERT_FALSE(specs.ok()) << json;
    EXPECT_NE(Message(specs.status()).find(part), std::string::npos) << specs.status();
  }
  EXPECT_TRUE(Read("null").empty());
}

TEST(Recurrence, SilenceHoldsInsideOnlyAndKeepsItsRow) {
  Silence silence;
  silence.id = "id";
  silence.matchers = *ParseMatchers("a=b");
  silence.starts_at = *ParseRfc3339("2026-11-20T00:00:00Z");
  silence.ends_at = *ParseRfc3339("2026-12-20T00:00:00Z");
  silence.recurrence = Read(R"([{"times":[{"start_time":"22:00","end_time":"23:00"}]}])");
  const std::pair<const char*, std::string_view> states[] = {
      {"2026-11-19T22:30:00Z", "pending"}, {"2026-11-21T21:59:59Z", "pending"},
      {"2026-11-21T22:00:00Z", "active"},  {"2026-11-21T23:00:00Z", "pending"},
      {"2026-12-20T22:30:00Z", "expired"},
  };
  for (const auto& [time, state] : states) {
    EXPECT_EQ(SilenceStateText(silence.StateAt(*ParseRfc3339(time))), state) << time;
  }
  const Labels labels = Labels::FromMap({{"a", "b"}});
  EXPECT_TRUE(silence.Mutes(labels, *ParseRfc3339("2026-11-25T22:10:00Z")));
  EXPECT_FALSE(silence.Mutes(labels, *ParseRfc3339("2026-11-25T21:10:00Z")));
  EXPECT_EQ(FormatRfc3339(silence.NextEdge(*ParseRfc3339("2026-11-25T22:10:00Z"))),
            "2026-11-25T23:00:00Z");
  // Between two occurrences it is changed in place: its id stays.
  Silence longer = silence;
  longer.ends_at += 3600 * kNanosPerSecond;
  EXPECT_TRUE(CanUpdateInPlace(silence, longer, *ParseRfc3339("2026-11-25T12:00:00Z")));
  // Ended between two occurrences it has ended, and has not begun anew.
  const Nanos noon = *ParseRfc3339("2026-11-25T12:00:00Z");
  const Silence ended = ExpireSilence(silence, noon);
  EXPECT_EQ(ended.ends_at, noon);
  EXPECT_EQ(ended.starts_at, silence.starts_at);
  const auto again = DecodeSilence(EncodeSilence(silence));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->recurrence, silence.recurrence);
}

TEST(Recurrence, Reach) {
  Silence silence;
  silence.starts_at = kNanosPerSecond;
  silence.ends_at = 3601 * kNanosPerSecond;
  struct Reach {
    SilenceLimits limits;
    SilenceReach reach;
    const char* part;
  };
  const Reach table[] = {
      {{}, {1000, 1000}, ""},
      {{.matching = 5}, {5, 100}, ""},
      {{.matching = 5}, {6, 100}, "would mute 6 of 100 firing alerts now (limit: 5)"},
      {{.share = 0.5}, {50, 100}, ""},
      {{.share = 0.5}, {51, 100}, "would mute 51 of 100 firing alerts now (limit: a share of 0.5)"},
      {{.share = 0.5}, {9, 9}, ""},
      {{.duration = kHour}, {0, 0}, ""},
      {{.duration = kMinute}, {0, 0}, "silence too long: 1h (limit: 1m)"},
  };
  for (const Reach& c : table) {
    const Status status = CheckSilenceReach(c.limits, silence, c.reach);
    EXPECT_EQ(status.ok(), *c.part == '\0') << c.part;
    EXPECT_NE(Message(status).find(c.part), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace outrider
