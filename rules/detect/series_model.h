// SPDX-License-Identifier: Apache-2.0
// What the next sample of a series is expected to be, and how far from that samples usually lie.
// The part of a band detector that differs from detector to detector.
#pragma once

#include <cmath>
#include <cstdint>

#include "rules/detect/series_detector.h"
#include "rules/detect/step_tracker.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

struct Expectation {
  double value = 0;
  // Usual distances (robust standard deviations, >= 0) on either side.
  double above = 0;
  double below = 0;
};

// Not thread-safe. Calls alternate: Expect(), then Learn() of the same time.
class SeriesModel {
 public:
  virtual ~SeriesModel() = default;
  // Not before the first Learn().
  virtual Expectation Expect(Timestamp time) = 0;
  // Whether the sample is far from what is expected, but as it was at this time a day ago; then
  // that is expected. After Expect().
  virtual bool Recall(Timestamp /*time*/, double /*value*/, Expectation* /*expected*/) {
    return false;
  }
  // `value`: the sample, moved towards the expected value where it lay far off; `step`: how it
  // follows the sample before.
  virtual void Learn(Timestamp time, double value, const StepTracker::Step& step) = 0;
  // The level has moved for good.
  virtual void Rebase(double by) = 0;
  // Samples before it can say anything.
  virtual uint64_t WarmUp() const = 0;
  // Level, season, trend and what they say at the time of the explanation, whose verdict is there.
  virtual void Describe(Explanation* explanation) const = 0;
  virtual void Save(RowWriter& out) const = 0;
  virtual void Load(RowReader& in) = 0;
  virtual size_t MemoryBytes() const = 0;
};

// The level that the verdict's expected value was made of, beside `season`: the model has learnt
// from the sample since, and stands at `learnt`.
inline double LevelOfVerdict(const Explanation& explanation, double season, double learnt) {
  const double expected = explanation.verdict.expected;
  return std::isnan(expected) ? learnt : expected - season;
}

}  // namespace outrider
