// SPDX-License-Identifier: Apache-2.0
// When a layer holds: windows of the week by local clock, such as weekdays from nine to five.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "storage/base/clock.h"

namespace outrider {

// From `start` to `end` by the clock, on the days where it begins. An end at or before the start is
// on the next day: 22:00 to 06:00, and 00:00 to 00:00 for whole days. Ends are local times too: a
// night in which clocks are set back is an hour longer.
struct WeekWindow {
  std::array<bool, 7> weekdays{true, true, true, true, true, true, true};  // [0] is Monday
  int start = 0;  // minutes after midnight, 0 to 1439
  int end = 0;
};

// No windows: always.
bool InWindows(std::span<const WeekWindow> windows, Nanos time, absl::TimeZone zone);
// Instants in [from, to) at which the answer may change, in any order.
void WindowBoundaries(std::span<const WeekWindow> windows, Nanos from, Nanos to,
                      absl::TimeZone zone, std::vector<Nanos>* out);

}  // namespace outrider
