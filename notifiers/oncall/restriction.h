// SPDX-License-Identifier: Apache-2.0
// When a layer holds: windows of the week by local clock, such as weekdays from nine to five.
#pragma once

#include <span>
#include <vector>

#include "absl/time/time.h"
#include "notifiers/config/week_window.h"
#include "storage/base/clock.h"

namespace outrider {

// No windows: always.
bool InWindows(std::span<const WeekWindow> windows, Nanos time, absl::TimeZone zone);
// Instants in [from, to) at which the answer may change, in any order.
void WindowBoundaries(std::span<const WeekWindow> windows, Nanos from, Nanos to,
                      absl::TimeZone zone, std::vector<Nanos>* out);

}  // namespace outrider
