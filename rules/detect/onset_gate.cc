// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/onset_gate.h"

#include <algorithm>
#include <cmath>

#include "rules/detect/saved_fields.h"
#include "rules/detect/single.h"

namespace outrider {

double OnsetGate::Pass(Timestamp time, double strength, double usual_step, bool lasting) {
  const double rest = rest_ > 0 ? static_cast<double>(DurationMs{rest_} * kSecond)
                                : std::max(static_cast<double>(kHour), kRestSteps * usual_step);
  const bool rested = static_cast<double>(time - peak_time_) >= rest;
  if (peak_ > 0 && rested && !lasting) peak_ = 0;
  if (strength < 1) return peak_ > 0 ? 0 : strength;
  if (peak_ > 0 && strength < kLarger * static_cast<double>(peak_)) return 0;
  peak_ = static_cast<float>(strength);
  peak_time_ = time;
  return strength;
}

void OnsetGate::Save(RowWriter& out) const {
  out.I64(peak_time_).Double(static_cast<double>(peak_));
}

void OnsetGate::Load(RowReader& in) {
  peak_time_ = TakeTime(in);
  peak_ = Single(TakeAtLeast(in, 0));
}

}  // namespace outrider
