// SPDX-License-Identifier: Apache-2.0
// Hours of the week as configuration files have them: of schedules' layers, of calendars.
#pragma once

#include <array>
#include <string>

#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// From `start` to `end` by the clock, on the days where it begins. An end at or before the start is
// on the next day: 22:00 to 06:00, and 00:00 to 00:00 for whole days. Ends are local times too: a
// night in which clocks are set back is an hour longer.
struct WeekWindow {
  std::array<bool, 7> weekdays{true, true, true, true, true, true, true};  // [0] is Monday
  int start = 0;  // minutes after midnight, 0 to 1439
  int end = 0;
};

// {weekdays: [monday, friday], from: "09:00", to: "17:00"}; each has a default: every day, 00:00,
// 24:00. Errors: file:line:column.
StatusOr<WeekWindow> ParseWeekWindow(const YamlNode& node, const std::string& file);

}  // namespace outrider
