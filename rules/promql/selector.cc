// SPDX-License-Identifier: Apache-2.0
// Selectors and subqueries: which samples a node needs over all its steps, asked for once, and what
// each step sees. Intervals are open at the left: lookback (t-5m, t], range (t-r, t].
#include <algorithm>
#include <utility>

#include "rules/promql/evaluator.h"
#include "rules/promql/extended_histograms.h"
#include "rules/promql/histogram/stats_only.h"
#include "rules/promql/query_stats.h"

namespace outrider::promql {
namespace {

double Seconds(Timestamp time) { return static_cast<double>(time) / 1000; }

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
    row[i] = want_times ? Seconds(set.times[newest]) : set.values[newest];
    any = true;
  }
  return any;
}

// The same for a series with histograms, or where start times are wanted: the newest of both kinds.
class MixedRow {
 public:
  MixedRow(const SeriesSet& set, const SeriesSet::Row& series, SampleField field)
      : times_(set.Times(series)),
        values_(set.Values(series)),
        histograms_(set.Histograms(series)),
        starts_(set.Starts(series)),
        field_(field) {}

  bool Fill(const Steps& steps, DurationMs lookback, size_t row, Block* block) {
    bool any = false;
    for (size_t i = 0; i < steps.count; ++i) {
      const Timestamp at = steps.At(i);
      while (next_float_ < times_.size() && times_[next_float_] <= at) ++next_float_;
      while (next_histogram_ < histograms_.size() && histograms_[next_histogram_].time <= at) {
        ++next_histogram_;
      }
      any |= Put(at - lookback, row, i, block);
    }
    return any;
  }

 private:
  // False when the newest sample is too old, or says that the series ended.
  bool Put(Timestamp after, size_t row, size_t step, Block* block) const {
    const bool has_float = next_float_ > 0 && times_[next_float_ - 1] > after;
    const bool has_histogram = next_histogram_ > 0 && histograms_[next_histogram_ - 1].time > after;
    if (!has_float && !has_histogram) return false;
    const NativeHistogram* histogram = nullptr;
    Timestamp time = has_float ? times_[next_float_ - 1] : 0;
    if (has_histogram && (!has_float || histograms_[next_histogram_ - 1].time > time)) {
      time = histograms_[next_histogram_ - 1].time;
      histogram = &histograms_[next_histogram_ - 1].histogram;
    }
    const double value = histogram != nullptr ? 0 : values_[next_float_ - 1];
    if (histogram != nullptr ? IsStale(*histogram) : IsStale(value)) return false;
    double& target = block->values[row * block->steps + step];
    if (field_ == SampleField::kTime ||
        (field_ == SampleField::kFloatTime && histogram == nullptr)) {
      target = Seconds(time);
    } else if (field_ == SampleField::kStart) {
      target = Seconds(StartOf(starts_, time));
    } else if (histogram != nullptr) {
      block->SetHistogram(row, step, histogram);
    } else {
      target = value;
    }
    return true;
  }

  const std::span<const Timestamp> times_;
  const std::span<const double> values_;
  const std::span<const HistogramSample> histograms_;
  const std::span<const StartRun> starts_;
  const SampleField field_;
  size_t next_float_ = 0;
  size_t next_histogram_ = 0;
};
// The same on a straight line between the samples around each time, both no further than lookback;
// with none behind it, the one before.
bool FillSmoothedRow(const SeriesSet& set, const SeriesSet::Row& series, const Steps& steps,
                     DurationMs lookback, std::span<double> row) {
  std::vector<RangePoint> points;
  for (size_t i = series.begin; i < series.end; ++i) {
    if (!IsStale(set.values[i])) points.push_back({set.times[i], set.values[i]});
  }
  size_t next = 0;  // the first point at or behind the step
  bool any = false;
  for (size_t i = 0; i < steps.count; ++i) {
    const Timestamp at = steps.At(i);
    while (next < points.size() && points[next].time < at) ++next;
    const bool behind = next < points.size() && points[next].time <= at + lookback;
    const bool before = next > 0 && points[next - 1].time > at - lookback;
    if (behind && points[next].time == at) {
      row[i] = points[next].value;
    } else if (before) {
      const RangePoint& last = points[next - 1];
      row[i] = behind ? Interpolate(last, points[next], at, /*counter=*/false) : last.value;
    } else {
      continue;
    }
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

StatusOr<Evaluator::Selection> Evaluator::Select(const VectorSelector& selector, Timestamp from,
                                                 Timestamp to, Wanted wanted) {
  SeriesSet& set = sets_.emplace_back();
  set.want_histograms = true;
  set.want_starts = wanted.starts;
  set.newest_will_do = wanted.newest_will_do;
  const size_t left = budget_.left() - std::min(budget_.left(), arena_.cost());
  const Status status = querier_.Select(selector.matchers, from, to, left, &set);
  if (absl::IsResourceExhausted(status)) return TooManySamples();
  TRY(status);
  if (selector.stats_only) {
    for (const SeriesSet::Row& row : set.rows) {
      KeepStatsOnly(std::span(set.histograms)
                        .subspan(row.histograms_begin, row.histograms_end - row.histograms_begin));
    }
  }
  for (const HistogramSample& sample : set.histograms) arena_.Count(sample.histogram);
  TRY(budget_.Take(set.values.size()));
  TRY(CheckArena());
  bool one_name =
      std::any_of(selector.matchers.begin(), selector.matchers.end(), [](const Matcher& m) {
        return m.type() == MatchType::kEqual && m.name() == kMetricName && !m.value().empty();
      });
  one_name = one_name && std::none_of(set.rows.begin(), set.rows.end(),
                                      [](const auto& row) { return HasTypeOrUnit(row.labels); });
  return Selection{&set, one_name};
}

StatusOr<Block> Evaluator::EvalSelector(const VectorSelector& selector, const Steps& steps,
                                        SampleField field, uint32_t pos) {
  const Pin pin = TRY(Resolve(selector.time));
  // Where the steps look: all at the same place when pinned.
  const Steps seen{.start = (pin.pinned ? pin.at : steps.start) - pin.offset,
                   .step = pin.pinned ? 0 : steps.step,
                   .count = steps.count};
  const bool smoothed = selector.extension == Extension::kSmoothed && field == SampleField::kValue;
  const bool want_starts = field == SampleField::kStart;
  const bool one_place = seen.count == 1 || seen.step == 0;
  const auto [set, one_name] =
      TRY(Select(selector, seen.start - options_.lookback + 1,
                 seen.Last() + (smoothed ? options_.lookback : 0),
                 {.starts = want_starts, .newest_will_do = one_place && !smoothed}));
  Block block;
  block.steps = steps.count;
  block.one_name = one_name;
  if (set->rows.size() * steps.count > budget_.max()) return TooManySamples();

  block.rows.reserve(set->rows.size());
  block.values.assign(set->rows.size() * steps.count, kAbsent);
  for (const SeriesSet::Row& source : set->rows) {
    const size_t r = block.rows.size();
    bool any = false;
    const bool mixed = want_starts || source.histograms_end > source.histograms_begin;
    if (mixed && smoothed) {
      WindowNotes notes;
      any = SmoothedRow(*set, source).Fill(seen, options_.lookback, &arena_, &notes, r, &block);
      Tell(notes, {.labels = &source.labels}, pos);
    } else if (mixed) {
      any = MixedRow(*set, source, field).Fill(seen, options_.lookback, r, &block);
    } else {
      const std::span<double> row = std::span(block.values).subspan(r * steps.count, steps.count);
      any = smoothed
                ? FillSmoothedRow(*set, source, seen, options_.lookback, row)
                : FillRow(*set, source, seen, options_.lookback, field != SampleField::kValue, row);
    }
    if (any) block.rows.push_back({.labels = &source.labels});
  }
  block.values.resize(block.rows.size() * steps.count);
  if (stats_ != nullptr) stats_->AddSelected(block);
  // Only the labels and the histograms are needed from here on.
  set->times = {};
  set->values = {};
  return block;
}

StatusOr<RangeData> Evaluator::EvalRange(const Expr& expr, const Steps& steps, bool want_starts) {
  TRY(CheckTimeout());
  const Expr& inner = Unwrapped(expr);
  if (const auto* matrix = std::get_if<MatrixSelector>(&inner.node)) {
    return EvalMatrix(*matrix, steps, want_starts);
  }
  if (const auto* subquery = std::get_if<Subquery>(&inner.node)) {
    return EvalSubquery(*subquery, steps);
  }
  return ExecutionError("a range vector must be a range selector or a subquery");
}

StatusOr<RangeData> Evaluator::EvalMatrix(const MatrixSelector& matrix, const Steps& steps,
                                          bool want_starts) {
  const Pin pin = TRY(Resolve(matrix.selector.time));
  RangeData data;
  data.range = TRY(ResolvePositiveDuration(matrix.range, DurationsOfQuery()));
  data.offset = pin.offset;
  data.pinned = pin.pinned;
  data.pinned_at = pin.at;
  data.extension = matrix.selector.extension;
  data.lookback = options_.lookback;
  const auto [set, one_name] =
      TRY(Select(matrix.selector, data.EndAt(steps.start) - data.range - data.Before() + 1,
                 data.EndAt(steps.Last()) + data.Behind(), {.starts = want_starts}));
  data.one_name = one_name;
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
