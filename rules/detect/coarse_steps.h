// SPDX-License-Identifier: Apache-2.0
// Means over five minutes, so that what needs some hundred steps of a day sees the same series
// whether it is scraped every five seconds or every five minutes. Rarer samples pass as they are.
#pragma once

#include <optional>

#include "rules/detect/step_tracker.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class CoarseSteps {
 public:
  static constexpr DurationMs kLength = 5 * kMinute;

  struct Mean {
    StepTracker::Step step;  // since the mean before
    double value = 0;
  };
  // The mean that this sample completes, if it does. `usual_step`: of the samples, in milliseconds.
  std::optional<Mean> Add(const StepTracker::Step& step, double usual_step, double value);

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  DurationMs length_ = 0;  // since the last mean
  double sum_ = 0;
  uint32_t covered_ = 0;  // ms, from the first sample of the running mean to the newest
  uint16_t count_ = 0;
  bool gap_ = false;  // since the last mean
};

}  // namespace outrider
