// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/extended_histograms.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "rules/promql/histogram/bucket_bounds.h"
#include "rules/promql/histogram/histogram_math.h"

namespace outrider::promql {
namespace {

bool IsGauge(const NativeHistogram& h) { return h.reset_hint == ResetHint::kGauge; }

// What lies between two on a straight line; of a counter that was reset, from nothing.
std::optional<NativeHistogram> Between(const WindowHistogram& before, const WindowHistogram& after,
                                       Timestamp at, bool counter, WindowNotes* notes) {
  if (at == before.time) return *before.histogram;
  if (at == after.time) return *after.histogram;
  const double fraction =
      static_cast<double>(at - before.time) / static_cast<double>(after.time - before.time);
  NativeHistogram result = *after.histogram;
  if (counter && DetectReset(*after.histogram, *before.histogram)) {
    MultiplyHistogram(fraction, &result);
    return result;
  }
  AddOutcome outcome;
  result = SubtractHistograms(result, *before.histogram, &outcome);
  if (outcome.incompatible) {
    notes->bits |= WindowNotes::kIncompatible;
    return std::nullopt;
  }
  if (outcome.reconciled) notes->bits |= WindowNotes::kReconciledSubtraction;
  MultiplyHistogram(fraction, &result);
  result = AddHistograms(result, *before.histogram, &outcome);
  if (outcome.reconciled) notes->bits |= WindowNotes::kReconciledAddition;
  return result;
}

class ChangeOfWindow {
 public:
  ChangeOfWindow(const MixedWindow& w, bool counter, WindowNotes* notes)
      : points_(w.histograms),
        start_(w.floats.start),
        end_(w.floats.end),
        smoothed_(w.floats.extension == Extension::kSmoothed),
        counter_(counter),
        notes_(*notes) {}

  std::optional<NativeHistogram> Run() {
    if (!FindEnds() || !Fit()) return std::nullopt;
    const bool cut_left = smoothed_ && points_[first_].time < start_;
    const bool cut_right = smoothed_ && last_ > 0 && points_[last_].time > end_;
    std::optional<NativeHistogram> left = *points_[first_].histogram;
    std::optional<NativeHistogram> right = *points_[last_].histogram;
    if (cut_left) left = Between(points_[first_], points_[first_ + 1], start_, counter_, &notes_);
    if (cut_right) right = Between(points_[last_ - 1], points_[last_], end_, counter_, &notes_);
    if (!left || !right) return std::nullopt;
    if (!counter_ && (!IsGauge(*left) || !IsGauge(*right))) notes_.bits |= WindowNotes::kNotAGauge;
    HistogramSum change(*right);
    Note(change.Subtract(*left), WindowNotes::kReconciledSubtraction);
    if (counter_) AddResets(*left, *right, cut_left, &change);
    NativeHistogram result = change.Value();
    result.reset_hint = ResetHint::kGauge;
    return result;
  }

 private:
  // The last point at or before the start, else the first; and, smoothed, the first at or behind
  // the end, else the last.
  bool FindEnds() {
    const auto inner = points_.first(points_.size() - 1);
    const auto inside = std::upper_bound(
        inner.begin(), inner.end(), start_,
        [](Timestamp time, const WindowHistogram& point) { return time < point.time; });
    first_ = static_cast<size_t>(std::max<ptrdiff_t>(inside - inner.begin() - 1, 0));
    last_ = points_.size() - 1;
    if (smoothed_) {
      const auto behind = std::lower_bound(
          inner.begin(), inner.end(), end_,
          [](const WindowHistogram& point, Timestamp time) { return point.time < time; });
      last_ = static_cast<size_t>(behind - inner.begin());
    }
    return points_[last_].time > start_ && !(smoothed_ && points_[first_].time > end_);
  }

  bool Fit() {
    const bool custom = HasCustomBuckets(*points_[first_].histogram);
    for (size_t i = first_; i <= last_; ++i) {
      const NativeHistogram& h = *points_[i].histogram;
      if (HasCustomBuckets(h) != custom) {
        notes_.bits |= WindowNotes::kIncompatible;
        return false;
      }
      if (counter_ && IsGauge(h)) notes_.bits |= WindowNotes::kNotACounter;
    }
    return true;
  }

  void AddResets(const NativeHistogram& left, const NativeHistogram& right, bool cut_left,
                 HistogramSum* change) {
    const NativeHistogram* before = &left;
    size_t next = first_ + 1;
    // A reset that the left end was interpolated over is in it already.
    if (cut_left && DetectReset(*points_[next].histogram, *points_[first_].histogram)) {
      before = points_[next++].histogram;
    }
    if (next > last_) return;
    for (; next < last_; ++next) {
      AddReset(*points_[next].histogram, *before, change);
      before = points_[next].histogram;
    }
    AddReset(right, *before, change);
  }

  void AddReset(const NativeHistogram& now, const NativeHistogram& before, HistogramSum* change) {
    if (DetectReset(now, before)) Note(change->Add(before), WindowNotes::kReconciledAddition);
  }

  void Note(const AddOutcome& outcome, WindowNotes::Bit reconciled) {
    if (outcome.reconciled) notes_.bits |= reconciled;
  }

  const std::span<const WindowHistogram> points_;
  const Timestamp start_;
  const Timestamp end_;
  const bool smoothed_;
  const bool counter_;
  WindowNotes& notes_;
  size_t first_ = 0;
  size_t last_ = 0;
};

}  // namespace

std::optional<NativeHistogram> ExtendedChange(const MixedWindow& window, bool counter,
                                              WindowNotes* notes) {
  return ChangeOfWindow(window, counter, notes).Run();
}

MixedWindow AnchoredPart(const MixedWindow& window) {
  if (window.floats.extension != Extension::kAnchored) return window;
  const Timestamp start = window.floats.start;
  auto floats = static_cast<size_t>(std::ranges::upper_bound(window.floats.times, start) -
                                    window.floats.times.begin());
  auto histograms = static_cast<size_t>(
      std::upper_bound(
          window.histograms.begin(), window.histograms.end(), start,
          [](Timestamp time, const WindowHistogram& point) { return time < point.time; }) -
      window.histograms.begin());
  const bool any = floats < window.floats.size() || histograms < window.histograms.size();
  // The anchor is the newest of what lies before.
  const bool float_before =
      floats > 0 && (histograms == 0 ||
                     window.floats.times[floats - 1] >= window.histograms[histograms - 1].time);
  if (any && float_before) {
    --floats;
  } else if (any && histograms > 0) {
    --histograms;
  }
  MixedWindow part = window;
  part.floats.times = window.floats.times.subspan(floats);
  part.floats.values = window.floats.values.subspan(floats);
  if (!window.starts.empty()) part.starts = window.starts.subspan(floats);
  part.histograms = window.histograms.subspan(histograms);
  return part;
}

SmoothedRow::SmoothedRow(const SeriesSet& set, const SeriesSet::Row& series) {
  for (size_t i = series.begin; i < series.end; ++i) {
    if (!IsStale(set.values[i])) floats_.push_back({set.times[i], set.values[i]});
  }
  for (const HistogramSample& sample : set.Histograms(series)) {
    if (IsStale(sample.histogram)) continue;
    histograms_.push_back({.time = sample.time, .histogram = &sample.histogram});
  }
}

namespace {

// The neighbours of a time that are no further than lookback.
template <typename Point>
struct Around {
  const Point* at = nullptr;
  const Point* before = nullptr;
  const Point* behind = nullptr;
  bool Any() const { return at != nullptr || before != nullptr || behind != nullptr; }
};

template <typename Point>
Around<Point> FindAround(const std::vector<Point>& points, Timestamp at, DurationMs lookback) {
  Around<Point> around;
  const auto next =
      std::lower_bound(points.begin(), points.end(), at,
                       [](const Point& point, Timestamp time) { return point.time < time; });
  if (next != points.end() && next->time == at) around.at = &*next;
  if (next != points.end() && next->time <= at + lookback) around.behind = &*next;
  if (next != points.begin() && std::prev(next)->time > at - lookback) {
    around.before = &*std::prev(next);
  }
  return around;
}

}  // namespace

std::optional<double> SmoothedRow::FloatAt(Timestamp at, DurationMs lookback) const {
  const Around<RangePoint> around = FindAround(floats_, at, lookback);
  if (around.at != nullptr) return around.at->value;
  if (around.before == nullptr) return std::nullopt;
  if (around.behind == nullptr) return around.before->value;
  return Interpolate(*around.before, *around.behind, at, /*counter=*/false);
}

const NativeHistogram* SmoothedRow::HistogramAt(Timestamp at, DurationMs lookback,
                                                HistogramArena* arena, WindowNotes* notes) const {
  const Around<WindowHistogram> around = FindAround(histograms_, at, lookback);
  if (around.at != nullptr) return around.at->histogram;
  if (around.before == nullptr) return nullptr;
  if (around.behind == nullptr) {
    NativeHistogram last = *around.before->histogram;
    last.reset_hint = ResetHint::kUnknown;
    return arena->Own(std::move(last));
  }
  // A counter, unless both say that they are of a gauge.
  const bool counter = !IsGauge(*around.before->histogram) || !IsGauge(*around.behind->histogram);
  if (HasCustomBuckets(*around.before->histogram) != HasCustomBuckets(*around.behind->histogram)) {
    notes->bits |= WindowNotes::kIncompatible;
    return nullptr;
  }
  std::optional<NativeHistogram> result =
      Between(*around.before, *around.behind, at, counter, notes);
  return result ? arena->Own(*std::move(result)) : nullptr;
}

bool SmoothedRow::Fill(const Steps& steps, DurationMs lookback, HistogramArena* arena,
                       WindowNotes* notes, size_t row, Block* block) const {
  bool any = false;
  for (size_t i = 0; i < steps.count; ++i) {
    const Timestamp at = steps.At(i);
    const bool floats = FindAround(floats_, at, lookback).Any();
    if (floats && FindAround(histograms_, at, lookback).Any()) {
      notes->bits |= WindowNotes::kMixed;
      continue;
    }
    if (const std::optional<double> value = FloatAt(at, lookback)) {
      block->values[row * block->steps + i] = *value;
      any = true;
    } else if (const NativeHistogram* h = HistogramAt(at, lookback, arena, notes)) {
      block->SetHistogram(row, i, h);
      any = true;
    }
  }
  return any;
}

}  // namespace outrider::promql
