// SPDX-License-Identifier: Apache-2.0
// Sums and means of native histograms, compensated (Kahan) in every bucket. Histograms of different
// resolution, zero buckets or custom bounds are brought to what they have in common first.
#pragma once

#include <vector>

#include "rules/promql/histogram/cells.h"
#include "rules/promql/kahan.h"
#include "storage/model/native_histogram.h"

namespace outrider::promql {

// What is to be said about an addition.
struct AddOutcome {
  bool incompatible = false;     // exponential and custom buckets: nothing was added
  bool reset_collision = false;  // the one says that the counter was reset, the other that not
  bool reconciled = false;       // custom bounds differed: the common ones remain
  AddOutcome& operator|=(const AddOutcome& other) {
    incompatible |= other.incompatible;
    reset_collision |= other.reset_collision;
    reconciled |= other.reconciled;
    return *this;
  }
};

class HistogramSum {
 public:
  explicit HistogramSum(const NativeHistogram& first);
  AddOutcome Add(const NativeHistogram& other) { return Add(HistogramSum(other), 1); }
  AddOutcome Subtract(const NativeHistogram& other) { return Add(HistogramSum(other), -1); }
  void Multiply(double factor);
  void Divide(double divisor);
  bool HasOverflow() const;
  NativeHistogram Value(EmptyCells empty = EmptyCells::kDrop) const;

  // Makes the zero bucket wider, swallowing what it covers; wider than asked for when `threshold`
  // is inside a populated bucket. No-op for a threshold that is not wider.
  void WidenZero(double threshold);
  double zero_threshold() const { return zero_threshold_; }
  double zero_count() const { return zero_.Value(); }
  // To a coarser resolution.
  void Reduce(int32_t schema);
  const Cells& positive() const { return positive_; }
  const Cells& negative() const { return negative_; }

 private:
  AddOutcome Add(HistogramSum other, double factor);
  bool AdjustHint(ResetHint other);
  bool ReconcileBounds(HistogramSum* other);
  bool SwallowSide(const Cells& cells, double* threshold, KahanSum* zero) const;
  void DropCovered(Cells* cells) const;
  template <typename Visit>
  void EachNumber(Visit visit);

  bool alone_ = true;  // nothing was added: no compensation that makes 0 of -0
  int32_t schema_ = 0;
  ResetHint hint_ = ResetHint::kUnknown;
  double zero_threshold_ = 0;
  KahanSum zero_;
  KahanSum count_;
  KahanSum sum_;
  Cells positive_;
  Cells negative_;
  std::vector<double> bounds_;
};

// The mean, by sum and count as long as the sum does not overflow, incrementally from there on.
class HistogramMean {
 public:
  explicit HistogramMean(const NativeHistogram& first) : sum_(first), next_(sum_) {}
  // After an outcome that is incompatible the mean stands as it was, but the histogram counts.
  AddOutcome Add(const NativeHistogram& other);
  NativeHistogram Value(EmptyCells empty = EmptyCells::kDrop) const;

 private:
  HistogramSum sum_;
  HistogramSum next_;  // a spare one, so that its memory is used again
  double count_ = 1;
  bool incremental_ = false;  // then sum_ is the mean
};

}  // namespace outrider::promql
