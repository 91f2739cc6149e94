// SPDX-License-Identifier: Apache-2.0
// The buckets of a native histogram one by one, with their bounds.
#pragma once

#include <vector>

#include "storage/model/native_histogram.h"

namespace outrider::promql {

struct HistogramBucket {
  double lower = 0;
  double upper = 0;
  bool lower_inclusive = false;
  bool upper_inclusive = false;
  double count = 0;

  // Which part of the bucket's width lies at or below `v`, which must be inside its finite bounds.
  // Observations are taken to be spread evenly (linear), or evenly on a logarithmic scale.
  double FractionBelow(double v, bool linear) const;
};

// From the zero bucket outwards, empty ones included, in the order of the counts.
std::vector<HistogramBucket> PositiveBuckets(const NativeHistogram& histogram);
std::vector<HistogramBucket> NegativeBuckets(const NativeHistogram& histogram);
HistogramBucket ZeroBucket(const NativeHistogram& histogram);
// Ascending, with the zero bucket unless it is empty; neighbours of the zero bucket end where it
// begins.
std::vector<HistogramBucket> AllBuckets(const NativeHistogram& histogram);

}  // namespace outrider::promql
