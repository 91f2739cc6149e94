// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/local_time.h"

#include <algorithm>
#include <limits>

namespace outrider {
namespace {

constexpr int kDaysFromMonday = 3;  // 1970-01-01 was a Thursday

int32_t Minutes(Timestamp time) {
  constexpr Timestamp kMost = std::numeric_limits<int32_t>::max();
  return static_cast<int32_t>(
      std::clamp(time / kMinute - (time % kMinute < 0 ? 1 : 0), -kMost, kMost));
}

}  // namespace

LocalSlot LocalTime::At(Timestamp time) {
  if (time < from_ * kMinute || time >= until_ * kMinute) {
    const absl::Time moment = absl::FromUnixMillis(time);
    offset_ = static_cast<int32_t>(zone_.At(moment).offset * kSecond);
    from_ = Minutes(time + kMinute - 1);
    absl::TimeZone::CivilTransition change;
    // NextTransition gives civil times; the absolute moment is that of the first of them.
    until_ = zone_.NextTransition(moment, &change)
                 ? Minutes(absl::ToUnixMillis(zone_.At(change.to).trans))
                 : std::numeric_limits<int32_t>::max();
  }
  const Timestamp local = time + offset_;
  const Timestamp day = local >= 0 ? local / kDay : (local - kDay + 1) / kDay;
  const DurationMs in_day = local - day * kDay;
  LocalSlot slot;
  slot.hour = static_cast<int>(in_day / kHour);
  slot.fraction = static_cast<double>(in_day % kHour) / static_cast<double>(kHour);
  slot.weekday = static_cast<int>(((day + kDaysFromMonday) % 7 + 7) % 7);
  return slot;
}

}  // namespace outrider
