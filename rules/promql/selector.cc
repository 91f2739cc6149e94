// SPDX-License-Identifier: Apache-2.0
// Instant selectors: which samples a node needs over all its steps, asked for once, and what each
// step sees. The lookback is open at the left: (t-5m, t].
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

std::span<const SeriesLabels> Evaluator::KeepLabels(SeriesSet* set) {
  if (pins_.empty() || pins_.back() != set->pin) pins_.push_back(set->pin);
  std::vector<SeriesLabels>& kept = selected_labels_.emplace_back();
  kept.reserve(set->rows.size());
  for (SeriesSet::Row& row : set->rows) kept.push_back(std::move(row.labels));
  return kept;
}

Status Evaluator::EachPiece(const VectorSelector& selector, const TimeRange& range, Wanted wanted,
                            const std::function<Status(const Piece&)>& use) {
  const bool named =
      std::any_of(selector.matchers.begin(), selector.matchers.end(), [](const Matcher& m) {
        return m.type() == MatchType::kEqual && m.name() == kMetricName && !m.value().empty();
      });
  SeriesSet all;
  all.want_histograms = true;
  all.want_starts = wanted.starts;
  all.newest_will_do = wanted.newest_will_do;
  const auto use_piece = [&](SeriesSet& set) -> Status {
    TRY(CheckTimeout());
    if (selector.stats_only) {
      for (const SeriesSet::Row& row : set.rows) {
        KeepStatsOnly(
            std::span(set.histograms)
                .subspan(row.histograms_begin, row.histograms_end - row.histograms_begin));
      }
    }
    for (const HistogramSample& sample : set.histograms) arena_.Count(sample.histogram);
    const size_t samples = set.values.size();
    TRY(budget_.Take(samples));
    TRY(CheckArena());
    const std::span<const SeriesLabels> labels = KeepLabels(&set);
    const bool one_name =
        named && std::none_of(labels.begin(), labels.end(),
                              [](const SeriesLabels& one) { return HasTypeOrUnit(one); });
    const Status used = use({set, labels, one_name});
    budget_.Give(samples);
    TRY(used);
    // Pointed at, as the labels.
    if (!set.histograms.empty()) selected_histograms_.push_back(std::move(set.histograms));
    return {};
  };
  const size_t left = budget_.left() - std::min(budget_.left(), arena_.cost());
  const Status status =
      querier_.SelectInPieces(selector.matchers, range.from, range.to, left, &all, use_piece);
  return absl::IsResourceExhausted(status) ? TooManySamples() : status;
}

// Adds what the steps see of some series.
Status Evaluator::AddSelected(const Piece& piece, const Sight& seen, Block* block) {
  const SeriesSet& set = piece.set;
  const size_t count = seen.steps.count;
  block->one_name = block->one_name && piece.one_name;
  const size_t most = block->rows.size() + set.rows.size();
  if (most * count > budget_.max()) return TooManySamples();
  block->values.resize(most * count, kAbsent);
  for (size_t i = 0; i < set.rows.size(); ++i) {
    const SeriesSet::Row& source = set.rows[i];
    const size_t r = block->rows.size();
    const Row row{.labels = &piece.labels[i]};
    bool any = false;
    const bool mixed =
        seen.field == SampleField::kStart || source.histograms_end > source.histograms_begin;
    if (mixed && seen.smoothed) {
      WindowNotes notes;
      any = SmoothedRow(set, source).Fill(seen.steps, options_.lookback, &arena_, &notes, r, block);
      Tell(notes, row, seen.pos);
    } else if (mixed) {
      any = MixedRow(set, source, seen.field).Fill(seen.steps, options_.lookback, r, block);
    } else if (seen.smoothed) {
      any = FillSmoothedRow(set, source, seen.steps, options_.lookback, block->Of(r));
    } else {
      const bool want_times = seen.field != SampleField::kValue;
      any = FillRow(set, source, seen.steps, options_.lookback, want_times, block->Of(r));
    }
    if (any) block->rows.push_back(row);
  }
  block->values.resize(block->rows.size() * count);
  return {};
}

StatusOr<Evaluator::Sight> Evaluator::SightOf(const VectorSelector& selector, const Steps& steps,
                                              SampleField field, uint32_t pos) const {
  const Pin pin = TRY(Resolve(selector.time));
  // Where the steps look: all at the same place when pinned.
  return Sight{
      .steps = {.start = (pin.pinned ? pin.at : steps.start) - pin.offset,
                .step = pin.pinned ? 0 : steps.step,
                .count = steps.count},
      .field = field,
      .smoothed = selector.extension == Extension::kSmoothed && field == SampleField::kValue,
      .pos = pos};
}

Status Evaluator::EachSelected(const VectorSelector& selector, const Sight& seen, Block* block,
                               const std::function<Status()>& use) {
  const bool one_place = seen.steps.count == 1 || seen.steps.step == 0;
  const TimeRange range{seen.steps.start - options_.lookback + 1,
                        seen.steps.Last() + (seen.smoothed ? options_.lookback : 0)};
  block->steps = seen.steps.count;
  block->one_name = true;
  return EachPiece(
      selector, range,
      {.starts = seen.field == SampleField::kStart, .newest_will_do = one_place && !seen.smoothed},
      [&](const Piece& piece) -> Status {
        TRY(AddSelected(piece, seen, block));
        return use();
      });
}

StatusOr<Block> Evaluator::EvalSelector(const VectorSelector& selector, const Steps& steps,
                                        SampleField field, uint32_t pos) {
  const Sight seen = TRY(SightOf(selector, steps, field, pos));
  Block block;
  TRY(EachSelected(selector, seen, &block, [] { return Status(); }));
  if (stats_ != nullptr) stats_->AddSelected(block);
  return block;
}

}  // namespace outrider::promql
