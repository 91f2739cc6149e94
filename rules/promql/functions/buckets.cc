// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/functions/buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace outrider::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Differences this small between neighbours are rounding, not a broken histogram.
constexpr double kSmallDelta = 1e-12;

bool AlmostEqual(double a, double b, double tolerance) {
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b);
  const double diff = std::fabs(a - b);
  if (a == 0 || b == 0 || sum < std::numeric_limits<double>::min()) {
    return diff < tolerance * std::numeric_limits<double>::min();
  }
  return diff / std::min(sum, std::numeric_limits<double>::max()) < tolerance;
}

// Sorts by bound and adds up buckets with the same bound (le="1" and le="1.0"). False without a
// +Inf bucket.
bool Normalize(std::vector<Bucket>* buckets) {
  std::sort(buckets->begin(), buckets->end(),
            [](const Bucket& a, const Bucket& b) { return a.upper < b.upper; });
  if (buckets->back().upper != kInfinity) return false;
  size_t kept = 0;
  for (size_t i = 1; i < buckets->size(); ++i) {
    if ((*buckets)[i].upper == (*buckets)[kept].upper) {
      (*buckets)[kept].count += (*buckets)[i].count;
    } else {
      (*buckets)[++kept] = (*buckets)[i];
    }
  }
  buckets->resize(kept + 1);
  return true;
}

void MakeMonotonic(std::vector<Bucket>* buckets, BucketQuantileResult* result) {
  double before = buckets->front().count;
  for (size_t i = 1; i < buckets->size(); ++i) {
    Bucket& bucket = (*buckets)[i];
    if (bucket.count == before) continue;
    if (AlmostEqual(before, bucket.count, kSmallDelta)) {
      bucket.count = before;
      continue;
    }
    if (bucket.count > before) {
      before = bucket.count;
      continue;
    }
    if (!result->forced_monotonic) result->min_bucket = bucket.upper;
    result->forced_monotonic = true;
    result->max_bucket = bucket.upper;
    result->max_diff = std::max(result->max_diff, before - bucket.count);
    bucket.count = before;
  }
}

double Interpolated(double q, const std::vector<Bucket>& buckets) {
  const double observations = buckets.back().count;
  if (buckets.size() < 2 || observations == 0) return std::nan("");
  double rank = q * observations;
  size_t b = 0;
  while (b < buckets.size() - 1 && !(buckets[b].count >= rank)) ++b;
  // In the +Inf bucket the best guess is its lower bound.
  if (b == buckets.size() - 1) return buckets[b - 1].upper;
  if (b == 0 && buckets[0].upper <= 0) return buckets[0].upper;
  double start = 0;
  double count = buckets[b].count;
  if (b > 0) {
    start = buckets[b - 1].upper;
    count -= buckets[b - 1].count;
    rank -= buckets[b - 1].count;
  }
  return start + (buckets[b].upper - start) * (rank / count);
}

// Observations up to `bound`: linear inside a bucket, nothing of a bucket without a finite width.
double CountUpTo(double bound, const std::vector<Bucket>& buckets) {
  double before = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    double low = -kInfinity;
    if (i > 0) {
      low = buckets[i - 1].upper;
    } else if (buckets[0].upper > 0) {
      low = 0;
    }
    if (low >= bound) return before;
    if (buckets[i].upper > bound) {
      if (std::isinf(low)) return buckets[i].count;
      return before + (buckets[i].count - before) * (bound - low) / (buckets[i].upper - low);
    }
    before = buckets[i].count;
  }
  return buckets.back().count;
}

}  // namespace

BucketQuantileResult BucketQuantile(double q, std::vector<Bucket>* buckets) {
  BucketQuantileResult result;
  result.value = std::nan("");
  if (q < 0) {
    result.value = -kInfinity;
  } else if (q > 1) {
    result.value = kInfinity;
  } else if (!std::isnan(q) && Normalize(buckets)) {
    MakeMonotonic(buckets, &result);
    result.value = Interpolated(q, *buckets);
  }
  return result;
}

double BucketFraction(double lower, double upper, std::vector<Bucket>* buckets) {
  if (!Normalize(buckets)) return std::nan("");
  const double count = buckets->back().count;
  if (count == 0 || std::isnan(lower) || std::isnan(upper)) return std::nan("");
  if (lower >= upper) return 0;
  const double below = std::min(CountUpTo(lower, *buckets), count);
  const double up_to = std::min(CountUpTo(upper, *buckets), count);
  return (up_to - below) / count;
}

}  // namespace outrider::promql
