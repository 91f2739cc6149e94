// SPDX-License-Identifier: Apache-2.0
// What counts until an instant is a function that never falls: sums until the start of each week
// are made once, the rest of a week is walked day by day. The difference of two such values is the
// time between; the inverse is a search over the weeks.
#include "storage/base/business_calendar.h"

#include <algorithm>
#include <utility>

#include "storage/base/local_time.h"

namespace outrider {
namespace {

constexpr absl::CivilDay kFirstDay(2020, 1, 6);  // a Monday
constexpr int kWeeks = 2088;                     // forty years
constexpr int64_t kExactWeeks = 260;             // behind them
constexpr int64_t kLastYear = 2261;              // nanoseconds since 1970 end in 2262

Nanos InstantAt(absl::CivilDay day, int minutes, absl::TimeZone zone) {
  return InstantOf(absl::CivilSecond(day) + 60 * minutes, zone);
}

// Of weeks without holidays and changes of clocks.
int64_t LengthOf(const BusinessCalendar::Week& week) {
  int64_t minutes = 0;
  for (const auto& hours : week) {
    for (const BusinessCalendar::Hours& one : hours) minutes += one.end - one.start;
  }
  return minutes * kMinute * kNanosPerMilli;
}

// Sorted, what overlaps or touches made one.
std::vector<BusinessCalendar::Hours> Merged(std::vector<BusinessCalendar::Hours> hours) {
  std::sort(hours.begin(), hours.end(),
            [](const auto& a, const auto& b) { return a.start < b.start; });
  std::vector<BusinessCalendar::Hours> merged;
  for (const BusinessCalendar::Hours& one : hours) {
    if (!merged.empty() && one.start <= merged.back().end) {
      merged.back().end = std::max(merged.back().end, one.end);
    } else {
      merged.push_back(one);
    }
  }
  return merged;
}

// The last day that has begun. Where clocks are set back across midnight, the day that had begun
// goes on.
absl::CivilDay DayOf(Nanos time, absl::TimeZone zone) {
  absl::CivilDay day(LocalAt(time, zone));
  while (InstantAt(day + 1, 0, zone) <= time) ++day;
  return day;
}

}  // namespace

BusinessCalendar::BusinessCalendar(Options options) : options_(std::move(options)) {
  always_ = std::all_of(options_.week.begin(), options_.week.end(),
                        [](const auto& hours) { return hours.empty(); });
  for (std::vector<Hours>& hours : options_.week) hours = Merged(std::move(hours));
  std::sort(options_.holidays.begin(), options_.holidays.end());
  if (always_) return;
  weeks_.reserve(kWeeks + 1);
  int64_t sum = 0;
  absl::CivilDay day = kFirstDay;
  for (int week = 0; week <= kWeeks; ++week) {
    weeks_.push_back(sum);
    for (int i = 0; i < 7; ++i, ++day) sum += CountDay(day);
  }
}

std::span<const BusinessCalendar::Hours> BusinessCalendar::HoursOf(absl::CivilDay day) const {
  if (std::binary_search(options_.holidays.begin(), options_.holidays.end(), day)) return {};
  return options_.week[static_cast<size_t>(absl::GetWeekday(day))];
}

int64_t BusinessCalendar::CountDay(absl::CivilDay day) const {
  int64_t sum = 0;
  for (const Hours& hours : HoursOf(day)) {
    sum += InstantAt(day, hours.end, options_.zone) - InstantAt(day, hours.start, options_.zone);
  }
  return sum;
}

int64_t BusinessCalendar::CountUntil(absl::CivilDay day) const {
  const int64_t days = day - kFirstDay;
  const int64_t week = std::clamp<int64_t>(days / 7, 0, kWeeks);
  int64_t sum = weeks_[static_cast<size_t>(week)];
  absl::CivilDay at = kFirstDay + 7 * week;
  for (; at < day; ++at) sum += CountDay(at);
  while (at > day) sum -= CountDay(--at);
  return sum;
}

int64_t BusinessCalendar::CountUntil(Nanos time) const {
  const absl::CivilDay day = DayOf(time, options_.zone);
  int64_t sum = CountUntil(day);
  for (const Hours& hours : HoursOf(day)) {
    const Nanos start = InstantAt(day, hours.start, options_.zone);
    if (time <= start) break;
    sum += std::min(time, InstantAt(day, hours.end, options_.zone)) - start;
  }
  return sum;
}

int64_t BusinessCalendar::Between(Nanos from, Nanos to) const {
  if (to <= from) return 0;
  return always_ ? to - from : CountUntil(to) - CountUntil(from);
}

// The first instant until which `total` counts, or the last.
Nanos BusinessCalendar::Find(int64_t total, bool last) const {
  const auto behind = last ? std::upper_bound(weeks_.begin(), weeks_.end(), total)
                           : std::lower_bound(weeks_.begin(), weeks_.end(), total);
  int64_t week = std::max<int64_t>(behind - weeks_.begin() - 1, 0);
  absl::CivilDay day = kFirstDay + 7 * week;
  int64_t sum = weeks_[static_cast<size_t>(week)];
  // Before the first day there are no sums.
  while (day.year() > 1970 && (last ? sum > total : sum >= total)) sum -= CountDay(--day);
  // Far behind the last sum the hours are not looked up day by day, which would take longer than
  // all else that is done with an incident: weeks are as long as they are without changes of
  // clocks.
  const int64_t length_of_week = LengthOf(options_.week);
  if (const int64_t weeks = (total - sum) / length_of_week; weeks > kExactWeeks) {
    const int64_t left = (absl::CivilDay(kLastYear + 1, 1, 1) - day) / 7 + 1;
    const int64_t jump = std::min(weeks - 1, left);
    day += 7 * jump;
    sum += jump * length_of_week;
  }
  for (; day.year() <= kLastYear; ++day) {
    for (const Hours& hours : HoursOf(day)) {
      const Nanos start = InstantAt(day, hours.start, options_.zone);
      const int64_t length = InstantAt(day, hours.end, options_.zone) - start;
      if (last ? sum + length > total : sum + length >= total) return start + (total - sum);
      sum += length;
    }
  }
  return InstantAt(day, 0, options_.zone);
}

Nanos BusinessCalendar::FirstAfter(Nanos from, int64_t amount) const {
  if (amount <= 0) return from;
  return always_ ? from + amount : Find(CountUntil(from) + amount, /*last=*/false);
}

Nanos BusinessCalendar::LastWithin(Nanos from, int64_t amount) const {
  if (always_) return from + std::max<int64_t>(amount, 0);
  return Find(CountUntil(from) + std::max<int64_t>(amount, 0), /*last=*/true);
}

}  // namespace outrider
