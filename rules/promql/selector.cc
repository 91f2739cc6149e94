// SPDX-License-Identifier: Apache-2.0
// Selectors and subqueries: which samples a node needs over all its steps, asked for once, and what
// each step sees. Intervals are open at the left: lookback (t-5m, t], range (t-r, t].
#include <algorithm>
#include <utility>

#include "rules/promql/evaluator.h"
#include "rules/promql/query_stats.h"

namespace outrider::promql {
namespace {

// What a selector's steps see of one series: the newest sample in (t - lookback, t], unless that is
// a stale marker. False when no step sees any.
bool FillRow(const SeriesSet& set, const SeriesSet::Row& series, const Steps& steps,
             DurationMs lookback, bool want_times, std::span<double> row) {
  size_t next = series.begin;
  bool any = false;
  for (size_t i = 0; i < steps.count; ++i) {
    const Timestamp at = steps.At(i);
    while (next < series.end && set.times[next] <= at) ++next;
    if (next == series.begin) continue;
    const size_t newest = next - 1;
    if (set.times[newest] <= at - lookback || IsStale(set.values[newest])) continue;
    row[i] = want_times ? static_cast<double>(set.times[newest]) / 1000 : set.values[newest];
    any = true;
  }
  return any;
}

}  // namespace

StatusOr<Evaluator::Pin> Evaluator::Resolve(const TimeModifier& time) const {
  Pin pin;
  pin.offset = TRY(ResolveDuration(time.offset, DurationsOfQuery()));
  pin.pinned = time.at != TimeModifier::At::kNone;
  if (time.at == TimeModifier::At::kTimestamp) {
    pin.at = std::clamp(time.timestamp, -kFarthestTime, kFarthestTime);
  }
  if (time.at == TimeModifier::At::kStart) pin.at = query_.start;
  if (time.at == TimeModifier::At::kEnd) pin.at = query_.end;
  return pin;
}

Status Evaluator::Select(const VectorSelector& selector, Timestamp from, Timestamp to,
                         SeriesSet** out, bool* one_name) {
  SeriesSet& set = sets_.emplace_back();
  *out = &set;
  const Status status = querier_.Select(selector.matchers, from, to, budget_.left(), &set);
  if (absl::IsResourceExhausted(status)) return TooManySamples();
  TRY(status);
  TRY(budget_.Take(set.values.size()));
  *one_name = std::any_of(selector.matchers.begin(), selector.matchers.end(), [](const Matcher& m) {
    return m.type() == MatchType::kEqual && m.name() == kMetricName && !m.value().empty();
  });
  *one_name = *one_name && std::none_of(set.rows.begin(), set.rows.end(),
                                        [](const auto& row) { return HasTypeOrUnit(row.labels); });
  return {};
}

StatusOr<Block> Evaluator::EvalSampleTimes(const VectorSelector& selector, const Steps& steps) {
  return EvalSelector(selector, steps, /*want_times=*/true);
}

StatusOr<Block> Evaluator::EvalSelector(const VectorSelector& selector, const Steps& steps,
                                        bool want_times) {
  const Pin pin = TRY(Resolve(selector.time));
  // Where the steps look: all at the same place when pinned.
  const Steps seen{.start = (pin.pinned ? pin.at : steps.start) - pin.offset,
                   .step = pin.pinned ? 0 : steps.step,
                   .count = steps.count};
  SeriesSet* set = nullptr;
  Block block;
  block.steps = steps.count;
  TRY(Select(selector, seen.start - options_.lookback + 1, seen.Last(), &set, &block.one_name));
  if (set->rows.size() * steps.count > budget_.max()) return TooManySamples();

  block.rows.reserve(set->rows.size());
  block.values.assign(set->rows.size() * steps.count, kAbsent);
  for (const SeriesSet::Row& source : set->rows) {
    const size_t r = block.rows.size();
    const std::span<double> row = std::span(block.values).subspan(r * steps.count, steps.count);
    if (FillRow(*set, source, seen, options_.lookback, want_times, row)) {
      block.rows.push_back({.labels = &source.labels});
    }
  }
  block.values.resize(block.rows.size() * steps.count);
  if (stats_ != nullptr) stats_->AddSelected(block);
  // Only the labels are needed from here on.
  set->times = {};
  set->values = {};
  return block;
}

StatusOr<RangeData> Evaluator::EvalRange(const Expr& expr, const Steps& steps) {
  TRY(CheckTimeout());
  const Expr& inner = Unwrapped(expr);
  if (const auto* matrix = std::get_if<MatrixSelector>(&inner.node)) {
    return EvalMatrix(*matrix, steps);
  }
  if (const auto* subquery = std::get_if<Subquery>(&inner.node)) {
    return EvalSubquery(*subquery, steps);
  }
  return ExecutionError("a range vector must be a range selector or a subquery");
}

StatusOr<RangeData> Evaluator::EvalMatrix(const MatrixSelector& matrix, const Steps& steps) {
  const Pin pin = TRY(Resolve(matrix.selector.time));
  RangeData data;
  data.range = TRY(ResolvePositiveDuration(matrix.range, DurationsOfQuery()));
  data.offset = pin.offset;
  data.pinned = pin.pinned;
  data.pinned_at = pin.at;
  SeriesSet* set = nullptr;
  TRY(Select(matrix.selector, data.EndAt(steps.start) - data.range + 1, data.EndAt(steps.Last()),
             &set, &data.one_name));
  MoveWithoutStale(set, &data);
  if (stats_ != nullptr) stats_->AddWindows(data, steps);
  return data;
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
  for (size_t r = 0; r < block.rows.size(); ++r) {
    const size_t begin = data.times.size();
    const std::span<const double> row = block.Of(r);
    for (size_t i = 0; i < inner.count; ++i) {
      if (IsAbsent(row[i])) continue;
      data.times.push_back(inner.At(i));
      data.values.push_back(row[i]);
    }
    if (data.times.size() > begin) data.series.push_back({block.rows[r], begin, data.times.size()});
  }
  own.EndSubquery(data, steps, inner);
  return data;
}

}  // namespace outrider::promql
