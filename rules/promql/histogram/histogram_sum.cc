// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/histogram/histogram_sum.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "rules/promql/histogram/bucket_bounds.h"
#include "rules/promql/histogram/histogram_math.h"

namespace outrider::promql {
namespace {

void AddCompensated(const KahanSum& from, double factor, KahanSum* into) {
  into->Add(from.sum * factor);
  if (from.lost != 0) into->Add(from.lost * factor);
}

}  // namespace

HistogramSum::HistogramSum(const NativeHistogram& first)
    : schema_(first.schema),
      hint_(first.reset_hint),
      zero_threshold_(first.zero_threshold),
      zero_{.sum = first.zero_count},
      count_{.sum = first.count},
      sum_{.sum = first.sum},
      positive_(CellsOf(first.positive_spans, first.positive_buckets)),
      negative_(CellsOf(first.negative_spans, first.negative_buckets)),
      bounds_(first.custom_values) {}

template <typename Visit>
void HistogramSum::EachNumber(Visit visit) {
  visit(&zero_);
  visit(&count_);
  visit(&sum_);
  for (Cell& cell : positive_) visit(&cell.count);
  for (Cell& cell : negative_) visit(&cell.count);
}

void HistogramSum::Multiply(double factor) {
  EachNumber([factor](KahanSum* number) {
    number->sum *= factor;
    number->lost *= factor;
  });
}

void HistogramSum::Divide(double divisor) {
  EachNumber([divisor](KahanSum* number) {
    number->sum /= divisor;
    number->lost /= divisor;
  });
}

bool HistogramSum::HasOverflow() const {
  const auto infinite = [](const Cell& cell) { return std::isinf(cell.count.sum); };
  return std::isinf(zero_.sum) || std::isinf(count_.sum) || std::isinf(sum_.sum) ||
         std::any_of(positive_.begin(), positive_.end(), infinite) ||
         std::any_of(negative_.begin(), negative_.end(), infinite) ||
         std::any_of(bounds_.begin(), bounds_.end(), [](double b) { return std::isinf(b); });
}

NativeHistogram HistogramSum::Value(EmptyCells empty) const {
  const auto value = [this](const KahanSum& number) {
    return alone_ ? number.sum : number.Value();
  };
  NativeHistogram h;
  h.schema = schema_;
  h.is_float = true;
  h.reset_hint = hint_;
  h.zero_threshold = zero_threshold_;
  h.zero_count = value(zero_);
  h.count = value(count_);
  h.sum = value(sum_);
  StoreCells(positive_, empty, &h.positive_spans, &h.positive_buckets);
  StoreCells(negative_, empty, &h.negative_spans, &h.negative_buckets);
  h.custom_values = bounds_;
  return h;
}

// Adds up the buckets that begin below the threshold. False when the threshold had to move to the
// end of a populated bucket.
bool HistogramSum::SwallowSide(const Cells& cells, double* threshold, KahanSum* zero) const {
  for (const Cell& cell : cells) {
    if (ExponentialBound(cell.index - 1, schema_) >= *threshold) break;
    AddCompensated(cell.count, 1, zero);
    const double upper = ExponentialBound(cell.index, schema_);
    if (upper <= *threshold) continue;
    if (cell.count.sum == 0) break;
    *threshold = upper;
    return false;
  }
  return true;
}

void HistogramSum::DropCovered(Cells* cells) const {
  const auto kept = std::find_if(cells->begin(), cells->end(), [this](const Cell& cell) {
    return ExponentialBound(cell.index - 1, schema_) >= zero_threshold_;
  });
  cells->erase(cells->begin(), kept);
  std::erase_if(*cells, [](const Cell& cell) { return cell.count.sum == 0; });
}

void HistogramSum::WidenZero(double threshold) {
  if (!(threshold > zero_threshold_)) return;
  KahanSum zero;
  do {
    zero = zero_;
    // What the positive side moves, the negative side sees; the other way round it starts again.
    SwallowSide(positive_, &threshold, &zero);
  } while (!SwallowSide(negative_, &threshold, &zero));
  zero_ = zero;
  zero_threshold_ = threshold;
  DropCovered(&positive_);
  DropCovered(&negative_);
}

void HistogramSum::Reduce(int32_t schema) {
  if (schema_ <= schema) return;
  ReduceCells(schema_, schema, &positive_);
  ReduceCells(schema_, schema, &negative_);
  schema_ = schema;
}

// What the hint of a sum or difference can still say. True for a contradiction.
bool HistogramSum::AdjustHint(ResetHint other) {
  using enum ResetHint;
  if (other == hint_ || hint_ == kGauge) return false;
  if (other == kGauge) {
    hint_ = kGauge;
    return false;
  }
  const bool contradiction = hint_ != kUnknown && other != kUnknown;
  hint_ = kUnknown;
  return contradiction;
}

bool HistogramSum::ReconcileBounds(HistogramSum* other) {
  if (bounds_ == other->bounds_) return false;
  std::vector<double> common;
  std::set_intersection(bounds_.begin(), bounds_.end(), other->bounds_.begin(),
                        other->bounds_.end(), std::back_inserter(common));
  RemapCells(bounds_, common, &positive_);
  RemapCells(other->bounds_, common, &other->positive_);
  bounds_ = std::move(common);
  return true;
}

AddOutcome HistogramSum::Add(HistogramSum other, double factor) {
  AddOutcome outcome;
  const bool custom = schema_ == kCustomSchema;
  if (custom != (other.schema_ == kCustomSchema)) {
    outcome.incompatible = true;
    return outcome;
  }
  alone_ = false;
  outcome.reset_collision = AdjustHint(other.hint_);
  if (custom) {
    outcome.reconciled = ReconcileBounds(&other);
  } else {
    // A widening may go further than asked, so that the other side must follow.
    while (zero_threshold_ < other.zero_threshold_ || other.zero_threshold_ < zero_threshold_) {
      other.WidenZero(zero_threshold_);
      WidenZero(other.zero_threshold_);
    }
    Reduce(other.schema_);
    other.Reduce(schema_);
  }
  AddCompensated(other.zero_, factor, &zero_);
  AddCompensated(other.count_, factor, &count_);
  AddCompensated(other.sum_, factor, &sum_);
  AddCells(other.positive_, factor, &positive_);
  AddCells(other.negative_, factor, &negative_);
  return outcome;
}

AddOutcome HistogramMean::Add(const NativeHistogram& other) {
  ++count_;
  if (!incremental_) {
    next_ = sum_;
    const AddOutcome outcome = next_.Add(other);
    if (outcome.incompatible) return outcome;
    if (!next_.HasOverflow()) {
      std::swap(sum_, next_);
      return outcome;
    }
    incremental_ = true;
    sum_.Divide(count_ - 1);
  }
  sum_.Multiply((count_ - 1) / count_);
  NativeHistogram part = other;
  DivideHistogram(count_, &part);
  return sum_.Add(part);
}

NativeHistogram HistogramMean::Value(EmptyCells empty) const {
  if (incremental_) return sum_.Value(empty);
  HistogramSum mean = sum_;
  mean.Divide(count_);
  return mean.Value(empty);
}

}  // namespace outrider::promql
