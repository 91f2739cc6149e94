// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/range_window.h"

#include <algorithm>
#include <utility>

namespace outrider::promql {

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
    out->series.push_back(series);
  }
}

}  // namespace outrider::promql
