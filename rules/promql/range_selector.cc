// SPDX-License-Identifier: Apache-2.0
// Range selectors and subqueries: the samples that the windows of all steps hold. Ranges are open
// at the left: (t-r, t].
#include <algorithm>
#include <utility>

#include "rules/promql/evaluator.h"
#include "rules/promql/query_stats.h"

namespace outrider::promql {

Status Evaluator::EachRange(const Expr& expr, const Steps& steps, bool want_starts,
                            const RangeSink& use) {
  TRY(CheckTimeout());
  const Expr& inner = Unwrapped(expr);
  if (const auto* matrix = std::get_if<MatrixSelector>(&inner.node)) {
    return EachMatrix(*matrix, steps, want_starts, use);
  }
  if (const auto* subquery = std::get_if<Subquery>(&inner.node)) {
    return use(TRY(EvalSubquery(*subquery, steps)));
  }
  return ExecutionError("a range vector must be a range selector or a subquery");
}

Status Evaluator::EachMatrix(const MatrixSelector& matrix, const Steps& steps, bool want_starts,
                             const RangeSink& use) {
  const Pin pin = TRY(Resolve(matrix.selector.time));
  RangeData data;
  data.range = TRY(ResolvePositiveDuration(matrix.range, DurationsOfQuery()));
  data.offset = pin.offset;
  data.pinned = pin.pinned;
  data.pinned_at = pin.at;
  data.extension = matrix.selector.extension;
  data.lookback = options_.lookback;
  const TimeRange range{data.EndAt(steps.start) - data.range - data.Before() + 1,
                        data.EndAt(steps.Last()) + data.Behind()};
  return EachPiece(matrix.selector, range, {.starts = want_starts},
                   [&](const Piece& piece) -> Status {
                     data.one_name = piece.one_name;
                     MoveWithoutStale(&piece.set, piece.labels, &data);
                     if (stats_ != nullptr) stats_->AddWindows(data, steps);
                     return use(data);
                   });
}

// The inner expression is evaluated at absolute multiples of the subquery's step, once for all
// outer steps.
StatusOr<RangeData> Evaluator::EvalSubquery(const Subquery& subquery, const Steps& steps) {
  const Pin pin = TRY(Resolve(subquery.time));
  RangeData data;
  data.range = TRY(ResolvePositiveDuration(subquery.range, DurationsOfQuery()));
  data.offset = pin.offset;
  data.pinned = pin.pinned;
  data.pinned_at = pin.at;
  DurationMs step = options_.default_subquery_step;
  if (!subquery.step.IsZero()) {
    step = TRY(ResolvePositiveDuration(subquery.step, DurationsOfQuery()));
  }
  const Timestamp after = data.EndAt(steps.start) - data.range;
  Timestamp start = after / step * step;
  if (start <= after) start += step;
  const Timestamp end = data.EndAt(steps.Last());
  if (start > end) return data;
  const Steps inner{
      .start = start, .step = step, .count = static_cast<size_t>((end - start) / step) + 1};
  if (inner.count > budget_.max()) return TooManySamples();

  StatsScope own(&stats_, inner.count);
  const Block block = TRY(Eval(*subquery.expr, inner));
  data.one_name = block.one_name;
  for (size_t r = 0; r < block.rows.size(); ++r) AddSubqueryRow(block, r, inner, &data);
  TRY(CheckArena());
  own.EndSubquery(data, steps, inner);
  return data;
}

void Evaluator::AddSubqueryRow(const Block& block, size_t row, const Steps& inner,
                               RangeData* data) {
  RangeSeries series{.row = block.rows[row],
                     .begin = data->times.size(),
                     .histograms_begin = data->histograms.size()};
  const std::span<const double> values = block.Of(row);
  for (size_t i = 0; i < inner.count; ++i) {
    if (IsAbsent(values[i])) continue;
    data->times.push_back(inner.At(i));
    data->values.push_back(values[i]);
  }
  for (size_t i = 0; i < inner.count && block.HasHistograms(row); ++i) {
    const NativeHistogram* histogram = block.HistogramAt(row, i);
    if (histogram == nullptr) continue;
    // What a hint says of the sample before it in storage need not hold for the one before it here.
    if (histogram->reset_hint == ResetHint::kYes || histogram->reset_hint == ResetHint::kNo) {
      NativeHistogram copy = *histogram;
      copy.reset_hint = ResetHint::kUnknown;
      histogram = arena_.Own(std::move(copy));
    }
    data->histograms.push_back({.time = inner.At(i), .histogram = histogram});
  }
  series.end = data->times.size();
  series.histograms_end = data->histograms.size();
  const bool any = series.end > series.begin || series.histograms_end > series.histograms_begin;
  if (any) data->series.push_back(series);
}

}  // namespace outrider::promql
