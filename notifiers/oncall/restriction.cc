// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/restriction.h"

#include <algorithm>

#include "storage/base/local_time.h"

namespace outrider {
namespace {

struct Period {
  Nanos start;
  Nanos end;
};

Period PeriodOf(const WeekWindow& window, absl::CivilDay day, absl::TimeZone zone) {
  const absl::CivilDay end_day = window.end <= window.start ? day + 1 : day;
  return {InstantOf(absl::CivilSecond(day) + 60 * window.start, zone),
          InstantOf(absl::CivilSecond(end_day) + 60 * window.end, zone)};
}

bool BeginsOn(const WeekWindow& window, absl::CivilDay day) {
  return window.weekdays[static_cast<size_t>(absl::GetWeekday(day))];
}

}  // namespace

bool InWindows(std::span<const WeekWindow> windows, Nanos time, absl::TimeZone zone) {
  if (windows.empty()) return true;
  const absl::CivilDay today(LocalAt(time, zone));
  return std::any_of(windows.begin(), windows.end(), [&](const WeekWindow& window) {
    // Tomorrow too: clocks that are set back over midnight show today again after it has begun.
    for (const absl::CivilDay day : {today - 1, today, today + 1}) {
      if (!BeginsOn(window, day)) continue;
      const Period period = PeriodOf(window, day, zone);
      if (period.start <= time && time < period.end) return true;
    }
    return false;
  });
}

void WindowBoundaries(std::span<const WeekWindow> windows, Nanos from, Nanos to,
                      absl::TimeZone zone, std::vector<Nanos>* out) {
  const absl::CivilDay last = absl::CivilDay(LocalAt(to, zone)) + 1;
  for (const WeekWindow& window : windows) {
    for (absl::CivilDay day = absl::CivilDay(LocalAt(from, zone)) - 1; day <= last; ++day) {
      if (!BeginsOn(window, day)) continue;
      const Period period = PeriodOf(window, day, zone);
      for (const Nanos edge : {period.start, period.end}) {
        if (edge >= from && edge < to) out->push_back(edge);
      }
    }
  }
}

}  // namespace outrider
