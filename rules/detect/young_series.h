// SPDX-License-Identifier: Apache-2.0
// Little is known of a series that is young: three times as much must speak for an onset at its
// beginning, less and less later.
#pragma once

#include "storage/base/clock.h"

namespace outrider {

inline constexpr DurationMs kYoung = kDay;
inline constexpr DurationMs kYoungForNovelty = 3 * kDay;  // what happens daily is news at first

// The factor for a series of this age; 1 from `until` on.
inline double YoungBar(DurationMs age, DurationMs until) {
  constexpr double kExtra = 2;
  if (age >= until) return 1;
  return 1 + kExtra * (1 - static_cast<double>(age) / static_cast<double>(until));
}

}  // namespace outrider
