// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/rotation.h"

#include <algorithm>
#include <numeric>

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

// From the start to shift `k` of a rotation whose shifts differ in length.
int64_t CustomSeconds(const std::vector<int64_t>& lengths, int64_t k) {
  const auto count = static_cast<int64_t>(lengths.size());
  const int64_t round = FloorDiv(k, count);
  const auto rest = lengths.begin() + (k - round * count);
  return round * std::reduce(lengths.begin(), lengths.end()) + std::reduce(lengths.begin(), rest);
}

// The shift that the clock is in so many seconds after the start.
int64_t CustomShift(const std::vector<int64_t>& lengths, int64_t seconds) {
  const int64_t cycle = std::reduce(lengths.begin(), lengths.end());
  const int64_t round = FloorDiv(seconds, cycle);
  int64_t left = seconds - round * cycle;
  int64_t k = round * static_cast<int64_t>(lengths.size());
  for (const int64_t length : lengths) {
    if (left < length) break;
    left -= length;
    ++k;
  }
  return k;
}

absl::CivilSecond LocalStart(const Rotation& rotation, int64_t k) {
  const absl::CivilSecond& start = rotation.start;
  if (rotation.unit == ShiftUnit::kCustom) return start + CustomSeconds(rotation.lengths, k);
  const int64_t steps = k * rotation.length;
  if (rotation.unit != ShiftUnit::kMonths) return start + steps * SecondsOf(rotation.unit);
  const absl::CivilMonth month = absl::CivilMonth(start) + steps;
  const int last_day = (absl::CivilDay(month + 1) - 1).day();
  return absl::CivilSecond(month.year(), month.month(), std::min(start.day(), last_day),
                           start.hour(), start.minute(), start.second());
}

// The shift that a clock which never changes would be in.
int64_t ShiftByClock(const Rotation& rotation, absl::CivilSecond local) {
  const int64_t seconds = local - rotation.start;
  switch (rotation.unit) {
    case ShiftUnit::kMonths:
      return FloorDiv(absl::CivilMonth(local) - absl::CivilMonth(rotation.start), rotation.length);
    case ShiftUnit::kCustom:
      return CustomShift(rotation.lengths, seconds);
    default:
      return FloorDiv(seconds, rotation.length * SecondsOf(rotation.unit));
  }
}

}  // namespace

std::string_view ShiftUnitText(ShiftUnit unit) {
  constexpr std::string_view kTexts[] = {"hour", "day", "week", "month", "custom"};
  return kTexts[static_cast<size_t>(unit)];
}

Nanos ShiftStart(const Rotation& rotation, int64_t k) {
  return InstantOf(LocalStart(rotation, k), rotation.zone);
}

int64_t ShiftAt(const Rotation& rotation, Nanos time) {
  int64_t k = ShiftByClock(rotation, LocalAt(time, rotation.zone));
  // Clocks that changed, and days of the month, put the guess off by a few shifts.
  while (ShiftStart(rotation, k) > time) --k;
  while (ShiftStart(rotation, k + 1) <= time) ++k;
  return k;
}

const std::string& ParticipantOf(const Rotation& rotation, int64_t k) {
  static const std::string kNobody;
  if (rotation.participants.empty() || (k < 0 && !rotation.before_start)) return kNobody;
  const auto count = static_cast<int64_t>(rotation.participants.size());
  return rotation.participants[static_cast<size_t>(k - FloorDiv(k, count) * count)];
}

}  // namespace outrider
