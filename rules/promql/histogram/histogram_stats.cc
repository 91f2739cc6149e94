// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/histogram/histogram_stats.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "rules/promql/histogram/bucket_bounds.h"
#include "rules/promql/histogram/bucket_list.h"
#include "rules/promql/kahan.h"

namespace outrider::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A zero bucket is one-sided when only one side of the histogram has buckets.
void NarrowZeroBucket(const NativeHistogram& h, HistogramBucket* bucket) {
  if (h.negative_buckets.empty() && !h.positive_buckets.empty()) {
    bucket->lower = 0;
  } else if (h.positive_buckets.empty() && !h.negative_buckets.empty()) {
    bucket->upper = 0;
  }
}

bool HoldsZero(const HistogramBucket& bucket) { return bucket.lower <= 0 && bucket.upper >= 0; }

double CountOf(const std::vector<HistogramBucket>& buckets) {
  double count = 0;
  for (const HistogramBucket& bucket : buckets) count += bucket.count;
  return count;
}

// Where the rank was met: the bucket, and the observations counted so far with those in it.
struct Place {
  HistogramBucket bucket;
  double count = 0;
};

template <typename Iterator>
Place FindRank(double rank, const Iterator& begin, const Iterator& end) {
  Place place;
  for (auto bucket = begin; bucket != end; ++bucket) {
    place.bucket = *bucket;
    if (bucket->count == 0) continue;
    place.count += bucket->count;
    if (place.count >= rank) break;
  }
  return place;
}

double Interpolated(const NativeHistogram& h, const HistogramBucket& bucket, double fraction) {
  if (HasCustomBuckets(h) || HoldsZero(bucket)) {
    return bucket.lower + (bucket.upper - bucket.lower) * fraction;
  }
  const double lower = std::log2(std::fabs(bucket.lower));
  const double upper = std::log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return std::exp2(lower + (upper - lower) * fraction);
  return -std::exp2(upper + (lower - upper) * (1 - fraction));
}

// Buckets without a finite width give one of their bounds; the first one may count as beginning at
// zero.
std::optional<double> AtTheEdge(HistogramBucket* bucket) {
  if (bucket->lower == -kInfinity) {
    if (bucket->upper <= 0) return bucket->upper;
    bucket->lower = 0;
  } else if (bucket->upper == kInfinity) {
    return bucket->lower;
  }
  return std::nullopt;
}

// Observations at or below `v` when `before` are in lower buckets and `v` is inside this one.
double CountBelow(const NativeHistogram& h, const HistogramBucket& bucket, double before,
                  double v) {
  const bool linear = HasCustomBuckets(h) || HoldsZero(bucket);
  // Nothing is known of what is in a bucket of infinite width.
  if (linear && bucket.lower == -kInfinity) return bucket.count;
  return before + bucket.count * bucket.FractionBelow(v, linear);
}

}  // namespace

HistogramNumber HistogramQuantileOf(double q, const NativeHistogram& histogram) {
  const NativeHistogram& h = histogram;
  if (q < 0) return {-kInfinity};
  if (q > 1) return {kInfinity};
  if (h.count == 0 || std::isnan(q)) return {std::nan("")};
  const std::vector<HistogramBucket> buckets = AllBuckets(h);
  // From the nearer end; but observations of NaN, of which a NaN sum tells, are beyond the upper
  // one.
  const bool nan_sum = std::isnan(h.sum);
  const bool upwards = nan_sum || q < 0.5;
  double rank = (upwards ? q : 1 - q) * h.count;
  Place place = upwards ? FindRank(rank, buckets.begin(), buckets.end())
                        : FindRank(rank, buckets.rbegin(), buckets.rend());
  if (HasCustomBuckets(h)) {
    if (const auto edge = AtTheEdge(&place.bucket)) return {*edge};
  } else if (place.bucket.lower < 0 && place.bucket.upper > 0) {
    NarrowZeroBucket(h, &place.bucket);
  }
  const double count = std::min(place.count, h.count);
  if (count < rank) {
    if (nan_sum) return {std::nan(""), NanEffect::kResult};
    return {place.bucket.upper};
  }
  rank = upwards ? rank - (count - place.bucket.count) : count - rank;
  const bool skewed = nan_sum && CountOf(buckets) < h.count;
  return {Interpolated(h, place.bucket, rank / place.bucket.count),
          skewed ? NanEffect::kSkew : NanEffect::kNone};
}

HistogramNumber HistogramFractionOf(double lower, double upper, const NativeHistogram& histogram) {
  const NativeHistogram& h = histogram;
  if (h.count == 0 || std::isnan(lower) || std::isnan(upper)) return {std::nan("")};
  if (lower >= upper) return {0};
  const std::vector<HistogramBucket> buckets = AllBuckets(h);
  const auto rank_of = [&](double v) -> std::optional<double> {
    double before = 0;
    for (HistogramBucket bucket : buckets) {
      if (HoldsZero(bucket)) NarrowZeroBucket(h, &bucket);
      if (bucket.lower >= v) return before;
      if (bucket.upper > v) return CountBelow(h, bucket, before, v);
      before += bucket.count;
    }
    return std::nullopt;
  };
  HistogramNumber result;
  double count = h.count;
  if (std::isnan(h.sum)) {
    count = CountOf(buckets);
    if (count < h.count) result.nan = NanEffect::kSkew;
  }
  const double below = std::min(rank_of(lower).value_or(count), count);
  const double up_to = std::min(rank_of(upper).value_or(count), count);
  result.value = (up_to - below) / h.count;
  return result;
}

double HistogramVarianceOf(const NativeHistogram& histogram) {
  const double mean = histogram.sum / histogram.count;
  KahanSum squares;
  for (const HistogramBucket& bucket : AllBuckets(histogram)) {
    if (bucket.count == 0) continue;
    double middle = 0;
    if (HasCustomBuckets(histogram)) {
      middle = (bucket.upper + bucket.lower) / 2;
    } else if (!HoldsZero(bucket)) {
      middle = std::sqrt(bucket.upper * bucket.lower);
      if (bucket.upper < 0) middle = -middle;
    }
    squares.Add(bucket.count * (middle - mean) * (middle - mean));
  }
  return (squares.sum + squares.lost) / histogram.count;
}

}  // namespace outrider::promql
