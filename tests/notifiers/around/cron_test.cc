// SPDX-License-Identifier: Apache-2.0
#include "notifiers/around/cron.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

#include "storage/base/duration.h"
#include "storage/base/local_time.h"

namespace outrider {
namespace {

Nanos At(const std::string& text) { return ParseRfc3339(text).value(); }
absl::TimeZone Zone(const std::string& name) { return *FindZone(name); }

std::vector<std::string> Starts(const char* cron, const char* zone, const char* after, int count) {
  std::vector<std::string> starts;
  const CronSpec spec = ParseCron(cron).value();
  Nanos time = At(after);
  for (int i = 0; i < count; ++i) {
    const auto next = NextStart(spec, Zone(zone), time);
    if (!next) break;
    EXPECT_EQ(LastStart(spec, Zone(zone), *next, 0), next) << "a start is the last one at itself";
    time = *next;
    starts.push_back(FormatRfc3339(time));
  }
  return starts;
}

using Texts = std::vector<std::string>;

TEST(Cron, NextStarts) {
  const struct {
    const char* cron;
    const char* zone;
    const char* after;
    Texts wanted;
  } kCases[] = {
      {"0 2 * * sat",
       "Europe/Berlin",
       "2026-11-30T00:00:00Z",
       {"2026-12-05T01:00:00Z", "2026-12-12T01:00:00Z"}},
      {"*/20 9-10 1,15 * *",
       "UTC",
       "2026-11-30T00:00:00Z",
       {"2026-12-01T09:00:00Z", "2026-12-01T09:20:00Z", "2026-12-01T09:40:00Z",
        "2026-12-01T10:00:00Z"}},
      {"5/20 0 1 1 *",
       "UTC",
       "2026-01-01T00:05:00Z",
       {"2026-01-01T00:25:00Z", "2026-01-01T00:45:00Z", "2027-01-01T00:05:00Z"}},
      // Both days restricted: either.
      {"0 0 13 * fri",
       "UTC",
       "2026-11-01T00:00:00Z",
       {"2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"}},
      // Sunday is 0 and 7.
      {"0 0 * * 7", "UTC", "2026-11-30T00:00:00Z", {"2026-12-06T00:00:00Z"}},
      {"0 0 29 feb *", "UTC", "2096-03-01T00:00:00Z", {"2104-02-29T00:00:00Z"}},
      // Clocks set forward at 02:00: 02:30 is the moment of the change, once for all its minutes.
      {"30 2 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
      {"0,15,30 2 * * *",
       "Europe/Berlin",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
      // Clocks set back at 03:00: 02:30 comes twice and counts once.
      {"30 2 * * *",
       "Europe/Berlin",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
      {"0 * * * *",
       "Europe/Berlin",
       "2026-10-24T23:30:00Z",
       {"2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"}},
      // Midnight that does not exist.
      {"0 0 * * *",
       "America/Santiago",
       "2026-09-05T12:00:00Z",
       {"2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"}},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Starts(c.cron, c.zone, c.after, static_cast<int>(c.wanted.size())), c.wanted)
        << c.cron << " in " << c.zone;
  }
}

// Against a walk over every minute of the year.
TEST(Cron, AgreesWithAWalkOverTheMinutes) {
  for (const char* zone_name : {"UTC", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo"}) {
    const absl::TimeZone zone = Zone(zone_name);
    for (const char* text : {"30 2 * * *", "*/45 0-3 * * sun", "15 */6 1-7 * *"}) {
      const CronSpec cron = ParseCron(text).value();
      constexpr int64_t kMinuteNanos = 60 * kNanosPerSecond;
      const Nanos from = At("2026-01-01T00:00:00Z");
      std::vector<Nanos> walked;
      for (Nanos time = from; time < from + 365 * 86400 * kNanosPerSecond; time += kMinuteNanos) {
        const absl::CivilMinute local(LocalAt(time, zone));
        const size_t weekday = (static_cast<size_t>(absl::GetWeekday(local)) + 1) % 7;
        const bool in_month = cron.days[static_cast<size_t>(local.day())];
        const bool day = cron.any_weekday || cron.any_day ? in_month && cron.weekdays[weekday]
                                                          : in_month || cron.weekdays[weekday];
        if (!day || !cron.hours[static_cast<size_t>(local.hour())] ||
            !cron.minutes[static_cast<size_t>(local.minute())]) {
          continue;
        }
        const bool second = InstantOf(absl::CivilSecond(local), zone) != time;
        if (!second) walked.push_back(time);
      }
      std::vector<Nanos> found;
      Nanos time = from - 1;
      while (const auto next = NextStart(cron, zone, time)) {
        if (*next >= from + 365 * 86400 * kNanosPerSecond) break;
        time = *next;
        // Those that stand for a time that does not exist are not seen by the walk.
        const absl::CivilSecond local = LocalAt(time, zone);
        const bool real = cron.hours[static_cast<size_t>(local.hour())] &&
                          cron.minutes[static_cast<size_t>(local.minute())];
        if (real) found.push_back(time);
      }
      EXPECT_EQ(found, walked) << text << " in " << zone_name;
    }
  }
}

TEST(Cron, RefusesWhatCannotBe) {
  const struct {
    const char* cron;
    const char* error;
  } kCases[] = {
      {"", "five fields are wanted"},
      {"* * * *", "five fields are wanted"},
      {"60 * * * *", "\"60\" is no minute (0 to 59)"},
      {"* 24 * * *", "\"24\" is no hour (0 to 23)"},
      {"* * 0 * *", "is no day of the month (1 to 31)"},
      {"* * * foo *", "\"foo\" is no month (1 to 12)"},
      {"* * * * 8", "is no day of the week"},
      {"5-1 * * * *", "begins behind its end"},
      {"*/0 * * * *", "is no step"},
      {"1,,2 * * * *", "\"\" is no minute"},
      {"0 0 30 2 *", "there is no such day"},
      {"0 0 31 4,6 *", "there is no such day"},
  };
  for (const auto& c : kCases) {
    const auto parsed = ParseCron(c.cron);
    ASSERT_FALSE(parsed.ok()) << c.cron;
    EXPECT_NE(Message(parsed.status()).find(c.error), std::string::npos) << parsed.status();
  }
}

}  // namespace
}  // namespace outrider
