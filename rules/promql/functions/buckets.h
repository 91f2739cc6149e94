// SPDX-License-Identifier: Apache-2.0
// Quantiles and fractions out of the cumulative buckets of one classic histogram. Source:
// specs/prometheus.md §2.3.
#pragma once

#include <vector>

namespace outrider::promql {

struct Bucket {
  double upper = 0;
  double count = 0;  // cumulative
};

struct BucketQuantileResult {
  double value = 0;
  bool forced_monotonic = false;  // some count was lower than the one before
  double min_bucket = 0;          // between which bounds, and by how much at most
  double max_bucket = 0;
  double max_diff = 0;
};

// Both sort and repair `buckets`, which must not be empty.
BucketQuantileResult BucketQuantile(double q, std::vector<Bucket>* buckets);
double BucketFraction(double lower, double upper, std::vector<Bucket>* buckets);

}  // namespace outrider::promql
