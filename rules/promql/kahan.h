// SPDX-License-Identifier: Apache-2.0
// Sums that do not lose small terms beside large ones (Kahan, in Neumaier's variant).
#pragma once

#include <cmath>

namespace outrider::promql {

struct KahanSum {
  double sum = 0;
  double lost = 0;

  void Add(double v) {
    const double next = sum + v;
    if (std::isinf(next)) {
      lost = 0;
    } else if (std::fabs(sum) >= std::fabs(v)) {
      lost += (sum - next) + v;
    } else {
      lost += (v - next) + sum;
    }
    sum = next;
  }
  double Value() const { return std::isinf(sum) ? sum : sum + lost; }
};

// The mean, by sum and count as long as the sum does not overflow, incrementally from there on.
class KahanMean {
 public:
  void Add(double v) {
    if (++count_ == 1) {
      acc_ = {v, 0};
      return;
    }
    if (!incremental_) {
      KahanSum next = acc_;
      next.Add(v);
      if (!std::isinf(next.sum)) {
        acc_ = next;
        return;
      }
      incremental_ = true;
      acc_.sum /= count_ - 1;
      acc_.lost /= count_ - 1;
    }
    if (std::isinf(acc_.sum)) {
      // An infinite mean stays: the same infinity cannot be subtracted, a finite value does not
      // change it.
      if (std::isinf(v) && (acc_.sum > 0) == (v > 0)) return;
      if (std::isfinite(v)) return;
    }
    const double keep = (count_ - 1) / count_;
    KahanSum next{keep * acc_.sum, keep * acc_.lost};
    next.Add(v / count_);
    acc_ = next;
  }
  double Value() const {
    return incremental_ ? acc_.sum + acc_.lost : acc_.sum / count_ + acc_.lost / count_;
  }

 private:
  KahanSum acc_;
  double count_ = 0;
  bool incremental_ = false;
};

// Population variance (Welford).
class KahanVariance {
 public:
  void Add(double v) {
    ++count_;
    const double delta = v - (mean_.sum + mean_.lost);
    mean_.Add(delta / count_);
    squares_.Add(delta * (v - (mean_.sum + mean_.lost)));
  }
  double Value() const { return (squares_.sum + squares_.lost) / count_; }

 private:
  double count_ = 0;
  KahanSum mean_;
  KahanSum squares_;
};

}  // namespace outrider::promql
