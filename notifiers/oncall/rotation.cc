// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/rotation.h"

#include <algorithm>

#include "storage/base/local_time.h"

namespace outrider {
namespace {

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int64_t SecondsOf(ShiftUnit unit) {
  switch (unit) {
    case ShiftUnit::kHours:
      return 3600;
    case ShiftUnit::kDays:
      return 86'400;
    default:
      return 7 * 86'400;
  }
}

absl::CivilSecond LocalStart(const Rotation& rotation, int64_t k) {
  const absl::CivilSecond& start = rotation.start;
  const int64_t steps = k * rotation.length;
  if (rotation.unit != ShiftUnit::kMonths) return start + steps * SecondsOf(rotation.unit);
  const absl::CivilMonth month = absl::CivilMonth(start) + steps;
  const int last_day = (absl::CivilDay(month + 1) - 1).day();
  return absl::CivilSecond(month.year(), month.month(), std::min(start.day(), last_day),
                           start.hour(), start.minute(), start.second());
}

}  // namespace

std::string_view ShiftUnitText(ShiftUnit unit) {
  constexpr std::string_view kTexts[] = {"hour", "day", "week", "month"};
  return kTexts[static_cast<size_t>(unit)];
}

Nanos ShiftStart(const Rotation& rotation, int64_t k) {
  return InstantOf(LocalStart(rotation, k), rotation.zone);
}

int64_t ShiftAt(const Rotation& rotation, Nanos time) {
  const absl::CivilSecond local = LocalAt(time, rotation.zone);
  int64_t k =
      rotation.unit == ShiftUnit::kMonths
          ? FloorDiv(absl::CivilMonth(local) - absl::CivilMonth(rotation.start), rotation.length)
          : FloorDiv(local - rotation.start, rotation.length * SecondsOf(rotation.unit));
  // Clocks that changed, and days of the month, put the guess off by a few shifts.
  while (ShiftStart(rotation, k) > time) --k;
  while (ShiftStart(rotation, k + 1) <= time) ++k;
  return k;
}

const std::string& ParticipantOf(const Rotation& rotation, int64_t k) {
  static const std::string kNobody;
  if (k < 0 || rotation.participants.empty()) return kNobody;
  return rotation.participants[static_cast<size_t>(k) % rotation.participants.size()];
}

}  // namespace outrider
