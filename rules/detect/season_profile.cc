// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/season_profile.h"

#include <algorithm>
#include <cmath>

#include "rules/detect/saved_fields.h"
#include "rules/detect/single.h"

namespace outrider {
namespace {

// A part of the residual goes to the day of the week; the hours take the rest.
constexpr double kDayShare = 0.5;
constexpr double kCommonShare = 0.25;
constexpr float kNotLearnt = -1;

float Replaced(DurationMs after, DurationMs half_life) {
  return static_cast<float>(
      1 - std::exp2(-static_cast<double>(after) / static_cast<double>(half_life)));
}

}  // namespace

SeasonProfile::SeasonProfile(Kinds kinds, DurationMs half_life)
    : kinds_(kinds),
      slowest_day_(Replaced(kDay, half_life)),
      slowest_week_(Replaced(7 * kDay, 4 * half_life)) {
  deviation_.fill(kNotLearnt);
}

double SeasonProfile::Within(const std::array<float, 24>& hours, const LocalSlot& slot) {
  const auto hour = static_cast<size_t>(slot.hour);
  const auto here = static_cast<double>(hours[hour]);
  const double rise_before = here - static_cast<double>(hours[(hour + 23) % 24]);
  const double rise_after = static_cast<double>(hours[(hour + 1) % 24]) - here;
  if (rise_before * rise_after <= 0) return here;
  const double slope = std::fabs(rise_before) < std::fabs(rise_after) ? rise_before : rise_after;
  return here + slope * (slot.fraction - 0.5);
}

double SeasonProfile::At(const LocalSlot& slot) const {
  double value = 0;
  if (kinds_.hour_of_day) value += Within(hour_, slot);
  if (kinds_.day_of_week) {
    value += static_cast<double>(day_[static_cast<size_t>(slot.weekday)]);
    if (kinds_.hour_of_day && slot.weekend()) value += Within(weekend_, slot);
  }
  return value;
}

double SeasonProfile::DeviationAt(const LocalSlot& slot, double overall) const {
  // An hour's own deviation counts more the more days were seen, and never all.
  const double trust = days() / (days() + 1);
  const auto own = static_cast<double>(deviation_[static_cast<size_t>(slot.hour)]);
  if (own < 0) return overall;
  return (1 - trust / 2) * overall + trust / 2 * own;
}

void SeasonProfile::Learn(const LocalSlot& slot, double residual, const Distance& off,
                          DurationMs step) {
  const auto hour = static_cast<size_t>(slot.hour);
  const double hours = std::min(1.0, static_cast<double>(step) / static_cast<double>(kHour));
  const double per_day = std::min(
      1.0, hours * std::max({static_cast<double>(slowest_day_), 1 / (days() + 1), off.at_least}));
  const bool weekend = kinds_.day_of_week && slot.weekend();
  if (kinds_.hour_of_day) {
    // On weekends what differs is learnt beside what all days have in common.
    Move(hour_[hour], (weekend ? kCommonShare : 1) * per_day * residual);
    if (weekend) {
      const double per_weekend =
          hours * std::max<double>(slowest_week_, 1 / (weekend_watched_ / (24 * kUnits) + 1));
      Move(weekend_[hour], per_weekend * residual);
    }
  }
  if (kinds_.day_of_week) {
    const double per_week = hours / 24 * std::max<double>(slowest_week_, 1 / (days() / 7 + 1));
    Move(day_[static_cast<size_t>(slot.weekday)], kDayShare * per_week * residual);
  }
  if (deviation_[hour] < 0) {
    deviation_[hour] = 0;
    Move(deviation_[hour], off.overall);
  }
  Move(deviation_[hour], per_day * (off.distance - static_cast<double>(deviation_[hour])));
  const auto watched = static_cast<uint32_t>(std::lround(hours * kUnits));
  watched_ = std::max(watched_, watched_ + watched);  // stays at the most there can be
  if (weekend) weekend_watched_ = std::max(weekend_watched_, weekend_watched_ + watched);
}

double SeasonProfile::Mean() const {
  double sum = 0;
  for (const float value : hour_) sum += static_cast<double>(value);
  return sum / 24;
}

void SeasonProfile::Save(RowWriter& out) const {
  out.Double(watched_ / kUnits).Double(weekend_watched_ / kUnits);
  PutFloats(out, hour_);
  PutFloats(out, weekend_);
  PutFloats(out, day_);
  PutFloats(out, deviation_);
}

void SeasonProfile::Load(RowReader& in) {
  for (uint32_t* watched : {&watched_, &weekend_watched_}) {
    const double units = std::round(TakeAtLeast(in, 0) * kUnits);
    *watched = static_cast<uint32_t>(std::min<double>(units, UINT32_MAX));
  }
  TakeFloats(in, hour_);
  TakeFloats(in, weekend_);
  TakeFloats(in, day_);
  TakeFloats(in, deviation_);
  if (in.format() >= 2) return;
  for (float& deviation : deviation_) {
    if (deviation == 0) deviation = kNotLearnt;
  }
}

}  // namespace outrider
