// SPDX-License-Identifier: Apache-2.0
// How a resource was used, for percentiles: weights in buckets that grow by 1 %, halved every 24
// hours. No samples are kept; the size does not depend on scrape rate or history.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/base/clock.h"

namespace outrider {

// Not thread-safe.
class UsageHistogram {
 public:
  // Values below `smallest` share one bucket.
  explicit UsageHistogram(double smallest) : smallest_(smallest) {}

  // Finite, not negative. Weights fade in whole hours: samples of one hour weigh the same.
  void Add(Timestamp time, double value);
  void Merge(const UsageHistogram& other);

  // Nearest rank: the smallest value that at least share `p` of the weight does not exceed, within
  // 0.5 % (the middle of its bucket, never outside what was seen). 0 when empty.
  double Percentile(double p) const;
  double Mean() const;  // weighted
  // The largest value of the current and the previous 24 hours (UTC days), exact: a peak of long
  // ago does not count for ever.
  double Max() const;

  uint64_t samples() const { return samples_; }
  // Time that was watched: gaps between samples count for at most five minutes.
  DurationMs Coverage() const { return coverage_; }
  Timestamp last_time() const { return last_; }

 private:
  size_t BucketOf(double value) const;
  double ValueOf(size_t bucket) const;
  float& Weight(size_t bucket);
  void AdvanceTo(Timestamp time);

  double smallest_;
  size_t first_bucket_ = 0;  // weights_[0] is this bucket
  std::vector<float> weights_;
  int64_t hour_ = INT64_MIN;  // weights are relative to this hour
  int64_t day_ = INT64_MIN;
  double max_today_ = 0;
  double max_before_ = 0;
  double min_ = 0;
  double weighted_sum_ = 0;
  double weight_ = 0;
  uint64_t samples_ = 0;
  DurationMs coverage_ = 0;
  Timestamp last_ = INT64_MIN;
};

}  // namespace outrider
