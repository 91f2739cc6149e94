// SPDX-License-Identifier: Apache-2.0
#include "storage/base/business_calendar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "storage/base/local_time.h"

namespace outrider {
namespace {

constexpr int64_t kMinuteNanos = 60 * kNanosPerSecond;
constexpr int64_t kHourNanos = 60 * kMinuteNanos;

absl::TimeZone Zone(const std::string& name) {
  const auto zone = FindZone(name);
  EXPECT_TRUE(zone.has_value()) << name;
  return zone.value_or(absl::UTCTimeZone());
}

BusinessCalendar Office(const char* zone, std::vector<absl::CivilDay> holidays = {}) {
  BusinessCalendar::Options options;
  options.name = "office";
  options.zone_name = zone;
  options.zone = Zone(zone);
  for (size_t day = 0; day < 5; ++day) options.week[day] = {{9 * 60, 17 * 60}};
  options.holidays = std::move(holidays);
  return BusinessCalendar(std::move(options));
}

struct At {
  absl::TimeZone zone;
  Nanos operator()(int year, int month, int day, int hour = 0, int minute = 0) const {
    return InstantOf(absl::CivilSecond(year, month, day, hour, minute, 0), zone);
  }
};

TEST(BusinessCalendar, CountsHoursOfTheWeek) {
  const BusinessCalendar office = Office("Europe/Berlin", {absl::CivilDay(2026, 12, 25)});
  const At at{Zone("Europe/Berlin")};
  struct Row {
    Nanos from, to;
    int64_t hours;
  };
  const Row rows[] = {
      {at(2026, 11, 23, 9), at(2026, 11, 23, 17), 8},     // a Monday
      {at(2026, 11, 23, 16), at(2026, 11, 24, 10), 2},    // over night
      {at(2026, 11, 27, 16), at(2026, 11, 30, 10), 2},    // over a weekend
      {at(2026, 11, 28, 0), at(2026, 11, 30, 9), 0},      // within one
      {at(2026, 12, 24, 16), at(2026, 12, 28, 10), 2},    // over Christmas
      {at(2026, 10, 19, 0), at(2026, 11, 2, 0), 80},      // two weeks, one an hour longer
      {at(2026, 1, 1, 0), at(2027, 1, 1, 0), 260 * 8},    // 261 weekdays less Christmas
      {at(2026, 11, 23, 17), at(2026, 11, 23, 9), 0},     // back
      {at(2019, 12, 2, 9), at(2019, 12, 3, 17), 16},      // before the sums begin
      {at(2019, 12, 30, 0), at(2020, 1, 13, 0), 80},      // across
      {at(2060, 12, 6, 0), at(2061, 12, 5, 0), 52 * 40},  // behind them
  };
  for (const Row& row : rows) {
    EXPECT_EQ(office.Between(row.from, row.to), row.hours * kHourNanos)
        << absl::FormatTime(absl::FromUnixNanos(row.from));
  }
}

TEST(BusinessCalendar, FindsWhenAnAmountIsUsedUp) {
  const BusinessCalendar office = Office("America/New_York", {absl::CivilDay(2026, 11, 26)});
  const At at{Zone("America/New_York")};
  struct Row {
    Nanos from;
    int64_t amount;
    Nanos first, last;
  };
  const Row rows[] = {
      {at(2026, 11, 23, 10), kHourNanos, at(2026, 11, 23, 11), at(2026, 11, 23, 11)},
      // The day ends with it: as much has counted until the next one begins.
      {at(2026, 11, 23, 9), 8 * kHourNanos, at(2026, 11, 23, 17), at(2026, 11, 24, 9)},
      {at(2026, 11, 25, 16), 2 * kHourNanos, at(2026, 11, 27, 10), at(2026, 11, 27, 10)},
      {at(2026, 11, 28, 3), 0, at(2026, 11, 28, 3), at(2026, 11, 30, 9)},
      {at(2026, 11, 28, 3), kMinuteNanos, at(2026, 11, 30, 9, 1), at(2026, 11, 30, 9, 1)},
      {at(2026, 2, 27, 9), 80 * kHourNanos, at(2026, 3, 12, 17), at(2026, 3, 13, 9)},
      {at(2019, 12, 31, 9), 24 * kHourNanos, at(2020, 1, 2, 17), at(2020, 1, 3, 9)},
      {at(2061, 1, 3, 9), 9 * kHourNanos, at(2061, 1, 4, 10), at(2061, 1, 4, 10)},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(office.FirstAfter(row.from, row.amount), row.first)
        << absl::FormatTime(absl::FromUnixNanos(row.from));
    EXPECT_EQ(office.LastWithin(row.from, row.amount), row.last)
        << absl::FormatTime(absl::FromUnixNanos(row.from));
  }
}

// A minute a week makes 87 years of a target of ten days. Day by day that took longer than all else
// that is done with an incident.
TEST(BusinessCalendar, WhatIsFarAwayIsReckonedByWeeks) {
  BusinessCalendar::Options options;
  options.week[0] = {{9 * 60, 9 * 60 + 1}};
  const BusinessCalendar tiny(options);
  const At at{absl::UTCTimeZone()};
  const Nanos from = at(2026, 11, 23, 9);  // a Monday
  struct Row {
    int64_t weeks;  // = minutes
    Nanos first;
  };
  const Row rows[] = {
      {1, at(2026, 11, 23, 9, 1)},
      {1000, at(2046, 1, 15, 9, 1)},
      {2000, at(2065, 3, 16, 9, 1)},  // behind the sums, day by day
      {5000, at(2122, 9, 14, 9, 1)},  // by weeks
      {12000, at(2256, 11, 10, 9, 1)},
      {20000, at(2262, 1, 1, 0)},  // never
      {10L * 365 * 24 * 60, at(2262, 1, 1, 0)},
  };
  Nanos before = 0;
  for (const Row& row : rows) {
    const Nanos found = tiny.FirstAfter(from, row.weeks * kMinuteNanos);
    if (row.weeks < 20000) {
      EXPECT_EQ(absl::FormatTime(absl::FromUnixNanos(found)),
                absl::FormatTime(absl::FromUnixNanos(row.first)));
    } else {
      EXPECT_GE(found, row.first);
    }
    EXPECT_GE(found, before);
    before = found;
    EXPECT_GE(tiny.LastWithin(from, row.weeks * kMinuteNanos), found);
  }
  const absl::Time start = absl::Now();
  for (int i = 0; i < 1000; ++i) (void)tiny.LastWithin(from, 10L * 365 * 24 * 60 * kMinuteNanos);
  EXPECT_LT(absl::Now() - start, absl::Seconds(5)) << "it took 67 ms each";
}

TEST(BusinessCalendar, WithoutHoursAllTimeCounts) {
  const BusinessCalendar always{BusinessCalendar::Options()};
  EXPECT_TRUE(always.always());
  EXPECT_EQ(always.Between(5, 105), 100);
  EXPECT_EQ(always.FirstAfter(5, 100), 105);
  EXPECT_EQ(always.LastWithin(5, 100), 105);
}

// Hours that begin in a repeated hour begin with its first pass; those in a skipped one, when the
// clocks change.
TEST(BusinessCalendar, ChangesOfClocks) {
  struct Row {
    const char* zone;
    absl::CivilDay day;
    BusinessCalendar::Hours hours;
    int64_t minutes;
  };
  const Row rows[] = {
      {"Europe/Berlin", absl::CivilDay(2026, 3, 29), {0, 1440}, 23 * 60},
      {"Europe/Berlin", absl::CivilDay(2026, 10, 25), {0, 1440}, 25 * 60},
      {"Europe/Berlin", absl::CivilDay(2026, 3, 29), {150, 240}, 60},    // 02:30 is skipped
      {"Europe/Berlin", absl::CivilDay(2026, 10, 25), {120, 180}, 120},  // 02:00 comes twice
      {"Australia/Lord_Howe", absl::CivilDay(2026, 4, 5), {0, 1440}, 24 * 60 + 30},
      {"Africa/Cairo", absl::CivilDay(2026, 4, 24), {0, 60}, 0},  // midnight is skipped
      {"America/Santiago", absl::CivilDay(2026, 9, 6), {0, 120}, 60},
      {"Pacific/Apia", absl::CivilDay(2011, 12, 30), {0, 1440}, 0},  // the day that was not
      {"Asia/Kathmandu", absl::CivilDay(2026, 3, 29), {0, 1440}, 24 * 60},
  };
  for (const Row& row : rows) {
    BusinessCalendar::Options options;
    options.zone = Zone(row.zone);
    for (auto& day : options.week) day = {row.hours};
    const BusinessCalendar calendar(std::move(options));
    const absl::TimeZone zone = Zone(row.zone);
    EXPECT_EQ(calendar.Between(InstantOf(absl::CivilSecond(row.day), zone),
                               InstantOf(absl::CivilSecond(row.day + 1), zone)),
              row.minutes * kMinuteNanos)
        << row.zone << " " << absl::FormatCivilTime(row.day);
  }
}

// The naive model: minute by minute, by a clock on the wall that is never set back (in a repeated
// hour it waits).
class MinuteModel {
 public:
  MinuteModel(const BusinessCalendar& calendar, Nanos from, Nanos to) : from_(from) {
    const BusinessCalendar::Options& options = calendar.options();
    absl::CivilSecond shown = LocalAt(from - 2 * kHourNanos, options.zone);
    for (Nanos time = from - 2 * kHourNanos; time < to; time += kMinuteNanos) {
      shown = std::max(shown, LocalAt(time, options.zone));
      if (time < from) continue;
      sums_.push_back(sum_);
      if (Counts(options, shown)) sum_ += kMinuteNanos;
    }
    sums_.push_back(sum_);
  }
  int64_t Between(Nanos from, Nanos to) const { return SumAt(to) - SumAt(from); }
  int64_t SumAt(Nanos time) const {
    return sums_[static_cast<size_t>((time - from_) / kMinuteNanos)];
  }
  size_t minutes() const { return sums_.size() - 1; }

 private:
  static bool Counts(const BusinessCalendar::Options& options, absl::CivilSecond shown) {
    const absl::CivilDay day(shown);
    for (const absl::CivilDay& holiday : options.holidays) {
      if (holiday == day) return false;
    }
    const int minute = shown.hour() * 60 + shown.minute();
    for (const auto& hours : options.week[static_cast<size_t>(absl::GetWeekday(day))]) {
      if (minute >= hours.start && minute < hours.end) return true;
    }
    return false;
  }

  Nanos from_;
  int64_t sum_ = 0;
  std::vector<int64_t> sums_;
};

BusinessCalendar RandomCalendar(std::mt19937& random, const char* zone) {
  const auto below = [&](int limit) {
    return static_cast<int>(random() % static_cast<unsigned>(limit));
  };
  BusinessCalendar::Options options;
  options.zone = Zone(zone);
  for (auto& day : options.week) {
    for (int i = below(4); i > 0; --i) {
      const int start = below(1440);
      day.push_back({start, start + 1 + below(1440 - start)});
    }
  }
  options.week[0].push_back({below(600), 700});
  for (int i = 0; i < 20; ++i) options.holidays.push_back(absl::CivilDay(2026, 1, 1) + below(365));
  return BusinessCalendar(std::move(options));
}

TEST(BusinessCalendar, AgreesWithAModelMinuteByMinute) {
  std::mt19937 random(9);
  for (const char* zone : {"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                           "Africa/Cairo", "America/Santiago", "Asia/Kathmandu"}) {
    const Nanos begin = At{absl::UTCTimeZone()}(2026, 1, 1);
    const Nanos end = At{absl::UTCTimeZone()}(2027, 1, 1);
    const BusinessCalendar calendar = RandomCalendar(random, zone);
    const MinuteModel model(calendar, begin, end);
    ASSERT_EQ(calendar.Between(begin, end), model.Between(begin, end)) << zone;
    for (int i = 0; i < 4000; ++i) {
      const auto one = static_cast<int64_t>(random() % model.minutes()) * kMinuteNanos;
      // Half of them within some days.
      const auto other = i % 2 == 0
                             ? static_cast<int64_t>(random() % model.minutes()) * kMinuteNanos
                             : one + static_cast<int64_t>(random() % 7200) * kMinuteNanos;
      const Nanos from = begin + std::min(one, other);
      const Nanos to = std::min(begin + std::max(one, other), end);
      const int64_t amount = model.Between(from, to);
      ASSERT_EQ(calendar.Between(from, to), amount) << zone << " " << from << " " << to;
      const Nanos first = calendar.FirstAfter(from, amount);
      const Nanos last = calendar.LastWithin(from, amount);
      ASSERT_LE(first, to) << zone;
      ASSERT_GE(last, to) << zone;
      ASSERT_EQ(calendar.Between(from, first), amount) << zone;
      ASSERT_EQ(calendar.Between(from, last), amount) << zone;
      ASSERT_EQ(calendar.Between(from, last + 1), amount + 1) << zone;
      if (amount == 0) continue;
      ASSERT_EQ(calendar.Between(from, first - 1), amount - 1) << zone;
    }
  }
}

}  // namespace
}  // namespace outrider
