// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/range_window.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace outrider::promql {
namespace {

void AddHistograms(const SeriesSet& set, const SeriesSet::Row& row, RangeData* out,
                   RangeSeries* series) {
  series->histograms_begin = out->histograms.size();
  const std::span<const StartRun> runs = set.Starts(row);
  for (const HistogramSample& sample : set.Histograms(row)) {
    if (IsStale(sample.histogram)) continue;
    out->histograms.push_back({sample.time, StartOf(runs, sample.time), &sample.histogram});
  }
  series->histograms_end = out->histograms.size();
}

void FillStarts(const SeriesSet& set, RangeData* out) {
  if (set.starts.empty()) return;
  out->starts.resize(out->times.size());
  for (size_t r = 0; r < set.rows.size(); ++r) {
    const std::span<const StartRun> runs = set.Starts(set.rows[r]);
    if (runs.empty()) continue;
    for (size_t i = out->series[r].begin; i < out->series[r].end; ++i) {
      out->starts[i] = StartOf(runs, out->times[i]);
    }
  }
}

}  // namespace

RangeWindow WindowCursor::At(Timestamp step_time) {
  const Timestamp end = data_.EndAt(step_time);
  const Timestamp start = end - data_.range;
  while (high_ < end_ && data_.times[high_] <= end) ++high_;
  while (low_ < high_ && data_.times[low_] <= start) ++low_;
  RangeWindow window;
  window.times = std::span(data_.times).subspan(low_, high_ - low_);
  window.values = std::span(data_.values).subspan(low_, high_ - low_);
  window.start = start;
  window.end = end;
  window.eval_time = step_time;
  return window;
}

MixedWindow MixedCursor::At(Timestamp step_time) {
  MixedWindow window;
  window.floats = floats_.At(step_time);
  if (!data_.starts.empty()) {
    window.starts = std::span(data_.starts).subspan(floats_.low(), window.floats.size());
  }
  while (high_ < end_ && data_.histograms[high_].time <= window.floats.end) ++high_;
  while (low_ < high_ && data_.histograms[low_].time <= window.floats.start) ++low_;
  window.histograms = std::span(data_.histograms).subspan(low_, high_ - low_);
  return window;
}

Timestamp StartOf(std::span<const StartRun> runs, Timestamp time) {
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), time,
                       [](Timestamp t, const StartRun& run) { return t < run.from; });
  return after == runs.begin() ? 0 : std::prev(after)->start;
}

void MoveWithoutStale(SeriesSet* set, RangeData* out) {
  const bool stale = std::any_of(set->values.begin(), set->values.end(),
                                 [](double value) { return IsStale(value); });
  out->times = std::move(set->times);
  out->values = std::move(set->values);
  out->series.reserve(set->rows.size());
  size_t next = 0;
  for (const SeriesSet::Row& row : set->rows) {
    RangeSeries series{.row = {.labels = &row.labels}, .begin = row.begin, .end = row.end};
    if (stale) {
      // Rows need not lie in order, so each is compacted in its own place.
      next = row.begin;
      for (size_t i = row.begin; i < row.end; ++i) {
        if (IsStale(out->values[i])) continue;
        out->times[next] = out->times[i];
        out->values[next++] = out->values[i];
      }
      series.end = next;
    }
    if (!set->histograms.empty()) AddHistograms(*set, row, out, &series);
    out->series.push_back(series);
  }
  FillStarts(*set, out);
}

}  // namespace outrider::promql
