// SPDX-License-Identifier: Apache-2.0
// The score that stays: up at once, down over some samples, so that an anomaly that touches its
// band in between is one and not many. Knows since when it is up.
#pragma once

#include <algorithm>

#include "rules/detect/saved_fields.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class StateScore {
 public:
  static constexpr double kKeep = 0.8;  // of what was held, each sample
  static constexpr double kMost = 2;    // is held: a large spike does not stay longer than a small

  // `score`: of this sample alone.
  double Update(Timestamp time, double score) {
    held_ = std::max(std::min(score, kMost), kKeep * held_ + (1 - kKeep) * std::min(score, kMost));
    const double state = std::max(score, held_);
    if (state < 1) since_ = 0;
    if (state >= 1 && since_ == 0) since_ = time;
    return state;
  }
  Timestamp since() const { return since_; }  // 0: it is below 1

  void Save(RowWriter& out) const { out.Double(held_).I64(since_); }
  void Load(RowReader& in) {
    held_ = TakeAtLeast(in, 0);
    since_ = TakeTime(in);
  }

 private:
  double held_ = 0;
  Timestamp since_ = 0;
};

}  // namespace outrider
