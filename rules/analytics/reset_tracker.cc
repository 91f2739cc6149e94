// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/reset_tracker.h"

#include <algorithm>
#include <cmath>

#include "rules/analytics/saved_time.h"

namespace outrider {
namespace {

constexpr double kUndone = 0.5;  // share of a leg
constexpr uint64_t kMinRampSamples = 8;
constexpr uint64_t kFasterThanRamp = 8;
constexpr double kUsualSteps = 4;  // a reset is larger than so many of them
constexpr double kStepWeight = 1.0 / 64;
constexpr double kAlike = 0.25;  // of a reset's height: levels that agree
constexpr double kMargin = 0.1;  // of a reset's height
constexpr int kMemories = 50;

}  // namespace

bool ResetTracker::IsReset(const Place& here) const {
  const uint64_t ramp = far_.sample - from_.sample;
  const uint64_t back = here.sample - far_.sample;
  return ramp >= kMinRampSamples && back <= std::max<uint64_t>(1, ramp / kFasterThanRamp) &&
         std::fabs(here.value - far_.value) > kUsualSteps * usual_step_;
}

void ResetTracker::Add(Timestamp time, double value) {
  const Place here = {.time = time, .value = value, .sample = ++samples_};
  if (samples_ == 1 || time - far_.time > memory_) {
    from_ = far_ = here;
    direction_ = 0;
    falling_back_ = false;
    last_ = value;
    return;
  }
  if (direction_ == 0) {
    if (value != from_.value) direction_ = value > from_.value ? 1 : -1;
    far_ = here;
  } else if (direction_ * (value - far_.value) >= 0) {
    far_ = here;
    // A fall over several samples: the ramp begins anew at its end.
    if (falling_back_ && count_ > 0 && here.sample - from_.sample <= kFasterThanRamp) {
      resets_[0].time = time;
      resets_[0].height = std::fabs(value - resets_[0].level);
    }
  } else if (std::fabs(value - far_.value) > kUndone * std::fabs(far_.value - from_.value)) {
    falling_back_ = IsReset(here);
    if (falling_back_) {
      std::shift_right(resets_.begin(), resets_.end(), 1);
      resets_[0] = {.time = time,
                    .level = far_.value,
                    .height = std::fabs(value - far_.value),
                    .direction = direction_};
      count_ = std::min(count_ + 1, kResets);
    }
    from_ = far_;
    far_ = here;
    direction_ = -direction_;
  }
  const double step = std::fabs(value - last_);
  const double weight = std::max(kStepWeight, 1.0 / static_cast<double>(samples_ - 1));
  usual_step_ += weight * (step - usual_step_);
  last_ = value;
}

std::optional<double> ResetTracker::Ceiling(int direction, Timestamp now) const {
  double level = 0;
  double height = 0;
  int alike = 0;
  for (size_t i = 0; i < count_; ++i) {
    const Reset& reset = resets_[i];
    if (reset.direction != direction || now - reset.time > kMemories * memory_) continue;
    if (alike == 0) {
      level = reset.level;
      height = reset.height;
    } else if (std::fabs(reset.level - level) > kAlike * height) {
      break;
    }
    level = direction > 0 ? std::max(level, reset.level) : std::min(level, reset.level);
    ++alike;
  }
  if (alike < 2) return std::nullopt;
  const double ceiling = level + direction * kMargin * height;
  if (direction * (last_ - ceiling) > 0) return std::nullopt;
  return ceiling;
}

void ResetTracker::Save(RowWriter& out) const {
  out.U64(samples_).Double(usual_step_).I64(direction_).Bool(falling_back_).Double(last_);
  for (const Place& place : {from_, far_})
    out.I64(place.time).Double(place.value).U64(place.sample);
  out.U64(count_);
  for (size_t i = 0; i < count_; ++i) {
    const Reset& reset = resets_[i];
    out.I64(reset.time).Double(reset.level).Double(reset.height).I64(reset.direction);
  }
}

void ResetTracker::Load(RowReader& in) {
  samples_ = in.U64();
  usual_step_ = in.Double();
  direction_ = static_cast<int>(std::clamp<int64_t>(in.I64(), -1, 1));
  falling_back_ = in.Bool();
  last_ = in.Double();
  for (Place* place : {&from_, &far_}) {
    place->time = ReadSavedTime(in);
    place->value = in.Double();
    place->sample = in.U64();
  }
  count_ = std::min<uint64_t>(in.U64(), kResets);
  for (size_t i = 0; i < count_; ++i) {
    resets_[i].time = ReadSavedTime(in);
    resets_[i].level = in.Double();
    resets_[i].height = in.Double();
    resets_[i].direction = static_cast<int>(std::clamp<int64_t>(in.I64(), -1, 1));
  }
}

}  // namespace outrider
