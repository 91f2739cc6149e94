// SPDX-License-Identifier: Apache-2.0
// What was recommended, kept to be judged: the recommendation that stood when a day (UTC) began is
// held against every sample of that day. So yesterday's word meets today's use; nothing looks
// ahead.
#pragma once

#include <cstdint>
#include <optional>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

class Promise {
 public:
  struct Outcome {
    float violations = 0;  // share of samples above
    float slack = 0;       // mean unused share of the request
    float shortfall = 0;   // share of the use that was above
    uint32_t samples = 0;
  };

  // Every sample, in order of days (an earlier day's counts for the current one).
  void Observe(Timestamp time, double use);
  // The target from now on.
  void Give(double target);
  // Of the last day that is over and had samples and a recommendation.
  std::optional<Outcome> LastDay() const;
  // Of the day that runs; zero samples: nothing to judge.
  Outcome Today() const;
  // The last Give(); 0: none yet.
  double Given() const { return given_; }
  // The largest sample since the last Give() that moved the target.
  double PeakSinceGiven() const { return peak_since_; }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  double given_ = 0;
  float judged_ = 0;  // the target that stood when the day began
  float peak_since_ = 0;
  int32_t day_ = INT32_MIN;
  uint32_t samples_ = 0;
  uint32_t violations_ = 0;
  float slack_ = 0;  // sums over the day
  float unmet_ = 0;
  float used_ = 0;
  Outcome last_;
};

}  // namespace outrider
