// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/reset_tracker.h"

#include <algorithm>
#include <cmath>

#include "rules/analytics/moments.h"
#include "rules/analytics/saved_time.h"

namespace outrider {
namespace {

constexpr double kUndone = 0.5;  // share of a leg
constexpr uint32_t kMinRampSamples = 8;
constexpr uint32_t kFasterThanRamp = 8;
constexpr double kUsualSteps = 4;  // a reset is larger than so many of them
constexpr double kStepWeight = 1.0 / 64;
constexpr double kAlike = 0.25;    // of a reset's height: levels that agree
constexpr double kExplains = 0.7;  // of what the levels differ by: a drift
constexpr int kMemories = 50;

}  // namespace

bool ResetTracker::IsReset(const Place& here) const {
  const uint32_t ramp = far_.sample - from_.sample;
  const uint32_t back = here.sample - far_.sample;
  return ramp >= kMinRampSamples && back <= std::max<uint32_t>(1, ramp / kFasterThanRamp) &&
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
      Reset newest = At(0);
      newest.time = time;
      newest.height = std::fabs(value - newest.level);
      resets_[0] = Pack(newest);
      last_reset_ = time;
    }
  } else if (std::fabs(value - far_.value) > kUndone * std::fabs(far_.value - from_.value)) {
    falling_back_ = IsReset(here);
    if (falling_back_) {
      Note({.time = time,
            .level = far_.value,
            .height = std::fabs(value - far_.value),
            .direction = direction_});
    }
    from_ = far_;
    far_ = here;
    direction_ = static_cast<int8_t>(-direction_);
  }
  const double step = std::fabs(value - last_);
  const double weight = std::max(kStepWeight, 1.0 / static_cast<double>(samples_ - 1));
  usual_step_ += weight * (step - usual_step_);
  last_ = value;
}

ResetTracker::Packed ResetTracker::Pack(const Reset& reset) const {
  return {.time = static_cast<uint32_t>(reset.time / kSecond),
          .level = static_cast<float>(reset.level - origin_),
          .height = static_cast<float>(reset.direction * reset.height)};
}

ResetTracker::Reset ResetTracker::At(size_t i) const {
  const Packed& packed = resets_[i];
  return {.time = Timestamp{packed.time} * kSecond,
          .level = origin_ + packed.level,
          .height = std::fabs(packed.height),
          .direction = packed.height < 0 ? -1 : 1};
}

void ResetTracker::SetOrigin(double origin) {
  for (size_t i = 0; i < count_; ++i) {
    resets_[i].level = static_cast<float>(At(i).level - origin);
  }
  origin_ = origin;
}

void ResetTracker::Note(const Reset& reset) {
  SetOrigin(reset.level);
  const auto time = [&](size_t at) { return At(at).time; };
  if (count_ == kResets && reset.time - time(kResets - 1) < memory_ / 2) {
    // The two newest stay: they tell how far apart teeth are.
    size_t crowded = 2;
    const auto room = [&](size_t at) { return time(at - 1) - time(at + 1); };
    for (size_t i = 2; i + 1 < kResets; ++i) {
      if (room(i) <= room(crowded)) crowded = i;
    }
    std::shift_left(resets_.begin() + static_cast<ptrdiff_t>(crowded), resets_.end(), 1);
    --count_;
  }
  std::shift_right(resets_.begin(), resets_.end(), 1);
  resets_[0] = Pack(reset);
  last_reset_ = reset.time;
  if (count_ < kResets) ++count_;
}

ResetTracker::Resets ResetTracker::ResetsOf(int direction, Timestamp now) const {
  Resets resets;
  for (size_t i = 0; i < count_; ++i) {
    const Reset reset = At(i);
    const bool forgotten = now - reset.time > kMemories * memory_;
    if (reset.direction == direction && !forgotten) resets.push_back(reset);
  }
  return resets;
}

std::optional<Teeth> ResetTracker::TeethAt(int direction, Timestamp now,
                                           const Confidence& confidence) const {
  const Resets resets = ResetsOf(direction, now);
  if (resets.size() < 2) return std::nullopt;
  const DurationMs spacing = resets[0].time - resets[1].time;
  std::optional<Teeth> teeth;
  if (now - resets[0].time <= 2 * spacing) teeth = OnALine(resets, now, confidence);
  if (!teeth) teeth = AtOneLevel(resets);
  if (!teeth) return std::nullopt;
  teeth->direction = direction;
  teeth->spacing = static_cast<double>(spacing) / kSecond;
  const double farthest = teeth->LevelAt(0) + direction * teeth->Margin();
  if (direction * (last_ - farthest) > 0) return std::nullopt;
  return teeth;
}

// A line through the levels, and a parallel one through what was left: nothing unless both fit.
std::optional<Teeth> ResetTracker::OnALine(const Resets& resets, Timestamp now,
                                           const Confidence& confidence) {
  if (resets.size() < 3) return std::nullopt;
  Moments levels;
  Moments left;
  for (const Reset& reset : resets) {
    const double t = static_cast<double>(reset.time - now) / kSecond;
    levels.Add(t, reset.level);
    left.Add(t, reset.level - reset.direction * reset.height);
  }
  if (!levels.HasSlope()) return std::nullopt;
  Teeth teeth;
  teeth.height = std::fabs(levels.mean_v - left.mean_v);
  teeth.mean_t = levels.mean_t;
  teeth.level = levels.mean_v;
  teeth.slope = (levels.m_tv + left.m_tv) / (2 * levels.m_tt);
  double squares = 0;
  for (const Reset& reset : resets) {
    const double t = static_cast<double>(reset.time - now) / kSecond;
    const double off = reset.level - teeth.LevelAt(t);
    const double rest = off - reset.direction * (reset.height - teeth.height);
    if (std::max(std::fabs(off), std::fabs(rest)) > kAlike * teeth.height) return std::nullopt;
    squares += off * off + rest * rest;
  }
  // As if what was left said nothing that the level did not.
  const double freedom = levels.n - 2;
  const double variance = squares / (2 * freedom);
  teeth.slope_error = std::sqrt(variance / levels.m_tt);
  teeth.mean_error = std::sqrt(variance / levels.n);
  teeth.interval = StudentInterval(confidence, freedom);
  const double span = static_cast<double>(resets.front().time - resets.back().time) / kSecond;
  const bool drifts = std::fabs(teeth.slope) > teeth.interval * teeth.slope_error &&
                      squares <= (1 - kExplains) * (levels.m_vv + left.m_vv) &&
                      std::fabs(teeth.slope) * span > teeth.Margin();
  if (!drifts) return std::nullopt;
  return teeth;
}

std::optional<Teeth> ResetTracker::AtOneLevel(const Resets& resets) {
  const int direction = resets[0].direction;
  Teeth teeth;
  teeth.height = resets[0].height;
  teeth.level = resets[0].level;
  size_t alike = 1;
  for (; alike < resets.size(); ++alike) {
    if (std::fabs(resets[alike].level - resets[0].level) > kAlike * teeth.height) break;
    teeth.level = direction * std::max(direction * teeth.level, direction * resets[alike].level);
  }
  if (alike < 2) return std::nullopt;
  return teeth;
}

void ResetTracker::Save(RowWriter& out) const {
  out.U64(samples_).Double(usual_step_).I64(direction_).Bool(falling_back_).Double(last_);
  for (const Place& place : {from_, far_})
    out.I64(place.time).Double(place.value).U64(place.sample);
  out.U64(count_);
  for (size_t i = 0; i < count_; ++i) {
    const Reset reset = At(i);
    out.I64(i == 0 ? last_reset_ : reset.time)
        .Double(reset.level)
        .Double(reset.height)
        .I64(reset.direction);
  }
}

void ResetTracker::Load(RowReader& in) {
  samples_ = static_cast<uint32_t>(in.U64());
  usual_step_ = in.Double();
  direction_ = static_cast<int8_t>(std::clamp<int64_t>(in.I64(), -1, 1));
  falling_back_ = in.Bool();
  last_ = in.Double();
  for (Place* place : {&from_, &far_}) {
    place->time = ReadSavedTime(in);
    place->value = in.Double();
    place->sample = static_cast<uint32_t>(in.U64());
  }
  count_ = static_cast<uint8_t>(std::min<uint64_t>(in.U64(), kResets));
  for (size_t i = 0; i < count_; ++i) {
    Reset reset;
    reset.time = ReadSavedTime(in);
    reset.level = in.Double();
    reset.height = in.Double();
    reset.direction = static_cast<int>(std::clamp<int64_t>(in.I64(), -1, 1));
    if (i == 0) {
      origin_ = reset.level;
      last_reset_ = reset.time;
    }
    resets_[i] = Pack(reset);
  }
}

}  // namespace outrider
