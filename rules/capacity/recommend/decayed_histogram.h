// SPDX-License-Identifier: Apache-2.0
// The histogram of the Vertical Pod Autoscaler: 176 buckets that grow by 5 %, weights that double
// every 24 hours towards the present (so that the past halves). Only the buckets that were touched
// are kept. With double weights every operation gives the bits that VPA's own code gives (checked
// by golden tables: tests/data/vpa); float halves the size where that does not matter.
// Source: kubernetes/autoscaler pkg/recommender/util (read 2026-08); specs/cost_and_rightsizing.md
// §1.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Where buckets begin: start(n) = first * (1.05^n - 1) / 0.05. Cores: first 0.01; bytes: 1e7.
struct BucketScheme {
  double first = 0.01;
  size_t Find(double value) const;
  double Start(size_t bucket) const;
};
inline constexpr BucketScheme kCpuBuckets = {0.01};
inline constexpr BucketScheme kMemoryBuckets = {1e7};
inline constexpr size_t kBuckets = 176;

// 2^x, to the last bit as Go's math.Exp2 computes it, which VPA's weights come from.
double Exp2(double x);

// Not thread-safe. Values are finite and not negative; weights in (0, 1].
template <typename Weight>
class DecayedHistogram {
 public:
  void Add(const BucketScheme& scheme, Timestamp time, double value, double weight) {
    AddTo(scheme.Find(value), time, weight);
  }
  void AddTo(size_t bucket, Timestamp time, double weight);
  void Subtract(const BucketScheme& scheme, Timestamp time, double value, double weight);
  void Merge(DecayedHistogram other);

  bool IsEmpty() const;
  // VPA's: the upper edge of the bucket in which share `p` of the weight is reached; the last
  // bucket's start; 0 when empty.
  double UpperPercentile(const BucketScheme& scheme, double p) const;
  // Between the edges of that bucket in proportion: closer for small values, whose buckets are
  // wide. With `by_load`, each bucket counts with its weight times its middle: the percentile of
  // the work done, not of the time (Autopilot's load-adjusted percentile).
  double Percentile(const BucketScheme& scheme, double p, bool by_load = false) const;

  // For tests: VPA's inner values.
  double WeightOf(size_t bucket) const;
  double total() const { return total_; }
  Timestamp reference() const { return reference_; }
  size_t min_bucket() const { return min_bucket_; }
  size_t max_bucket() const { return max_bucket_; }

  size_t HeapBytes() const { return weights_.capacity() * sizeof(Weight); }
  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  double Decay(Timestamp time);
  void ShiftReference(Timestamp time);
  Weight& Slot(size_t bucket);
  void FitEnds();

  std::vector<Weight> weights_;  // [0] is first_bucket_
  double total_ = 0;
  Timestamp reference_ = INT64_MIN;
  uint8_t first_bucket_ = 0;
  uint8_t min_bucket_ = kBuckets - 1;  // first with some weight
  uint8_t max_bucket_ = 0;             // last with some weight
};

extern template class DecayedHistogram<double>;
extern template class DecayedHistogram<float>;

}  // namespace outrider
