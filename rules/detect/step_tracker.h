// SPDX-License-Identifier: Apache-2.0
// The step from sample to sample: what is usual, and whether this one is a gap.
#pragma once

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class StepTracker {
 public:
  // So many usual steps without a sample are a gap.
  static constexpr double kGapSteps = 10;

  struct Step {
    DurationMs length = 0;   // since the sample before; 0 for the first
    double usual_steps = 1;  // the same, in usual steps; at least 1
    bool gap = false;        // what was known of the moment before no longer helps
  };
  // Times ascend; an equal or earlier one counts as a step of 0.
  Step Advance(Timestamp time);

  double usual() const {
    return usual_ > 0 ? usual_ : 0;
  }  // milliseconds; 0 before the second sample
  Timestamp last() const { return last_; }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  Timestamp last_ = 0;
  double usual_ = -1;  // negative: no sample yet
};

}  // namespace outrider
