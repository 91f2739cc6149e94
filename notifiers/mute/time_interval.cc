// SPDX-License-Identifier: Apache-2.0
// An instant is turned into the civil time of the interval's zone and its fields are compared; so a
// daylight saving change needs no rule of its own: an hour that does not exist is never inside, one
// that comes twice is inside twice.
#include "notifiers/mute/time_interval.h"

#include <algorithm>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace outrider {
namespace {

using Range = TimeIntervalSpec::Range;

absl::CivilSecond CivilTime(const std::string& location, Nanos time) {
  absl::TimeZone zone = absl::UTCTimeZone();
  if (location == "Local") {
    zone = absl::LocalTimeZone();
  } else {
    absl::LoadTimeZone(location, &zone);  // checked when the configuration was loaded
  }
  return absl::ToCivilSecond(absl::FromUnixNanos(time), zone);
}

int DaysInMonth(const absl::CivilSecond& civil) {
  const absl::CivilMonth month(civil);
  return static_cast<int>(absl::CivilDay(month + 1) - absl::CivilDay(month));
}

bool InAny(const std::vector<Range>& ranges, int value) {
  return ranges.empty() || std::ranges::any_of(ranges, [value](const Range& range) {
           return range.begin <= value && value <= range.end;
         });
}

// Negative days count from the month's end; a range that begins behind it is skipped, one that ends
// there is cut.
bool InDaysOfMonth(const std::vector<Range>& ranges, const absl::CivilSecond& civil) {
  if (ranges.empty()) return true;
  const int last = DaysInMonth(civil);
  const auto day = [last](int written) { return written < 0 ? last + written + 1 : written; };
  for (const Range& range : ranges) {
    if (day(range.begin) > last) continue;
    if (day(range.begin) <= civil.day() && civil.day() <= std::min(day(range.end), last)) {
      return true;
    }
  }
  return false;
}

bool InTimes(const std::vector<Range>& times, const absl::CivilSecond& civil) {
  const int minute = civil.hour() * 60 + civil.minute();
  return times.empty() || std::ranges::any_of(times, [minute](const Range& range) {
           return range.begin <= minute && minute < range.end;
         });
}

// 0 = Sunday; absl counts from Monday.
int WeekdayNumber(const absl::CivilSecond& civil) {
  return (static_cast<int>(absl::GetWeekday(civil)) + 1) % 7;
}

std::vector<std::string> NamesInside(std::span<const NamedTimeInterval> all,
                                     std::span<const std::string> names, Nanos time) {
  std::vector<std::string> inside;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(all, name, &NamedTimeInterval::name);
    if (found != all.end() && Contains(*found, time)) inside.push_back(name);
  }
  return inside;
}

}  // namespace

bool ContainedIn(const TimeIntervalSpec& spec, Nanos time) {
  const absl::CivilSecond civil = CivilTime(spec.location, time);
  return InTimes(spec.times, civil) && InAny(spec.weekdays, WeekdayNumber(civil)) &&
         InDaysOfMonth(spec.days_of_month, civil) && InAny(spec.months, civil.month()) &&
         InAny(spec.years, static_cast<int>(civil.year()));
}

bool Contains(const NamedTimeInterval& interval, Nanos time) {
  return std::ranges::any_of(interval.intervals,
                             [time](const TimeIntervalSpec& spec) { return ContainedIn(spec, time); });
}

RouteMute MutedAt(std::span<const NamedTimeInterval> all, std::span<const std::string> mute_names,
                  std::span<const std::string> active_names, Nanos time) {
  if (!active_names.empty() && NamesInside(all, active_names, time).empty()) {
    return {true, true, {active_names.begin(), active_names.end()}};
  }
  std::vector<std::string> muting = NamesInside(all, mute_names, time);
  return {!muting.empty(), false, std::move(muting)};
}

}  // namespace outrider
