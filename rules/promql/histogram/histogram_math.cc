// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/histogram/histogram_math.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "rules/promql/histogram/bucket_bounds.h"
#include "rules/promql/histogram/bucket_list.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

template <typename Change>
void ChangeNumbers(NativeHistogram* h, Change change) {
  change(&h->zero_count);
  change(&h->count);
  change(&h->sum);
  for (double& count : h->positive_buckets) change(&count);
  for (double& count : h->negative_buckets) change(&count);
}

void CompactSide(std::vector<BucketSpan>* spans, std::vector<double>* buckets) {
  const bool empty_bucket = std::find(buckets->begin(), buckets->end(), 0.0) != buckets->end();
  bool loose_span = false;
  for (size_t i = 0; i < spans->size(); ++i) {
    loose_span = loose_span || (*spans)[i].length == 0 || (i > 0 && (*spans)[i].offset == 0);
  }
  if (!empty_bucket && !loose_span) return;
  StoreCells(CellsOf(*spans, *buckets), EmptyCells::kDrop, spans, buckets);
}

// A populated bucket of `previous` that is gone from `current`, or has fewer observations.
bool AnyFewer(const Cells& current, const Cells& previous) {
  auto now = current.begin();
  for (const Cell& before : previous) {
    while (now != current.end() && now->index < before.index) ++now;
    if (now == current.end() || now->index != before.index) {
      if (before.count.sum != 0) return true;
    } else if (now->count.sum < before.count.sum) {
      return true;
    }
  }
  return false;
}

bool AnyFewer(std::span<const double> current, std::span<const double> previous) {
  return !std::equal(current.begin(), current.end(), previous.begin(), previous.end(),
                     [](double now, double before) { return !(now < before); });
}

bool CustomReset(const NativeHistogram& current, const NativeHistogram& previous) {
  std::vector<double> common;
  std::set_intersection(current.custom_values.begin(), current.custom_values.end(),
                        previous.custom_values.begin(), previous.custom_values.end(),
                        std::back_inserter(common));
  Cells now = CellsOf(current.positive_spans, current.positive_buckets);
  Cells before = CellsOf(previous.positive_spans, previous.positive_buckets);
  RemapCells(current.custom_values, common, &now);
  RemapCells(previous.custom_values, common, &before);
  return AnyFewer(now, before);
}

// The schema of `previous` is the same or finer, its zero bucket the same or narrower.
bool ExponentialReset(const NativeHistogram& current, const NativeHistogram& previous) {
  HistogramSum before(previous);
  before.WidenZero(current.zero_threshold);
  // The new zero bucket ends within a populated bucket of old.
  if (before.zero_threshold() != current.zero_threshold) return true;
  if (current.zero_count < before.zero_count()) return true;
  before.Reduce(current.schema);
  const HistogramSum now(current);
  return AnyFewer(now.positive(), before.positive()) || AnyFewer(now.negative(), before.negative());
}

bool SameCells(const Cells& a, const Cells& b) {
  auto other = b.begin();
  const auto skip_empty = [&] {
    while (other != b.end() && other->count.sum == 0) ++other;
  };
  for (const Cell& cell : a) {
    if (cell.count.sum == 0) continue;
    skip_empty();
    if (other == b.end() || other->index != cell.index) return false;
    if (!SameBits(other->count.sum, cell.count.sum)) return false;
    ++other;
  }
  skip_empty();
  return other == b.end();
}

std::string BucketText(const HistogramBucket& bucket) {
  return fmt::format(", {}{},{}{}:{}", bucket.lower_inclusive ? '[' : '(',
                     FormatFloatG(bucket.lower), FormatFloatG(bucket.upper),
                     bucket.upper_inclusive ? ']' : ')', FormatFloatG(bucket.count));
}

}  // namespace

void MultiplyHistogram(double factor, NativeHistogram* histogram) {
  ChangeNumbers(histogram, [factor](double* number) { *number *= factor; });
  if (factor < 0) histogram->reset_hint = ResetHint::kGauge;
}

void DivideHistogram(double divisor, NativeHistogram* histogram) {
  ChangeNumbers(histogram, [divisor](double* number) { *number /= divisor; });
  if (divisor == 0) {
    histogram->positive_spans.clear();
    histogram->positive_buckets.clear();
    histogram->negative_spans.clear();
    histogram->negative_buckets.clear();
  }
  if (divisor < 0) histogram->reset_hint = ResetHint::kGauge;
}

NativeHistogram AddHistograms(const NativeHistogram& a, const NativeHistogram& b,
                              AddOutcome* outcome, EmptyCells empty) {
  HistogramSum sum(a);
  *outcome = sum.Add(b);
  return sum.Value(empty);
}

NativeHistogram SubtractHistograms(const NativeHistogram& a, const NativeHistogram& b,
                                   AddOutcome* outcome, EmptyCells empty) {
  HistogramSum difference(a);
  *outcome = difference.Subtract(b);
  return difference.Value(empty);
}

void CompactHistogram(NativeHistogram* histogram) {
  CompactSide(&histogram->positive_spans, &histogram->positive_buckets);
  CompactSide(&histogram->negative_spans, &histogram->negative_buckets);
}

bool DetectReset(const NativeHistogram& current, const NativeHistogram& previous) {
  if (current.reset_hint == ResetHint::kYes) return true;
  if (current.reset_hint == ResetHint::kNo) return false;
  if (current.count < previous.count) return true;
  if (current.schema > previous.schema || current.zero_threshold < previous.zero_threshold) {
    return true;
  }
  if (HasCustomBuckets(current) != HasCustomBuckets(previous)) return true;
  const bool same_layout = current.schema == previous.schema &&
                           current.zero_threshold == previous.zero_threshold &&
                           current.positive_spans == previous.positive_spans &&
                           current.negative_spans == previous.negative_spans &&
                           current.custom_values == previous.custom_values;
  if (same_layout) {
    return current.zero_count < previous.zero_count ||
           AnyFewer(current.positive_buckets, previous.positive_buckets) ||
           AnyFewer(current.negative_buckets, previous.negative_buckets);
  }
  return HasCustomBuckets(current) ? CustomReset(current, previous)
                                   : ExponentialReset(current, previous);
}

bool SameHistogram(const NativeHistogram& a, const NativeHistogram& b) {
  return a.schema == b.schema && SameBits(a.count, b.count) && SameBits(a.sum, b.sum) &&
         a.zero_threshold == b.zero_threshold && SameBits(a.zero_count, b.zero_count) &&
         a.custom_values == b.custom_values &&
         SameCells(CellsOf(a.positive_spans, a.positive_buckets),
                   CellsOf(b.positive_spans, b.positive_buckets)) &&
         SameCells(CellsOf(a.negative_spans, a.negative_buckets),
                   CellsOf(b.negative_spans, b.negative_buckets));
}

std::string HistogramText(const NativeHistogram& histogram) {
  std::string text =
      fmt::format("{{count:{}, sum:{}", FormatFloatG(histogram.count), FormatFloatG(histogram.sum));
  const std::vector<HistogramBucket> negative = NegativeBuckets(histogram);
  for (size_t i = negative.size(); i-- > 0;) {
    if (negative[i].count != 0) text += BucketText(negative[i]);
  }
  if (histogram.zero_count != 0) text += BucketText(ZeroBucket(histogram));
  for (const HistogramBucket& bucket : PositiveBuckets(histogram)) {
    if (bucket.count != 0) text += BucketText(bucket);
  }
  return text + '}';
}

}  // namespace outrider::promql
