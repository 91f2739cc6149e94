// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/coarse_steps.h"

#include <algorithm>
#include <limits>

#include "rules/detect/saved_fields.h"

namespace outrider {

std::optional<CoarseSteps::Mean> CoarseSteps::Add(const StepTracker::Step& step, double usual_step,
                                                  double value) {
  length_ += step.length;
  gap_ = gap_ || step.gap;
  if (count_ > 0) {
    covered_ = static_cast<uint32_t>(std::min<DurationMs>(covered_ + step.length, kHour));
  }
  if (step.gap) {  // what was collected before it is no mean of five minutes
    covered_ = 0;
    sum_ = 0;
    count_ = 0;
  }
  sum_ += value;
  ++count_;
  // Complete when the next sample would begin another five minutes, a quarter of a step forgiven.
  const bool full = count_ == std::numeric_limits<uint16_t>::max();
  if (static_cast<double>(covered_) + 1.25 * usual_step < static_cast<double>(kLength) && !full) {
    return std::nullopt;
  }
  const Mean mean{{.length = length_, .gap = gap_}, sum_ / static_cast<double>(count_)};
  *this = {};
  return mean;
}

void CoarseSteps::Save(RowWriter& out) const {
  out.I64(length_).Bool(gap_).I64(covered_).Double(sum_).U64(count_);
}

void CoarseSteps::Load(RowReader& in) {
  length_ = TakeDuration(in);
  gap_ = in.Bool();
  covered_ = static_cast<uint32_t>(std::min(TakeDuration(in), kHour));
  sum_ = TakeFinite(in);
  count_ =
      static_cast<uint16_t>(std::min<uint64_t>(in.U64(), std::numeric_limits<uint16_t>::max() - 1));
}

}  // namespace outrider
