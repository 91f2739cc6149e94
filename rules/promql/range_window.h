// SPDX-License-Identifier: Apache-2.0
// Range vectors: the samples of all series in flat arrays, and windows that slide over them step by
// step.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "storage/model/native_histogram.h"
#include "storage/window/querier.h"

namespace outrider::promql {

// The samples of one series in (start, end], oldest first; never empty when a kernel sees it. With
// an extension also those up to a lookback before and (smoothed) behind.
struct RangeWindow {
  std::span<const Timestamp> times;
  std::span<const double> values;
  Timestamp start = 0;
  Timestamp end = 0;
  Timestamp eval_time = 0;  // end moved back by offset, or pinned by @: not this
  Extension extension = Extension::kNone;

  size_t size() const { return values.size(); }
  double first() const { return values.front(); }
  double last() const { return values.back(); }
};

// A native histogram in a window. `start`: since when it counts, 0 for not known or not asked for.
struct WindowHistogram {
  Timestamp time = 0;
  Timestamp start = 0;
  const NativeHistogram* histogram = nullptr;
};

// What a window has where series have more than floats. Either side may be empty, not both.
struct MixedWindow {
  RangeWindow floats;
  std::span<const Timestamp> starts;  // of the floats, or empty
  std::span<const WindowHistogram> histograms;
};

struct RangeSeries {
  Row row;
  size_t begin = 0;  // its samples are [begin, end) of RangeData
  size_t end = 0;
  size_t histograms_begin = 0;
  size_t histograms_end = 0;
};

struct RangeData {
  std::vector<RangeSeries> series;
  std::vector<Timestamp> times;
  std::vector<double> values;
  std::vector<Timestamp> starts;  // beside `times`, or empty: nobody asked, or none is known
  std::vector<WindowHistogram> histograms;
  DurationMs range = 0;
  DurationMs offset = 0;
  bool pinned = false;  // by @: every step sees the window that ends at pinned_at - offset
  Timestamp pinned_at = 0;
  bool one_name = false;
  Extension extension = Extension::kNone;
  DurationMs lookback = 0;  // how far an extension reaches

  // What a window reaches beyond its range.
  DurationMs Before() const { return extension == Extension::kNone ? 0 : lookback; }
  DurationMs Behind() const { return extension == Extension::kSmoothed ? lookback : 0; }
  Timestamp EndAt(Timestamp step_time) const { return (pinned ? pinned_at : step_time) - offset; }
  bool IsMixed(const RangeSeries& s) const {
    return s.histograms_end > s.histograms_begin || !starts.empty();
  }
};

// Moves over the steps of one series. Steps must not go back.
class WindowCursor {
 public:
  WindowCursor(const RangeData& data, const RangeSeries& series)
      : data_(data), low_(series.begin), high_(series.begin), end_(series.end) {}
  RangeWindow At(Timestamp step_time);
  size_t low() const { return low_; }  // where the latest window begins in RangeData

 private:
  const RangeData& data_;
  size_t low_;
  size_t high_;
  size_t end_;
};

// The same with histograms and start times.
class MixedCursor {
 public:
  MixedCursor(const RangeData& data, const RangeSeries& series)
      : data_(data),
        floats_(data, series),
        low_(series.histograms_begin),
        high_(series.histograms_begin),
        end_(series.histograms_end) {}
  MixedWindow At(Timestamp step_time);

 private:
  const RangeData& data_;
  WindowCursor floats_;
  size_t low_;
  size_t high_;
  size_t end_;
};

// One sample of a series: where and how much.
struct RangePoint {
  Timestamp time = 0;
  double value = 0;
};
// What lies between two samples on a straight line; of a counter that was reset, from zero.
double Interpolate(RangePoint before, RangePoint after, Timestamp at, bool counter);

// What an extended window is worth at its two ends, and which of its samples lie strictly between.
struct WindowEnds {
  double left = 0;
  double right = 0;
  std::span<const Timestamp> times;
  std::span<const double> values;
};
// Nothing when the window holds no sample for its range. `counter`: values drop only by resets.
std::optional<WindowEnds> FindEnds(const RangeWindow& window, bool counter);

// Takes the samples out of a set, leaving stale markers behind, in place of what `out` holds.
// Histograms stay in the set and are pointed at, as are `labels`, those of the set's rows.
void MoveWithoutStale(SeriesSet* set, std::span<const SeriesLabels> labels, RangeData* out);
// Since when the sample at `time` counts: 0 is not known.
Timestamp StartOf(std::span<const StartRun> runs, Timestamp time);

}  // namespace outrider::promql
