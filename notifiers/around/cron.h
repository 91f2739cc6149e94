// SPDX-License-Identifier: Apache-2.0
// Cron expressions in a zone: minute, hour, day of the month, month, day of the week. Times are
// local ones; one that comes twice (clocks set back) counts once, at its first occurrence, one that
// does not exist (clocks set forward) counts at the moment of the change. With both days restricted
// either of them suffices, as in Vixie's cron.
#pragma once

#include <bitset>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct CronSpec {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;     // [1] to [31]
  std::bitset<13> months;   // [1] is January
  std::bitset<7> weekdays;  // [0] is Sunday
  bool any_day = false;     // `*`
  bool any_weekday = false;
};

// Five fields of `*`, numbers, names (jan, sun), ranges, steps and lists; Sunday is 0 or 7. Refused
// is what no day ever fulfils (30 February).
StatusOr<CronSpec> ParseCron(std::string_view text);

// The latest start at or before `time` that is not more than `within` nanoseconds before it.
std::optional<Nanos> LastStart(const CronSpec& cron, absl::TimeZone zone, Nanos time,
                               int64_t within);
// The first start behind `time`.
std::optional<Nanos> NextStart(const CronSpec& cron, absl::TimeZone zone, Nanos time);

}  // namespace outrider
