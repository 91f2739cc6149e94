// SPDX-License-Identifier: Apache-2.0
// The histogram of the Vertical Pod Autoscaler: 176 buckets that grow by 5 %, weights that double
// every 24 hours towards the present (so that the past halves). Only the buckets from the first to
// the last touched are kept. With double weights every operation gives the bits that VPA's own code
// gives (checked by golden tables, tests/data/vpa); float halves the size where that does not
// matter.
// Source: kubernetes/autoscaler pkg/recommender/util (read 2026-08); specs/cost_and_rightsizing.md
// §1.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

inline constexpr size_t kBuckets = 176;

// Where buckets begin: start(n) = first * (1.05^n - 1) / 0.05.
struct BucketScheme {
  double first;
  // Values outside are in the first or last one.
  size_t Find(double value) const;
  double Start(size_t bucket) const;
};
inline constexpr BucketScheme kCpuBuckets = {0.01};    // cores; the last one from 1000 on
inline constexpr BucketScheme kMemoryBuckets = {1e7};  // bytes; the last one from 1e12 on

// 2^x and x^n, to the last bit as Go's math.Exp2 and math.Pow compute them, which VPA's weights
// and bucket edges come from.
double Exp2AsGo(double x);
double PowAsGo(double x, int n);

// Movable, copyable, not thread-safe. Values are finite and not negative, weights in (0, 1].
template <typename Weight>
class DecayedHistogram {
 public:
  DecayedHistogram() = default;
  DecayedHistogram(const DecayedHistogram& other);
  DecayedHistogram& operator=(const DecayedHistogram& other);
  DecayedHistogram(DecayedHistogram&&) = default;
  DecayedHistogram& operator=(DecayedHistogram&&) = default;
  ~DecayedHistogram() = default;

  void Add(size_t bucket, Timestamp time, double weight);
  // Add() in two steps: what a weight of 1 is worth at a time, and so much of it. Another
  // histogram's is the same while their reference() is.
  double Decay(Timestamp time);
  void AddDecayed(size_t bucket, double decayed);
  void Subtract(size_t bucket, Timestamp time, double weight);
  void Merge(DecayedHistogram other);

  bool IsEmpty() const;
  // VPA's: the upper edge of the bucket in which share `p` of the weight is reached (of the last
  // bucket: its lower edge); 0 when empty.
  double UpperPercentile(const BucketScheme& scheme, double p) const;
  // Between the edges of that bucket in proportion. With `by_load`, a bucket counts with its weight
  // times its middle: the percentile of the work done, not of the time (Autopilot's load-adjusted
  // percentile).
  double Percentile(const BucketScheme& scheme, double p, bool by_load = false) const;

  // VPA's inner values, for comparison.
  double WeightOf(size_t bucket) const;
  double total() const { return total_; }
  Timestamp reference() const { return reference_; }

  void PrefetchWeights() const {
    if (weights_ != nullptr) __builtin_prefetch(weights_.get() + count_ / 2);
  }
  size_t HeapBytes() const { return count_ * sizeof(Weight); }
  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  void ShiftReference(Timestamp time);
  Weight& Slot(size_t bucket);
  void FitEnds();

  std::unique_ptr<Weight[]> weights_;  // [0] is of bucket first_
  double total_ = 0;
  Timestamp reference_ = INT64_MIN;  // a multiple of 24 hours, at which a weight counts as it is
  uint8_t first_ = 0;
  uint8_t count_ = 0;
  uint8_t min_bucket_ = kBuckets - 1;  // the first that is not empty
  uint8_t max_bucket_ = 0;             // the last that is not empty
};

extern template class DecayedHistogram<double>;
extern template class DecayedHistogram<float>;

}  // namespace outrider
