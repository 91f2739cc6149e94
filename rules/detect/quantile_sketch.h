// SPDX-License-Identifier: Apache-2.0
// The distribution of recent values in 32 weighted points: a new value is a point of its own, then
// the two neighbours whose union blurs least become one. Old values weigh less and less.
#pragma once

#include <array>
#include <cstdint>

#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
class QuantileSketch {
 public:
  static constexpr size_t kPoints = 32;

  // `keep`: what is left of the weight of all values before.
  void Add(double value, double keep);
  void Shift(double by) { origin_ += by; }  // all values move

  // Between points ranks are interpolated. 0 when empty.
  double Quantile(double q) const;
  // Robust standard deviation around `center`: 1.4826 * median of |x - center|; where more than
  // half of the weight lies on the center, 1.2533 * mean of |x - center|.
  double Deviation(double center) const;

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  void Insert(float value, float weight);
  void MergeClosest();

  uint32_t size_ = 0;
  double unit_ = 1;    // weight of the newest value; grows in place of fading all others
  double origin_ = 0;  // of values_: the first value, so that large ones keep their digits
  std::array<float, kPoints + 1> values_{};  // ascending
  std::array<float, kPoints + 1> weights_{};
};

}  // namespace outrider
