// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/season_profile.h"

#include <algorithm>
#include <cmath>

#include "rules/detect/saved_fields.h"

namespace outrider {
namespace {

// A part of the residual goes to the day of the week; the hours take the rest.
constexpr double kDayShare = 0.5;

void Move(float& value, double by) { value = static_cast<float>(value + by); }

}  // namespace

SeasonProfile::SeasonProfile(Kinds kinds, DurationMs half_life)
    : kinds_(kinds),
      slowest_day_(1 - std::exp2(-static_cast<double>(kDay) / static_cast<double>(half_life))),
      slowest_week_(
          1 - std::exp2(-static_cast<double>(7 * kDay) / static_cast<double>(4 * half_life))) {}

SeasonProfile::Share SeasonProfile::Spread(const LocalSlot& slot) {
  // The middle of an hour is at fraction 0.5.
  const auto hour = static_cast<size_t>(slot.hour);
  if (slot.fraction >= 0.5) return {hour, (hour + 1) % 24, slot.fraction - 0.5};
  return {(hour + 23) % 24, hour, slot.fraction + 0.5};
}

double SeasonProfile::Mix(const std::array<float, 24>& hours, const Share& share) {
  return static_cast<double>(hours[share.first]) * (1 - share.of_second) +
         static_cast<double>(hours[share.second]) * share.of_second;
}

double SeasonProfile::At(const LocalSlot& slot) const {
  const Share share = Spread(slot);
  double value = 0;
  if (kinds_.hour_of_day) value += Mix(hour_, share);
  if (kinds_.day_of_week) {
    value += static_cast<double>(day_[static_cast<size_t>(slot.weekday)]);
    if (kinds_.hour_of_day && slot.weekend()) value += Mix(weekend_, share);
  }
  return value;
}

double SeasonProfile::DeviationAt(const LocalSlot& slot, double overall) const {
  // An hour's own deviation counts more the more days were seen, and never all.
  const double trust = days() / (days() + 1);
  return (1 - trust / 2) * overall + trust / 2 * Mix(deviation_, Spread(slot));
}

void SeasonProfile::Learn(const LocalSlot& slot, double residual, double distance,
                          DurationMs step) {
  const Share share = Spread(slot);
  const double hours = std::min(1.0, static_cast<double>(step) / static_cast<double>(kHour));
  const double per_day = hours * std::max(slowest_day_, 1 / (days() + 1));
  const bool weekend = kinds_.day_of_week && slot.weekend();
  for (const auto& [index, weight] :
       {std::pair{share.first, 1 - share.of_second}, std::pair{share.second, share.of_second}}) {
    if (kinds_.hour_of_day) {
      // On weekends what differs is learnt beside what all days have in common.
      Move(hour_[index], (weekend ? per_day / 4 : per_day) * weight * residual);
      if (weekend) {
        const double per_weekend = hours * std::max(slowest_week_, 1 / (weekend_hours_ / 24 + 1));
        Move(weekend_[index], per_weekend * weight * residual);
      }
    }
    Move(deviation_[index], per_day * weight * (distance - static_cast<double>(deviation_[index])));
  }
  if (kinds_.day_of_week) {
    const double per_week = hours / 24 * std::max(slowest_week_, 1 / (days() / 7 + 1));
    Move(day_[static_cast<size_t>(slot.weekday)], kDayShare * per_week * residual);
  }
  hours_ += hours;
  if (weekend) weekend_hours_ += hours;
}

double SeasonProfile::Mean() const {
  double sum = 0;
  for (const float value : hour_) sum += static_cast<double>(value);
  return sum / 24;
}

void SeasonProfile::Save(RowWriter& out) const {
  out.Double(hours_).Double(weekend_hours_);
  PutFloats(out, hour_);
  PutFloats(out, weekend_);
  PutFloats(out, day_);
  PutFloats(out, deviation_);
}

void SeasonProfile::Load(RowReader& in) {
  hours_ = TakeAtLeast(in, 0);
  weekend_hours_ = TakeAtLeast(in, 0);
  TakeFloats(in, hour_);
  TakeFloats(in, weekend_);
  TakeFloats(in, day_);
  TakeFloats(in, deviation_);
}

}  // namespace outrider
