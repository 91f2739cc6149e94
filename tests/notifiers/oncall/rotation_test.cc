// SPDX-License-Identifier: Apache-2.0
// Rotations over changes of clocks: the vectors of specs/incidents_oncall_slo.md §2.1, and every
// zone there is against a model that watches the clock.
#include "notifiers/oncall/rotation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>

#include "storage/base/local_time.h"

namespace outrider {
namespace {

constexpr int64_t kHourNanos = kHour * kNanosPerMilli;

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

Nanos Utc(const char* text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%dT%H:%M:%SZ", text, &time, &error)) << text << error;
  return absl::ToUnixNanos(time);
}

Rotation Make(const std::string& zone, absl::CivilSecond start, ShiftUnit unit, int64_t length = 1,
              std::vector<std::string> participants = {"a", "b", "c"}) {
  Rotation rotation;
  rotation.zone = Zone(zone);
  rotation.start = start;
  rotation.unit = unit;
  rotation.length = length;
  rotation.participants = std::move(participants);
  return rotation;
}

struct Boundary {
  int64_t k;
  const char* start;  // UTC
  double hours;       // of the shift; below 0: not stated
};
struct Vector {
  const char* name;
  const char* zone;
  absl::CivilSecond start;
  ShiftUnit unit;
  int64_t length;
  std::vector<Boundary> boundaries;
};

TEST(Rotation, HandsOffByTheClockOnTheWall) {
  using C = absl::CivilSecond;
  using U = ShiftUnit;
  const Vector vectors[] = {
      {"weekly",
       "America/New_York",
       C(2026, 1, 5, 9),
       U::kWeeks,
       1,
       {{8, "2026-03-02T14:00:00Z", 167},
        {9, "2026-03-09T13:00:00Z", 168},
        {42, "2026-10-26T13:00:00Z", 169},
        {43, "2026-11-02T14:00:00Z", -1}}},
      {"hand-off in a gap",
       "America/New_York",
       C(2026, 3, 1, 2, 30),
       U::kDays,
       1,
       {{6, "2026-03-07T07:30:00Z", 23.5},
        {7, "2026-03-08T07:00:00Z", 23.5},
        {8, "2026-03-09T06:30:00Z", -1}}},
      {"hand-off in a fold",
       "America/New_York",
       C(2026, 10, 25, 1, 30),
       U::kDays,
       1,
       {{7, "2026-11-01T05:30:00Z", 25}, {8, "2026-11-02T06:30:00Z", -1}}},
      {"eight hours",
       "America/Chicago",
       C(2018, 11, 21, 10),
       U::kHours,
       8,
       {{2531, "2021-03-14T08:00:00Z", 7}, {2532, "2021-03-14T15:00:00Z", -1}}},
      {"hourly",
       "America/New_York",
       C(2026, 3, 1),
       U::kHours,
       1,
       {{169, "2026-03-08T06:00:00Z", 1},
        {170, "2026-03-08T07:00:00Z", 0},
        {171, "2026-03-08T07:00:00Z", -1}}},
      {"half an hour",
       "Australia/Lord_Howe",
       C(2026, 4, 1),
       U::kDays,
       1,
       {{4, "2026-04-04T13:00:00Z", 24.5}, {5, "2026-04-05T13:30:00Z", -1}}},
      {"gap at midnight",
       "America/Santiago",
       C(2026, 8, 30),
       U::kDays,
       1,
       {{7, "2026-09-06T04:00:00Z", 23}, {8, "2026-09-07T03:00:00Z", -1}}},
      {"gap at midnight",
       "Africa/Cairo",
       C(2026, 4, 1),
       U::kDays,
       1,
       {{23, "2026-04-23T22:00:00Z", 23}, {24, "2026-04-24T21:00:00Z", -1}}},
      {"a day that was left out",
       "Pacific/Apia",
       C(2011, 12, 26),
       U::kDays,
       1,
       {{4, "2011-12-30T10:00:00Z", 0}, {5, "2011-12-30T10:00:00Z", 24}}},
      {"months from their start",
       "Europe/London",
       C(2026, 1, 31, 9),
       U::kMonths,
       1,
       {{0, "2026-01-31T09:00:00Z", -1},
        {1, "2026-02-28T09:00:00Z", -1},
        {2, "2026-03-31T08:00:00Z", -1},
        {3, "2026-04-30T08:00:00Z", -1}}},
      {"beyond the tables of 2037",
       "America/New_York",
       C(2026, 1, 5, 9),
       U::kWeeks,
       1,
       {{1001, "2045-03-13T13:00:00Z", 168}}},
  };
  for (const Vector& v : vectors) {
    const Rotation rotation = Make(v.zone, v.start, v.unit, v.length);
    for (const Boundary& boundary : v.boundaries) {
      SCOPED_TRACE(fmt::format("{} {} #{}", v.name, v.zone, boundary.k));
      const Nanos start = ShiftStart(rotation, boundary.k);
      EXPECT_EQ(start, Utc(boundary.start)) << absl::FormatTime(absl::FromUnixNanos(start));
      if (boundary.hours < 0) continue;
      const auto length = static_cast<double>(ShiftStart(rotation, boundary.k + 1) - start);
      EXPECT_EQ(length / static_cast<double>(kHourNanos), boundary.hours);
      if (boundary.hours == 0) continue;
      EXPECT_EQ(ShiftAt(rotation, start), boundary.k);
      EXPECT_NE(ShiftAt(rotation, start - 1), boundary.k);
    }
  }
}

// specs/source_systems.md §3.4, but for the turns before the start: nobody has one.
TEST(Rotation, TakesTurns) {
  const Rotation rotation = Make("UTC", absl::CivilSecond(2025, 10, 28), ShiftUnit::kWeeks);
  const std::pair<const char*, const char*> cases[] = {
      {"2025-10-28T00:00:00Z", "a"}, {"2025-11-03T23:59:59Z", "a"}, {"2025-11-04T00:00:00Z", "b"},
      {"2025-11-18T00:00:00Z", "a"}, {"2025-10-27T23:59:59Z", ""},  {"2025-10-20T00:00:00Z", ""}};
  for (const auto& [time, user] : cases) {
    EXPECT_EQ(ParticipantOf(rotation, ShiftAt(rotation, Utc(time))), user) << time;
  }
  EXPECT_EQ(ParticipantOf(Make("UTC", {}, ShiftUnit::kDays, 1, {}), 5), "");
}

std::vector<std::string> AllZones() {
  const std::filesystem::path root = "/usr/share/zoneinfo";
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string name = entry.path().lexically_relative(root).string();
    const bool twice = name.starts_with("posix/") || name.starts_with("right/");
    absl::TimeZone zone;
    if (!twice && entry.is_regular_file() && absl::LoadTimeZone(name, &zone)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Somebody who looks at the clock every five minutes and hands over when it first shows the time.
void WatchTheClock(const Rotation& rotation, Nanos from, Nanos to, int64_t seconds) {
  absl::CivilSecond latest = LocalAt(from, rotation.zone);
  for (Nanos now = from; now < to; now += 300 * kNanosPerSecond) {
    latest = std::max(latest, LocalAt(now, rotation.zone));
    const int64_t k = ShiftAt(rotation, now);
    const int64_t passed = latest - rotation.start;
    ASSERT_EQ(k, passed / seconds - (passed % seconds < 0 ? 1 : 0))
        << absl::FormatTime(absl::FromUnixNanos(now));
    ASSERT_LE(ShiftStart(rotation, k), now);
    ASSERT_GT(ShiftStart(rotation, k + 1), now);
  }
}

TEST(Rotation, AgreesWithTheClockInEveryZone) {
  const std::vector<std::string> names = AllZones();
  ASSERT_GT(names.size(), 300U);
  std::mt19937_64 random(1);
  int changes = 0;
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const absl::TimeZone zone = Zone(name);
    absl::Time from = absl::FromUnixNanos(Utc("2024-01-01T00:00:00Z"));
    absl::TimeZone::CivilTransition change;
    for (int i = 0; i < 2 && zone.NextTransition(from, &change); ++i, ++changes) {
      from = zone.At(change.from).trans;
      const auto unit = static_cast<ShiftUnit>(random() % 3);
      const auto length = static_cast<int64_t>(1 + random() % 5);
      const int64_t seconds = length * (unit == ShiftUnit::kHours  ? 3600
                                        : unit == ShiftUnit::kDays ? 86'400
                                                                   : 604'800);
      const absl::CivilSecond start =
          absl::CivilDay(2023, 12, 1) + static_cast<int64_t>(random() % 20);
      const Rotation rotation =
          Make(name, start + static_cast<int64_t>(random() % 96) * 900, unit, length);
      const Nanos at = absl::ToUnixNanos(from);
      WatchTheClock(rotation, at - 30 * kHourNanos, at + 30 * kHourNanos, seconds);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(changes, 200);
}

TEST(Rotation, MonthsNeverDrift) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200; ++i) {
    const absl::CivilSecond start =
        absl::CivilSecond(absl::CivilDay(2024, 1, 1) + static_cast<int64_t>(random() % 400)) +
        static_cast<int64_t>(random() % 86'400);
    const Rotation rotation =
        Make("Europe/Berlin", start, ShiftUnit::kMonths, static_cast<int64_t>(1 + random() % 3));
    for (int64_t k = 0; k < 60; ++k) {
      const Nanos begin = ShiftStart(rotation, k);
      ASSERT_EQ(ShiftAt(rotation, begin), k);
      ASSERT_EQ(ShiftAt(rotation, ShiftStart(rotation, k + 1) - 1), k);
      const absl::CivilSecond local = LocalAt(begin, rotation.zone);
      const int last = (absl::CivilDay(absl::CivilMonth(local) + 1) - 1).day();
      ASSERT_EQ(local.day(), std::min(start.day(), last));
    }
  }
}

}  // namespace
}  // namespace outrider
