// SPDX-License-Identifier: Apache-2.0
// The k-th period begins at anchor + k × count units of civil time; k is estimated from the nominal
// length and then moved by at most a few steps.
#include "rules/slo/calendar_period.h"

#include <algorithm>
#include <array>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

int64_t DaysIn(int64_t year, int month) {
  const absl::CivilMonth first(year, month);
  return absl::CivilDay(first + 1) - absl::CivilDay(first);
}

// A month that has no such day ends earlier: January 31 and a month is the last of February.
absl::CivilSecond AddMonths(const WallTime& anchor, int64_t months) {
  const absl::CivilMonth month = absl::CivilMonth(anchor.year, anchor.month) + months;
  const int64_t day = std::min<int64_t>(anchor.day, DaysIn(month.year(), month.month()));
  return absl::CivilSecond(month.year(), month.month(), day, anchor.hour, anchor.minute,
                           anchor.second);
}

absl::CivilSecond CivilStart(const CalendarPeriod& period, int64_t k) {
  const WallTime& at = period.anchor;
  const int64_t units = k * period.count;
  switch (period.unit) {
    case CalendarUnit::kDaily:
      return absl::CivilSecond(at.year, at.month, at.day + units, at.hour, at.minute, at.second);
    case CalendarUnit::kWeekly:
      return absl::CivilSecond(at.year, at.month, at.day + 7 * units, at.hour, at.minute,
                               at.second);
    case CalendarUnit::kMonthly:
      return AddMonths(at, units);
    case CalendarUnit::kQuarterly:
      return AddMonths(at, 3 * units);
    case CalendarUnit::kYearly:
      return AddMonths(at, 12 * units);
  }
  return {};
}

Timestamp StartAt(const CalendarPeriod& period, const absl::TimeZone& zone, int64_t k) {
  return absl::ToUnixMillis(absl::FromCivil(CivilStart(period, k), zone));
}

// The digits of text[at, at + count), or -1.
int Digits(const std::string& text, size_t at, size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

Status CheckTimeZone(const std::string& name) {
  absl::TimeZone zone;
  if (name.empty() || !absl::LoadTimeZone(name, &zone)) {
    return NotFound("unknown time zone " + Quote(name));
  }
  return absl::OkStatus();
}

StatusOr<WallTime> ParseAnchor(const std::string& text) {
  std::string rest(Trim(text));
  if (rest.ends_with('Z')) rest.pop_back();
  const auto bad = [&] {
    return InvalidArgument(Quote(text) + " is not a time such as 2026-01-31 12:00:00");
  };
  WallTime at;
  if (rest.size() != 10 && rest.size() != 19) return bad();
  at.year = Digits(rest, 0, 4);
  at.month = Digits(rest, 5, 2);
  at.day = Digits(rest, 8, 2);
  if (rest[4] != '-' || rest[7] != '-') return bad();
  if (rest.size() == 19) {
    if ((rest[10] != ' ' && rest[10] != 'T') || rest[13] != ':' || rest[16] != ':') return bad();
    at.hour = Digits(rest, 11, 2);
    at.minute = Digits(rest, 14, 2);
    at.second = Digits(rest, 17, 2);
  }
  const bool date = at.year >= 1970 && at.month >= 1 && at.month <= 12 && at.day >= 1 &&
                    at.day <= DaysIn(at.year, at.month);
  const bool time = at.hour >= 0 && at.hour < 24 && at.minute >= 0 && at.minute < 60 &&
                    at.second >= 0 && at.second < 60;
  if (!date || !time) return bad();
  return at;
}

PeriodBounds PeriodAt(const CalendarPeriod& period, Timestamp now) {
  absl::TimeZone zone = absl::UTCTimeZone();
  absl::LoadTimeZone(period.time_zone, &zone);  // checked when the file was loaded
  int64_t k = (now - StartAt(period, zone, 0)) / NominalLength(period);
  while (StartAt(period, zone, k) > now) --k;
  while (StartAt(period, zone, k + 1) <= now) ++k;
  return {.begin = StartAt(period, zone, k), .end = StartAt(period, zone, k + 1)};
}

DurationMs NominalLength(const CalendarPeriod& period) {
  static constexpr std::array<int64_t, 5> kDaysOf = {1, 7, 30, 90, 365};
  return kDaysOf[static_cast<size_t>(period.unit)] * period.count * kDay;
}

}  // namespace outrider
