// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/seasonal_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "rules/detect/explain_text.h"
#include "rules/detect/robust_stats.h"
#include "rules/detect/saved_fields.h"
#include "rules/detect/single.h"

namespace outrider {
namespace {

constexpr DurationMs kOffsetHalfLife = kHour;
constexpr DurationMs kDeviationHalfLife = 12 * kHour;
// However rare the samples are, one does not replace more of a running mean than this many
// half-lives would.
constexpr float kMostPerOffset = 0.15F;
constexpr float kMostPerSample = 0.02F;
// So many usual distances from what is expected, and four times as near to what was there a day
// ago, is a routine.
constexpr double kFarOff = 4;
constexpr double kCloser = 0.25;
// A day of it replaces what was expected, all but what is left of a mean after one time constant.
constexpr double kDayOfRoutine = 1;
// The usual distance from a weekly routine is at least this share of what it differs by: there are
// too few of them to learn it.
constexpr double kWeeklyVaries = 0.05;

}  // namespace

SeasonalModel::SeasonalModel(const DetectorOptions& options, absl::TimeZone zone)
    : local_time_(zone),
      level_fade_(std::min(options.half_life, kDay), kMostPerSample),
      offset_fade_(std::min(options.half_life, kOffsetHalfLife), kMostPerOffset),
      deviation_fade_(std::min(options.half_life, kDeviationHalfLife), kMostPerSample),
      seasons_({options.hour_of_day, options.day_of_week}, options.half_life) {}

Expectation SeasonalModel::Expect(Timestamp time) {
  const LocalSlot slot = local_time_.At(time);
  season_ = seasons_.At(slot);
  const double scale =
      kSigmaOfMeanDistance * seasons_.DeviationAt(slot, static_cast<double>(deviation_));
  Expectation expected{level_ + season_ + offset_, scale, scale};
  routine_.set_in_force(false);
  const auto weekly = routine_.WeeklyAt(slot);
  if (weekly && weekly->expected) ExpectWeekly(weekly->value, expected, &expected);
  return expected;
}

// Unless the season knows it, or it is nothing else.
void SeasonalModel::ExpectWeekly(float value, const Expectation& base, Expectation* expected) {
  const double there = level_ + static_cast<double>(value);
  const double distance = std::fabs(there - base.value);
  if (distance < kFarOff * base.above) return;
  routine_.set_in_force(true);
  season_ = static_cast<double>(value);
  const double scale = std::max(base.above, kWeeklyVaries * distance);
  *expected = {there, scale, scale};
}

bool SeasonalModel::Recall(Timestamp time, double value, Expectation* expected) {
  recalled_ = std::numeric_limits<float>::quiet_NaN();
  const LocalSlot slot = local_time_.At(time);
  const auto known = routine_.Add(slot, value - level_);
  if (routine_.in_force()) {
    const double without = level_ + seasons_.At(slot) + offset_;
    if (std::fabs(value - expected->value) < std::fabs(value - without)) routine_.NoteFar();
    return false;
  }
  const double distance = std::fabs(value - expected->value);
  if (distance < kFarOff * expected->above) return false;
  const auto is_like = [&](float before) {
    return std::fabs(value - level_ - static_cast<double>(before)) <= kCloser * distance;
  };
  if (known && is_like(*known)) {
    recalled_ = *known;
    expected->value = level_ + static_cast<double>(*known);
    return true;
  }
  routine_.NoteFar();
  const auto weekly = routine_.WeeklyAt(slot);
  if (!weekly || !is_like(weekly->value)) return false;
  ExpectWeekly(weekly->value, Expectation(*expected), expected);
  return true;
}

void SeasonalModel::Learn(Timestamp time, double value, const StepTracker::Step& step) {
  if (samples_ == 0) {
    level_ = value;
    samples_ = 1;
    return;
  }
  if (routine_.in_force()) return;  // what the hour of the week knows the season need not
  double residual = value - level_ - season_;
  double distance = std::fabs(residual - offset_);
  double at_least = 0;
  double routine = 0;
  const bool recalls = std::isfinite(recalled_);
  if (recalls) {
    // The season takes the routine, level and deviation what the sample differs from it.
    routine = static_cast<double>(recalled_) - season_;
    residual -= routine;
    distance = std::fabs(residual);
    at_least = kDayOfRoutine;
  }
  const double deviation_gain = deviation_fade_.Gain(step.length, samples_ - 1);
  Move(deviation_, deviation_gain * (distance - static_cast<double>(deviation_)));
  // After a gap nothing is known of the hour before: the sample itself says where the series is.
  const double follow = step.gap ? 1 : offset_fade_.Gain(step.length, samples_);
  if (!recalls) offset_ += follow * (residual - offset_);
  const double moved = level_fade_.Gain(step.length, samples_) * residual;
  level_ += moved;
  offset_ -= moved;  // what the level has taken over is no longer off
  if (step.length > 0) {
    const double per_hour = moved * static_cast<double>(kHour) / static_cast<double>(step.length);
    Move(trend_, (1 - level_fade_.Keep(step.length)) * (per_hour - static_cast<double>(trend_)));
  }
  seasons_.Learn(local_time_.At(time), residual + routine - moved,
                 {distance, static_cast<double>(deviation_), at_least}, step.length);
  if (samples_ < UINT32_MAX) ++samples_;
}

void SeasonalModel::Describe(Explanation* explanation) const {
  const double mean = seasons_.Mean();
  explanation->season = season_ - mean;
  explanation->level = LevelOfVerdict(*explanation, explanation->season, level_ + mean + offset_);
  explanation->trend_per_hour = static_cast<double>(trend_);
  constexpr std::array<const char*, 7> kDays = {"Mondays", "Tuesdays",  "Wednesdays", "Thursdays",
                                                "Fridays", "Saturdays", "Sundays"};
  const LocalSlot slot = LocalTime(local_time_).At(explanation->time);
  explanation->reasons.push_back(
      fmt::format("at {:02}:{:02} on {} it usually is {} {} the level of {}", slot.hour,
                  static_cast<int>(slot.fraction * 60),
                  routine_.in_force() ? kDays[static_cast<size_t>(slot.weekday)]
                  : slot.weekend()    ? "weekends"
                                      : "weekdays",
                  ShortNumber(std::fabs(explanation->season)),
                  explanation->season < 0 ? "below" : "above", ShortNumber(explanation->level)));
}

void SeasonalModel::Save(RowWriter& out) const {
  out.U64(samples_).Double(level_).Double(offset_).Double(season_).I64(0);
  PutFloats(out, std::array{deviation_, trend_});
  seasons_.Save(out);
  routine_.Save(out);
}

void SeasonalModel::Load(RowReader& in) {
  samples_ = static_cast<uint32_t>(std::min<uint64_t>(in.U64(), UINT32_MAX));
  level_ = TakeFinite(in);
  offset_ = TakeFinite(in);
  season_ = TakeFinite(in);
  in.I64();  // a time, once
  std::array<float, 2> floats{};
  TakeFloats(in, floats);
  deviation_ = std::max(0.0F, floats[0]);
  trend_ = floats[1];
  seasons_.Load(in);
  if (in.format() >= 3) routine_.Load(in);
}

}  // namespace outrider
