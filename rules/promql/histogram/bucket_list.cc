// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/histogram/bucket_list.h"

#include <cmath>
#include <span>

#include "rules/promql/histogram/bucket_bounds.h"

namespace outrider::promql {
namespace {

HistogramBucket Positive(const NativeHistogram& h, int64_t index, double count) {
  HistogramBucket bucket{.lower = UpperBound(index - 1, h.schema, h.custom_values),
                         .upper = UpperBound(index, h.schema, h.custom_values),
                         .count = count};
  // With custom bounds even the first bucket may begin below zero.
  const bool custom = HasCustomBuckets(h);
  bucket.lower_inclusive = custom ? index == 0 : bucket.lower < 0;
  bucket.upper_inclusive = custom || bucket.upper > 0;
  return bucket;
}

HistogramBucket Mirrored(const HistogramBucket& positive) {
  HistogramBucket bucket{
      .lower = -positive.upper, .upper = -positive.lower, .count = positive.count};
  bucket.lower_inclusive = bucket.lower < 0;
  bucket.upper_inclusive = bucket.upper > 0;
  return bucket;
}

std::vector<HistogramBucket> List(const NativeHistogram& h, std::span<const BucketSpan> spans,
                                  std::span<const double> counts) {
  std::vector<HistogramBucket> list;
  list.reserve(counts.size());
  int64_t index = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && list.size() < counts.size(); ++i, ++index) {
      list.push_back(Positive(h, index, counts[list.size()]));
    }
  }
  return list;
}

}  // namespace

double HistogramBucket::FractionBelow(double v, bool linear) const {
  if (linear) return (v - lower) / (upper - lower);
  const double log_lower = std::log2(std::fabs(lower));
  const double log_upper = std::log2(std::fabs(upper));
  const double log_v = std::log2(std::fabs(v));
  if (v > 0) return (log_v - log_lower) / (log_upper - log_lower);
  return 1 - (log_v - log_upper) / (log_lower - log_upper);
}

std::vector<HistogramBucket> PositiveBuckets(const NativeHistogram& histogram) {
  return List(histogram, histogram.positive_spans, histogram.positive_buckets);
}

std::vector<HistogramBucket> NegativeBuckets(const NativeHistogram& histogram) {
  std::vector<HistogramBucket> list =
      List(histogram, histogram.negative_spans, histogram.negative_buckets);
  for (HistogramBucket& bucket : list) bucket = Mirrored(bucket);
  return list;
}

HistogramBucket ZeroBucket(const NativeHistogram& histogram) {
  return {.lower = -histogram.zero_threshold,
          .upper = histogram.zero_threshold,
          .lower_inclusive = true,
          .upper_inclusive = true,
          .count = histogram.zero_count};
}

std::vector<HistogramBucket> AllBuckets(const NativeHistogram& histogram) {
  const std::vector<HistogramBucket> negative = NegativeBuckets(histogram);
  std::vector<HistogramBucket> positive = PositiveBuckets(histogram);
  std::vector<HistogramBucket> all(negative.rbegin(), negative.rend());
  const double threshold = histogram.zero_threshold;
  for (HistogramBucket& bucket : all) {
    if (bucket.upper < 0 && bucket.upper > -threshold) bucket.upper = -threshold;
  }
  if (histogram.zero_count > 0) all.push_back(ZeroBucket(histogram));
  for (HistogramBucket& bucket : positive) {
    if (bucket.lower > 0 && bucket.lower < threshold) bucket.lower = threshold;
    all.push_back(bucket);
  }
  return all;
}

}  // namespace outrider::promql
