// SPDX-License-Identifier: Apache-2.0
// The 95th percentile of one pod's CPU, for KRR's "largest of the pods": counts in 48 buckets of
// 1/16 octave below the largest value seen (a factor of 8); smaller values share the lowest one.
// Within 3.2 % of the sample's value; what lies below an eighth of the maximum is told as that
// eighth. KRR looks at 14 days; here counts halve every five days, which weighs the past the same
// on average (a mean age of about 7 days).
#pragma once

#include <array>
#include <cstdint>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class PodPercentile {
 public:
  void Add(Timestamp time, double value);
  double Value() const;  // 0 without samples
  uint32_t samples() const { return samples_; }
  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  static constexpr int kSlots = 48;
  void Halve(int64_t times);

  std::array<uint16_t, kSlots> counts_ = {};  // [0] is bucket top_, [i] is i buckets below
  int32_t top_ = INT32_MIN;
  int32_t period_ = INT32_MIN;
  uint32_t samples_ = 0;  // sum of the counts
};

}  // namespace outrider
