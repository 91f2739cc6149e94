// SPDX-License-Identifier: Apache-2.0
// rate, increase, delta, irate, idelta, changes and resets of series with native histograms or
// known start times. A start time after the sample before tells of a reset that the values may
// hide.
#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "rules/promql/extended_histograms.h"
#include "rules/promql/functions/extrapolate.h"
#include "rules/promql/functions/kernels.h"
#include "rules/promql/histogram/bucket_bounds.h"
#include "rules/promql/histogram/histogram_math.h"

namespace outrider::promql {
namespace {

constexpr double kMillis = 1000;

struct Point {
  Timestamp time = 0;
  Timestamp start = 0;  // 0: not known
  double value = 0;
  const NativeHistogram* histogram = nullptr;
};

Point FloatAt(const MixedWindow& w, size_t i) {
  return {.time = w.floats.times[i],
          .start = w.starts.empty() ? 0 : w.starts[i],
          .value = w.floats.values[i]};
}

Point HistogramAt(const MixedWindow& w, size_t i) {
  const WindowHistogram& h = w.histograms[i];
  return {.time = h.time, .start = h.start, .histogram = h.histogram};
}

// In the order of time.
template <typename Visit>
void EachPoint(const MixedWindow& w, Visit visit) {
  size_t f = 0;
  for (size_t h = 0; h < w.histograms.size(); ++h) {
    for (; f < w.floats.size() && w.floats.times[f] < w.histograms[h].time; ++f) {
      visit(FloatAt(w, f));
    }
    visit(HistogramAt(w, h));
  }
  for (; f < w.floats.size(); ++f) visit(FloatAt(w, f));
}

bool StartedAnew(const Point& before, const Point& now) {
  // Unknown, or not before the sample itself: nothing can be said.
  if (now.start == 0 || now.start >= now.time || now.start < before.time) return false;
  if (now.start > before.time) return true;
  // It counts since the very sample before. That is a delta, unless the start of that one is not
  // known either (then it is what OTLP writes for an unknown start).
  return before.start != 0 && before.start < before.time;
}

// Counts from inside what the sample before covers, but not since the same time.
bool Overlaps(const Point& before, const Point& now) {
  return now.start != 0 && now.start < before.time && now.start != before.start;
}

// The start of the first sample if that is inside the window, else 0.
Timestamp StartInside(const Point& first, const RangeWindow& w) {
  return first.start > w.start && first.start < first.time ? first.start : 0;
}

double FloatRate(const MixedWindow& w, bool counter, bool per_second, WindowNotes* notes) {
  const RangeWindow& f = w.floats;
  double change = f.last() - f.first();
  bool overlap = false;
  for (size_t i = 1; counter && i < f.size(); ++i) {
    const Point before = FloatAt(w, i - 1);
    const Point now = FloatAt(w, i);
    overlap = overlap || Overlaps(before, now);
    if (now.value < before.value || StartedAnew(before, now)) change += before.value;
  }
  if (overlap) ++notes->overlaps;
  const Timestamp start = counter ? StartInside(FloatAt(w, 0), f) : 0;
  if (start == 0 && f.size() < 2) return kAbsent;
  if (start != 0) change += f.first();
  double factor = StretchFactor({.first_time = f.times.front(),
                                 .last_time = f.times.back(),
                                 .samples = f.size(),
                                 .first = f.first(),
                                 .change = change,
                                 .start = start},
                                f.start, f.end, counter);
  if (per_second) factor /= static_cast<double>(f.end - f.start) / kMillis;
  return change * factor;
}

void NoteAddition(const AddOutcome& outcome, WindowNotes::Bit reconciled, WindowNotes* notes) {
  if (outcome.reconciled) notes->bits |= reconciled;
}

// The increase between the first and the last of at least two histograms.
class HistogramChange {
 public:
  HistogramChange(const MixedWindow& w, bool counter) : w_(w), counter_(counter) {}

  // nullopt when the histograms do not fit each other. Notes that then count alone replace others.
  std::optional<NativeHistogram> Run(WindowNotes* notes) {
    const std::span<const WindowHistogram> points = w_.histograms;
    const NativeHistogram* before = points.front().histogram;
    const NativeHistogram& last = *points.back().histogram;
    if (counter_ && (IsGauge(*before) || IsGauge(last))) notes->bits |= WindowNotes::kNotACounter;
    // Of a first histogram that a reset follows, nothing is used, not even its layout.
    NativeHistogram nothing;
    if (counter_ && ResetAt(1, *before)) {
      nothing.schema = points[1].histogram->schema;
      nothing.custom_values = points[1].histogram->custom_values;
      before = &nothing;
    }
    if (HasCustomBuckets(last) != HasCustomBuckets(*before)) {
      notes->bits |= WindowNotes::kIncompatible;
      return std::nullopt;
    }
    if (counter_ && !SameKind(*before, notes)) return std::nullopt;
    HistogramSum change(last);
    change.Reduce(SmallestSchema(*before));
    NoteAddition(change.Subtract(*before), WindowNotes::kReconciledSubtraction, notes);
    if (!counter_) {
      if (!IsGauge(*points.front().histogram) || !IsGauge(last)) {
        notes->bits |= WindowNotes::kNotAGauge;
      }
    } else if (!AddResets(before, &change, notes)) {
      return std::nullopt;
    }
    NativeHistogram result = change.Value();
    result.reset_hint = ResetHint::kGauge;
    return result;
  }

 private:
  static bool IsGauge(const NativeHistogram& h) { return h.reset_hint == ResetHint::kGauge; }

  bool ResetAt(size_t i, const NativeHistogram& before) const {
    return StartedAnew(HistogramAt(w_, i - 1), HistogramAt(w_, i)) ||
           DetectReset(*w_.histograms[i].histogram, before);
  }

  bool SameKind(const NativeHistogram& before, WindowNotes* notes) const {
    for (size_t i = 1; i + 1 < w_.histograms.size(); ++i) {
      const NativeHistogram& h = *w_.histograms[i].histogram;
      if (IsGauge(h)) notes->bits |= WindowNotes::kNotACounter;
      if (HasCustomBuckets(h) == HasCustomBuckets(before)) continue;
      notes->bits = WindowNotes::kIncompatible;
      return false;
    }
    return true;
  }

  int32_t SmallestSchema(const NativeHistogram& before) const {
    int32_t schema = std::min(before.schema, w_.histograms.back().histogram->schema);
    for (const WindowHistogram& point : w_.histograms.subspan(1)) {
      if (counter_) schema = std::min(schema, point.histogram->schema);
    }
    return schema;
  }

  bool AddResets(const NativeHistogram* before, HistogramSum* change, WindowNotes* notes) const {
    bool overlap = false;
    for (size_t i = 1; i < w_.histograms.size(); ++i) {
      overlap = overlap || Overlaps(HistogramAt(w_, i - 1), HistogramAt(w_, i));
      if (ResetAt(i, *before)) {
        const AddOutcome outcome = change->Add(*before);
        if (outcome.incompatible) {
          notes->bits = WindowNotes::kIncompatible;
          return false;
        }
        NoteAddition(outcome, WindowNotes::kReconciledAddition, notes);
      }
      before = w_.histograms[i].histogram;
    }
    if (overlap) ++notes->overlaps;
    return true;
  }

  const MixedWindow& w_;
  const bool counter_;
};

std::optional<NativeHistogram> HistogramRate(const MixedWindow& w, bool counter, bool per_second,
                                             WindowNotes* notes) {
  const NativeHistogram& first = *w.histograms.front().histogram;
  const Timestamp start = counter ? StartInside(HistogramAt(w, 0), w.floats) : 0;
  NativeHistogram change = first;
  if (w.histograms.size() > 1) {
    std::optional<NativeHistogram> difference = HistogramChange(w, counter).Run(notes);
    if (!difference) return std::nullopt;
    change = *std::move(difference);
    if (start != 0) {
      AddOutcome outcome;
      change = AddHistograms(change, first, &outcome);
      if (outcome.incompatible) {
        notes->bits |= WindowNotes::kIncompatible;
        return std::nullopt;
      }
      NoteAddition(outcome, WindowNotes::kReconciledAddition, notes);
    }
  } else if (start == 0) {
    return std::nullopt;
  }
  double factor = StretchFactor({.first_time = w.histograms.front().time,
                                 .last_time = w.histograms.back().time,
                                 .samples = w.histograms.size(),
                                 .first = first.count,
                                 .change = change.count,
                                 .start = start},
                                w.floats.start, w.floats.end, counter);
  if (per_second) factor /= static_cast<double>(w.floats.end - w.floats.start) / kMillis;
  MultiplyHistogram(factor, &change);
  return change;
}

// Between the two ends of an extended window, nothing extrapolated.
WindowSample Extended(const MixedWindow& w, bool counter, bool per_second,
                      const MixedContext& context) {
  std::optional<NativeHistogram> change = ExtendedChange(w, counter, context.notes);
  if (!change) return {};
  if (per_second) {
    DivideHistogram(static_cast<double>(w.floats.end - w.floats.start) / kMillis, &*change);
  }
  return {.histogram = context.arena->Own(*std::move(change))};
}

WindowSample Extrapolated(const MixedWindow& w, bool counter, bool per_second,
                          const MixedContext& context) {
  if (w.histograms.empty() && w.floats.extension == Extension::kNone) {
    return {FloatRate(w, counter, per_second, context.notes)};
  }
  if (w.histograms.empty()) {
    const RangeKernel kernel = per_second ? RateKernel : counter ? IncreaseKernel : DeltaKernel;
    return {kernel(w.floats, nullptr)};
  }
  if (w.floats.size() > 0) {
    context.notes->bits |= WindowNotes::kMixed;
    return {};
  }
  if (w.floats.extension != Extension::kNone) return Extended(w, counter, per_second, context);
  WindowNotes notes;
  std::optional<NativeHistogram> rate = HistogramRate(w, counter, per_second, &notes);
  context.notes->Add(notes);
  if (!rate) return {};
  return {.histogram = context.arena->Own(*std::move(rate))};
}

// The difference of two histograms, nothing when they do not fit.
std::optional<NativeHistogram> Difference(const Point& before, const Point& last, bool rate,
                                          WindowNotes* notes) {
  const auto is_gauge = [](const Point& p) { return p.histogram->reset_hint == ResetHint::kGauge; };
  if (rate && (is_gauge(before) || is_gauge(last))) notes->bits |= WindowNotes::kNotACounter;
  if (!rate && (!is_gauge(before) || !is_gauge(last))) notes->bits |= WindowNotes::kNotAGauge;
  NativeHistogram result = *last.histogram;
  const bool reset =
      rate && (StartedAnew(before, last) || DetectReset(*last.histogram, *before.histogram));
  if (!reset) {
    AddOutcome outcome;
    result = SubtractHistograms(*last.histogram, *before.histogram, &outcome);
    if (outcome.incompatible) {
      notes->bits |= WindowNotes::kIncompatible;
      return std::nullopt;
    }
    NoteAddition(outcome, WindowNotes::kReconciledSubtraction, notes);
  }
  result.reset_hint = ResetHint::kGauge;
  CompactHistogram(&result);
  return result;
}

// Between the last two samples.
WindowSample Instant(const MixedWindow& w, bool rate, const MixedContext& context) {
  if (w.floats.size() + w.histograms.size() < 2) return {};
  Point before;
  Point last;
  EachPoint(w, [&](const Point& point) { before = std::exchange(last, point); });
  if (last.time == before.time) return {};
  const double seconds = static_cast<double>(last.time - before.time) / kMillis;
  if ((last.histogram == nullptr) != (before.histogram == nullptr)) {
    context.notes->bits |= WindowNotes::kMixed;
    return {};
  }
  if (last.histogram == nullptr) {
    const bool reset = rate && (last.value < before.value || StartedAnew(before, last));
    const double change = reset ? last.value : last.value - before.value;
    return {rate ? change / seconds : change};
  }
  std::optional<NativeHistogram> change = Difference(before, last, rate, context.notes);
  if (!change) return {};
  if (rate) DivideHistogram(seconds, &*change);
  return {.histogram = context.arena->Own(*std::move(change))};
}

// How many neighbours `differ`; a float beside a histogram always does.
template <typename Differ>
WindowSample CountPairs(const MixedWindow& window, Differ differ) {
  const MixedWindow w = AnchoredPart(window);
  if (w.floats.size() == 0 && w.histograms.empty()) return {};
  double count = 0;
  std::optional<Point> before;
  EachPoint(w, [&](const Point& point) {
    if (before) {
      const bool same_kind = (before->histogram == nullptr) == (point.histogram == nullptr);
      if (!same_kind || differ(*before, point)) ++count;
    }
    before = point;
  });
  return {count};
}

}  // namespace

WindowSample RateMixed(const MixedWindow& w, const MixedContext& context) {
  return Extrapolated(w, true, true, context);
}
WindowSample IncreaseMixed(const MixedWindow& w, const MixedContext& context) {
  return Extrapolated(w, true, false, context);
}
WindowSample DeltaMixed(const MixedWindow& w, const MixedContext& context) {
  return Extrapolated(w, false, false, context);
}
WindowSample IrateMixed(const MixedWindow& w, const MixedContext& context) {
  return Instant(w, true, context);
}
WindowSample IdeltaMixed(const MixedWindow& w, const MixedContext& context) {
  return Instant(w, false, context);
}

WindowSample ChangesMixed(const MixedWindow& w, const MixedContext& /*context*/) {
  return CountPairs(w, [](const Point& a, const Point& b) {
    if (a.histogram != nullptr) return !SameHistogram(*a.histogram, *b.histogram);
    return a.value != b.value && !(std::isnan(a.value) && std::isnan(b.value));
  });
}

WindowSample ResetsMixed(const MixedWindow& w, const MixedContext& /*context*/) {
  return CountPairs(w, [](const Point& a, const Point& b) {
    if (StartedAnew(a, b)) return true;
    return a.histogram != nullptr ? DetectReset(*b.histogram, *a.histogram) : b.value < a.value;
  });
}

}  // namespace outrider::promql
