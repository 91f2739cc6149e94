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

}  // namespace

SeasonalModel::SeasonalModel(const DetectorOptions& options, absl::TimeZone zone)
    : local_time_(zone),
      level_fade_(std::min(options.half_life, kDay), kMostPerSample),
      offset_fade_(std::min(options.half_life, kOffsetHalfLife), kMostPerOffset),
      deviation_fade_(std::min(options.half_life, kDeviationHalfLife), kMostPerSample),
      seasons_({options.hour_of_day, options.day_of_week}, options.half_life) {}

Expectation SeasonalModel::Expect(Timestamp time) {
  newest_ = time;
  const LocalSlot slot = local_time_.At(time);
  season_ = seasons_.At(slot);
  const double scale =
      kSigmaOfMeanDistance * seasons_.DeviationAt(slot, static_cast<double>(deviation_));
  return {level_ + season_ + offset_, scale, scale};
}

void SeasonalModel::Learn(Timestamp time, double value, const StepTracker::Step& step) {
  if (samples_ == 0) {
    newest_ = time;
    level_ = value;
    samples_ = 1;
    return;
  }
  const double residual = value - level_ - season_;
  const double distance = std::fabs(residual - offset_);
  const double deviation_gain = deviation_fade_.Gain(step.length, samples_ - 1);
  Move(deviation_, deviation_gain * (distance - static_cast<double>(deviation_)));
  // After a gap nothing is known of the hour before: the sample itself says where the series is.
  const double follow = step.gap ? 1 : offset_fade_.Gain(step.length, samples_);
  offset_ += follow * (residual - offset_);
  const double moved = level_fade_.Gain(step.length, samples_) * residual;
  level_ += moved;
  offset_ -= moved;  // what the level has taken over is no longer off
  if (step.length > 0) {
    const double per_hour = moved * static_cast<double>(kHour) / static_cast<double>(step.length);
    Move(trend_, (1 - level_fade_.Keep(step.length)) * (per_hour - static_cast<double>(trend_)));
  }
  seasons_.Learn(local_time_.At(time), residual - moved,
                 {distance, static_cast<double>(deviation_)}, step.length);
  ++samples_;
}

void SeasonalModel::Describe(Explanation* explanation) const {
  const double mean = seasons_.Mean();
  explanation->season = season_ - mean;
  explanation->level = LevelOfVerdict(*explanation, explanation->season, level_ + mean + offset_);
  explanation->trend_per_hour = static_cast<double>(trend_);
  const LocalSlot slot = LocalTime(local_time_).At(newest_);
  explanation->reasons.push_back(
      fmt::format("at {:02}:{:02} on {} it usually is {} {} the level of {}", slot.hour,
                  static_cast<int>(slot.fraction * 60), slot.weekend() ? "weekends" : "weekdays",
                  ShortNumber(std::fabs(explanation->season)),
                  explanation->season < 0 ? "below" : "above", ShortNumber(explanation->level)));
}

void SeasonalModel::Save(RowWriter& out) const {
  out.U64(samples_).Double(level_).Double(offset_).Double(season_).I64(newest_);
  PutFloats(out, std::array{deviation_, trend_});
  seasons_.Save(out);
}

void SeasonalModel::Load(RowReader& in) {
  samples_ = in.U64();
  level_ = TakeFinite(in);
  offset_ = TakeFinite(in);
  season_ = TakeFinite(in);
  newest_ = TakeTime(in);
  std::array<float, 2> floats{};
  TakeFloats(in, floats);
  deviation_ = std::max(0.0F, floats[0]);
  trend_ = floats[1];
  seasons_.Load(in);
}

}  // namespace outrider
