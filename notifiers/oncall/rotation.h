// SPDX-License-Identifier: Apache-2.0
// A rotation: participants who take turns. Its hand-offs are local times, not durations: a weekly
// shift that ends on Monday at nine does so in summer and in winter, and lasts 167, 168 or 169
// hours. A shift's end is the next one's start, so nobody is missing between two. Source:
// specs/incidents_oncall_slo.md §2.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "storage/base/clock.h"

namespace outrider {

enum class ShiftUnit : uint8_t { kHours, kDays, kWeeks, kMonths, kCustom };
std::string_view ShiftUnitText(ShiftUnit unit);  // hour, day, week, month, custom

struct Rotation {
  absl::TimeZone zone = absl::UTCTimeZone();
  absl::CivilSecond start;  // of shift 0, in `zone`
  ShiftUnit unit = ShiftUnit::kWeeks;
  int64_t length = 1;                     // units of a shift, at least 1; of kCustom not used
  std::vector<std::string> participants;  // in turn; "" is a turn without anybody
  // Of kCustom: how long the shifts are by the clock on the wall, in seconds, in turn; each at
  // least 1. Four days and then three: {345600, 259200}.
  std::vector<int64_t> lengths;
  bool before_start = false;  // the turns go on backwards; else nobody is on call before
};

// When shift `k` begins. Months are counted from the start and clamped to the month's last day
// (31 January, then 28 February, then 31 March). A shift may be empty: an hour that a change of
// clocks leaves out.
Nanos ShiftStart(const Rotation& rotation, int64_t k);
// The shift that `time` lies in: ShiftStart(k) <= time < ShiftStart(k + 1); negative before the
// start.
int64_t ShiftAt(const Rotation& rotation, Nanos time);
// Whose turn shift `k` is; "" without participants, and before the start where turns begin there.
const std::string& ParticipantOf(const Rotation& rotation, int64_t k);

}  // namespace outrider
