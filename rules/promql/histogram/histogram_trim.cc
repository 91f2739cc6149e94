// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/histogram/histogram_trim.h"

#include <cmath>
#include <vector>

#include "rules/promql/histogram/bucket_bounds.h"
#include "rules/promql/histogram/bucket_list.h"
#include "rules/promql/histogram/histogram_math.h"

namespace outrider::promql {
namespace {

// What stays of a bucket: how many observations, and where they are on average.
struct Rest {
  double count = 0;
  double middle = 0;
};

double FiniteOrZero(double v) { return std::isinf(v) ? 0 : v; }

// `negative`: the mirrored side of exponential buckets.
double Middle(double lower, double upper, bool linear, bool negative) {
  if (std::isinf(lower)) {
    if (std::isinf(upper)) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (std::isinf(upper)) return lower;
  if (linear) return (lower + upper) / 2;
  const double middle = std::sqrt(std::fabs(lower * upper));
  return negative ? -middle : middle;
}

Rest OfLowest(const HistogramBucket& b, double bound, Trim trim) {
  const bool counts_from_zero = b.upper > 0 && !std::isinf(b.upper);
  if (trim == Trim::kUpper) {
    if (bound >= b.upper) return {b.count, 0};
    if (bound > 0 && counts_from_zero) return {b.count * bound / b.upper, bound / 2};
    if (b.upper <= 0) return {b.count, bound};
    return {0, FiniteOrZero(b.upper)};
  }
  if (bound <= b.lower) return {b.count, 0};
  if (bound >= 0 && b.upper > bound && counts_from_zero) {
    return {b.count * (1 - bound / b.upper), (bound + b.upper) / 2};
  }
  return {0, FiniteOrZero(b.upper)};
}

Rest OfHighest(const HistogramBucket& b, double bound, Trim trim) {
  if (trim == Trim::kLower && bound >= b.lower) return {b.count, bound};
  return {0, FiniteOrZero(b.lower)};
}

// Of the bucket that the bound is in.
Rest OfSplit(const HistogramBucket& b, double bound, Trim trim, bool linear, bool negative) {
  if (std::isinf(b.lower) && b.lower < 0) return OfLowest(b, bound, trim);
  if (std::isinf(b.upper) && b.upper > 0) return OfHighest(b, bound, trim);
  const double below = b.count * b.FractionBelow(bound, linear);
  if (trim == Trim::kUpper) return {below, Middle(b.lower, bound, linear, negative)};
  return {b.count - below, Middle(bound, b.upper, linear, negative)};
}

class Trimmer {
 public:
  Trimmer(double bound, Trim trim, NativeHistogram* h) : bound_(bound), trim_(trim), h_(*h) {}

  void Run() {
    const bool positive = Side(PositiveBuckets(h_), false, &h_.positive_buckets);
    const bool negative = Side(NegativeBuckets(h_), true, &h_.negative_buckets);
    if (h_.zero_count > 0) Keep(OfZero(positive, negative), &h_.zero_count);
    if (!changed_) return;
    h_.count = count_;
    h_.sum = sum_;
    CompactHistogram(&h_);
  }

 private:
  // True if the side has observations.
  bool Side(const std::vector<HistogramBucket>& buckets, bool negative,
            std::vector<double>* counts) {
    const bool linear = HasCustomBuckets(h_);
    bool any = false;
    for (size_t i = 0; i < buckets.size(); ++i) {
      const HistogramBucket& b = buckets[i];
      if (b.count == 0) continue;
      any = true;
      const bool whole = trim_ == Trim::kUpper ? b.upper <= bound_ : b.lower >= bound_;
      const bool split = trim_ == Trim::kUpper ? b.lower < bound_ : b.upper > bound_;
      Rest rest;
      if (whole) {
        rest = {b.count, Middle(b.lower, b.upper, linear, negative)};
      } else if (split) {
        rest = OfSplit(b, bound_, trim_, linear, negative);
      }
      Keep(rest, &(*counts)[i]);
    }
    return any;
  }

  Rest OfZero(bool positive, bool negative) const {
    const HistogramBucket b = ZeroBucket(h_);
    const double lower = positive && !negative ? 0 : b.lower;
    const double upper = negative && !positive ? 0 : b.upper;
    const bool upper_trim = trim_ == Trim::kUpper;
    if (bound_ <= lower) return upper_trim ? Rest{} : Rest{b.count, (lower + upper) / 2};
    if (bound_ >= upper) return upper_trim ? Rest{b.count, (lower + upper) / 2} : Rest{};
    if (upper_trim) return {b.count * ((bound_ - lower) / (upper - lower)), (lower + bound_) / 2};
    return {b.count * ((upper - bound_) / (upper - lower)), (bound_ + upper) / 2};
  }

  void Keep(const Rest& rest, double* count) {
    changed_ = changed_ || *count != rest.count;
    *count = rest.count;
    count_ += rest.count;
    sum_ += rest.middle * rest.count;
  }

  const double bound_;
  const Trim trim_;
  NativeHistogram& h_;
  double count_ = 0;
  double sum_ = 0;
  bool changed_ = false;
};

}  // namespace

void TrimHistogram(double bound, Trim trim, NativeHistogram* histogram) {
  Trimmer(bound, trim, histogram).Run();
}

}  // namespace outrider::promql
