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
  while (high_ < end_ && data_.times[high_] <= end + data_.Behind()) ++high_;
  while (low_ < high_ && data_.times[low_] <= start - data_.Before()) ++low_;
  RangeWindow window;
  window.times = std::span(data_.times).subspan(low_, high_ - low_);
  window.values = std::span(data_.values).subspan(low_, high_ - low_);
  window.start = start;
  window.end = end;
  window.eval_time = step_time;
  window.extension = data_.extension;
  return window;
}

MixedWindow MixedCursor::At(Timestamp step_time) {
  MixedWindow window;
  window.floats = floats_.At(step_time);
  if (!data_.starts.empty()) {
    window.starts = std::span(data_.starts).subspan(floats_.low(), window.floats.size());
  }
  while (high_ < end_ && data_.histograms[high_].time <= window.floats.end + data_.Behind())
    ++high_;
  while (low_ < high_ && data_.histograms[low_].time <= window.floats.start - data_.Before())
    ++low_;
  window.histograms = std::span(data_.histograms).subspan(low_, high_ - low_);
  return window;
}

Timestamp StartOf(std::span<const StartRun> runs, Timestamp time) {
  const auto after =
      std::upper_bound(runs.begin(), runs.end(), time,
                       [](Timestamp t, const StartRun& run) { return t < run.from; });
  return after == runs.begin() ? 0 : std::prev(after)->start;
}

double Interpolate(RangePoint before, RangePoint after, Timestamp at, bool counter) {
  const double from = counter && after.value < before.value ? 0 : before.value;
  return from + (after.value - from) * static_cast<double>(at - before.time) /
                    static_cast<double>(after.time - before.time);
}

std::optional<WindowEnds> FindEnds(const RangeWindow& w, bool counter) {
  const bool smoothed = w.extension == Extension::kSmoothed;
  const auto point = [&](size_t i) { return RangePoint{w.times[i], w.values[i]}; };
  // The last sample at or before the start, else the first; and the first at or behind the end,
  // else the last.
  size_t last = w.size() - 1;
  const auto inner = w.times.first(last);
  const auto first_inside = std::ranges::upper_bound(inner, w.start) - inner.begin();
  size_t first = first_inside > 0 ? static_cast<size_t>(first_inside) - 1 : 0;
  if (smoothed) {
    last = static_cast<size_t>(std::ranges::lower_bound(inner, w.end) - inner.begin());
  }
  if (w.times[last] <= w.start) return std::nullopt;

  WindowEnds ends{.left = w.values[first], .right = w.values[last], .times = {}, .values = {}};
  if (smoothed && w.times[first] < w.start) {
    ends.left = Interpolate(point(first), point(first + 1), w.start, counter);
  }
  if (smoothed && last > 0 && w.times[last] > w.end) {
    ends.right = Interpolate(point(last - 1), point(last), w.end, counter);
  }
  if (w.times[first] <= w.start) ++first;
  const size_t stop = w.times[last] >= w.end ? last : last + 1;
  if (first < stop) {
    ends.times = w.times.subspan(first, stop - first);
    ends.values = w.values.subspan(first, stop - first);
  }
  return ends;
}

void MoveWithoutStale(SeriesSet* set, std::span<const SeriesLabels> labels, RangeData* out) {
  const bool stale = std::any_of(set->values.begin(), set->values.end(),
                                 [](double value) { return IsStale(value); });
  // Swapped, so that the next piece finds room.
  out->times.swap(set->times);
  out->values.swap(set->values);
  out->starts.clear();
  out->histograms.clear();
  out->series.clear();
  out->series.reserve(set->rows.size());
  size_t next = 0;
  for (size_t r = 0; r < set->rows.size(); ++r) {
    const SeriesSet::Row& row = set->rows[r];
    RangeSeries series{.row = {.labels = &labels[r]}, .begin = row.begin, .end = row.end};
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
