// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/routine_memory.h"

#include <bit>
#include <cmath>

#include "rules/detect/saved_fields.h"
#include "rules/detect/single.h"

namespace outrider {
namespace {

constexpr uint16_t kMostCount = UINT16_MAX;
constexpr size_t kHours = 24;

}  // namespace

void RoutineMemory::Turn(size_t to) {
  const float mean = count_ > 0 ? sum_ / static_cast<float>(count_) : 0;
  before_[hour_] =
      count_ > 0 ? static_cast<uint16_t>(std::bit_cast<uint32_t>(mean) >> 16) : kUnknown;
  // Hours that were passed over had no samples.
  for (size_t missed = (hour_ + 1U) % kHours; missed != to; missed = (missed + 1) % kHours) {
    before_[missed] = kUnknown;
  }
  hour_ = static_cast<uint8_t>(to);
  sum_ = 0;
  count_ = 0;
}

std::optional<float> RoutineMemory::Add(int hour, double value) {
  if (static_cast<size_t>(hour) != hour_) Turn(static_cast<size_t>(hour));
  if (count_ < kMostCount) {
    Move(sum_, value);
    ++count_;
  }
  const auto before = std::bit_cast<float>(uint32_t{before_[hour_]} << 16);
  return std::isfinite(before) ? std::optional(before) : std::nullopt;
}

void RoutineMemory::Save(RowWriter& out) const {
  out.Double(static_cast<double>(sum_)).U64(count_).U64(hour_);
  for (const uint16_t half : before_) out.U64(half);
}

void RoutineMemory::Load(RowReader& in) {
  sum_ = Single(TakeFinite(in));
  count_ = static_cast<uint16_t>(TakeAtMost(in, kMostCount));
  hour_ = static_cast<uint8_t>(TakeAtMost(in, kHours - 1));
  for (uint16_t& half : before_) half = static_cast<uint16_t>(TakeAtMost(in, UINT16_MAX));
}

}  // namespace outrider
