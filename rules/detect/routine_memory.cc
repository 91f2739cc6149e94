// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/routine_memory.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "rules/detect/saved_fields.h"
#include "rules/detect/single.h"

namespace outrider {
namespace {

constexpr uint16_t kMostCount = UINT16_MAX;
constexpr size_t kHours = 24;

uint16_t UpperHalf(float value) {
  return static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16);
}

float OfUpperHalf(uint16_t half) { return std::bit_cast<float>(uint32_t{half} << 16); }

}  // namespace

void RoutineMemory::Turn(const LocalSlot& slot) {
  const float mean = count_ > 0 ? sum_ / static_cast<float>(count_) : 0;
  if (count_ > 0) CloseWeekly(mean);
  before_[hour_] = count_ > 0 ? UpperHalf(mean) : kUnknown;
  // Hours that were passed over had no samples.
  const auto to = static_cast<size_t>(slot.hour);
  for (size_t missed = (hour_ + 1U) % kHours; missed != to; missed = (missed + 1) % kHours) {
    before_[missed] = kUnknown;
  }
  hour_ = static_cast<uint8_t>(to);
  weekday_ = static_cast<uint8_t>(slot.weekday);
  sum_ = 0;
  count_ = 0;
  far_ = 0;
}

// What the hour that has ended says of the week.
void RoutineMemory::CloseWeekly(float mean) {
  const size_t of_week = OfWeek(weekday_, hour_);
  const bool came = 2U * far_ > count_;
  for (Hour& hour : weekly_) {
    if (hour.weeks == 0 || hour.of_week != of_week) continue;
    if (!came) {
      --hour.weeks;
      return;
    }
    hour.weeks = std::min<uint8_t>(kMostWeeks, static_cast<uint8_t>(hour.weeks + 1));
    hour.value = UpperHalf((OfUpperHalf(hour.value) + mean) / 2);
    return;
  }
  if (!came) return;
  // What came once gives way to what is newer, what is expected does not.
  for (size_t tried = 0; tried < 2 * weekly_.size(); ++tried) {
    Hour& hour = weekly_[next_];
    next_ = static_cast<uint8_t>((next_ + 1U) % weekly_.size());
    if (hour.weeks > (tried < weekly_.size() ? 0 : 1)) continue;
    hour = {.of_week = static_cast<uint8_t>(of_week), .weeks = 1, .value = UpperHalf(mean)};
    return;
  }
}

std::optional<RoutineMemory::Weekly> RoutineMemory::WeeklyAt(const LocalSlot& slot) const {
  const size_t of_week = OfWeek(static_cast<size_t>(slot.weekday), static_cast<size_t>(slot.hour));
  for (const Hour& hour : weekly_) {
    if (hour.weeks == 0 || hour.of_week != of_week) continue;
    return Weekly{OfUpperHalf(hour.value), hour.weeks >= kExpectedFrom};
  }
  return std::nullopt;
}

std::optional<float> RoutineMemory::Add(const LocalSlot& slot, double value) {
  if (weekday_ == kNoWeekday && slot.hour == hour_) weekday_ = static_cast<uint8_t>(slot.weekday);
  if (slot.hour != hour_ || slot.weekday != weekday_) Turn(slot);
  if (count_ < kMostCount) {
    Move(sum_, value);
    ++count_;
  }
  const float before = OfUpperHalf(before_[hour_]);
  return std::isfinite(before) ? std::optional(before) : std::nullopt;
}

void RoutineMemory::Save(RowWriter& out) const {
  out.Double(static_cast<double>(sum_)).U64(count_).U64(hour_);
  for (const uint16_t half : before_) out.U64(half);
  out.U64(far_).U64(weekday_).U64(next_);
  for (const Hour& hour : weekly_) out.U64(hour.of_week).U64(hour.weeks).U64(hour.value);
}

void RoutineMemory::Load(RowReader& in) {
  sum_ = Single(TakeFinite(in));
  count_ = static_cast<uint16_t>(TakeAtMost(in, kMostCount));
  hour_ = static_cast<uint8_t>(TakeAtMost(in, kHours - 1));
  for (uint16_t& half : before_) half = static_cast<uint16_t>(TakeAtMost(in, UINT16_MAX));
  weekday_ = kNoWeekday;
  if (in.format() < 4) return;
  far_ = static_cast<uint16_t>(TakeAtMost(in, UINT16_MAX));
  weekday_ = static_cast<uint8_t>(TakeAtMost(in, kNoWeekday));
  next_ = static_cast<uint8_t>(TakeAtMost(in, weekly_.size() - 1));
  for (Hour& hour : weekly_) {
    hour.of_week = static_cast<uint8_t>(TakeAtMost(in, 7 * kHours - 1));
    hour.weeks = static_cast<uint8_t>(TakeAtMost(in, kMostWeeks));
    hour.value = static_cast<uint16_t>(TakeAtMost(in, UINT16_MAX));
    if (!std::isfinite(OfUpperHalf(hour.value))) hour.weeks = 0;
  }
}

}  // namespace outrider
