// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/step_tracker.h"

#include <algorithm>

#include "rules/detect/saved_fields.h"

namespace outrider {
namespace {

constexpr double kGain = 0.05;

}  // namespace

StepTracker::Step StepTracker::Advance(Timestamp time) {
  Step step;
  if (usual_ < 0) {
    usual_ = 0;
    last_ = time;
    return step;
  }
  step.length = std::max<DurationMs>(0, time - last_);
  last_ = std::max(last_, time);
  const auto length = static_cast<double>(step.length);
  if (usual_ <= 0) {
    usual_ = length;
    return step;
  }
  step.usual_steps = std::max(1.0, length / usual_);
  step.gap = step.usual_steps > kGapSteps;
  // One long step is a gap; many of them are the new usual one.
  usual_ += kGain * (std::clamp(length, usual_ / 4, usual_ * 4) - usual_);
  return step;
}

void StepTracker::Save(RowWriter& out) const { out.I64(last_).Double(usual_); }

void StepTracker::Load(RowReader& in) {
  last_ = TakeTime(in);
  usual_ = TakeAtLeast(in, -1);
}

}  // namespace outrider
