// SPDX-License-Identifier: Apache-2.0
// The …_over_time functions that take native histograms. The others look at floats alone.
#include <algorithm>
#include <limits>

#include "rules/promql/functions/kernels.h"
#include "rules/promql/histogram/histogram_sum.h"

namespace outrider::promql {
namespace {

double Seconds(Timestamp time) { return static_cast<double>(time) / 1000; }

// Sum or mean of histograms.
template <typename Accumulator>
WindowSample Aggregated(const MixedWindow& w, const MixedContext& context) {
  Accumulator all(*w.histograms.front().histogram);
  WindowNotes notes;
  bool reset = false;
  bool no_reset = false;
  for (size_t i = 0; i < w.histograms.size(); ++i) {
    const NativeHistogram& h = *w.histograms[i].histogram;
    reset = reset || h.reset_hint == ResetHint::kYes;
    no_reset = no_reset || h.reset_hint == ResetHint::kNo;
    if (i == 0) continue;
    const AddOutcome outcome = all.Add(h);
    if (outcome.incompatible) {
      context.notes->bits |= WindowNotes::kIncompatible;
      return {};
    }
    if (outcome.reconciled) notes.bits |= WindowNotes::kReconciledAggregation;
  }
  if (reset && no_reset) notes.bits |= WindowNotes::kResetCollision;
  context.notes->Add(notes);
  return {.histogram = context.arena->Own(all.Value(EmptyCells::kKeep))};
}

template <typename Accumulator>
WindowSample OfOneKind(RangeKernel of_floats, const MixedWindow& w, const MixedContext& context) {
  if (w.histograms.empty()) return {of_floats(w.floats, nullptr)};
  if (w.floats.size() == 0) return Aggregated<Accumulator>(w, context);
  context.notes->bits |= WindowNotes::kMixed;
  return {};
}

}  // namespace

WindowSample SumOverTimeMixed(const MixedWindow& w, const MixedContext& context) {
  return OfOneKind<HistogramSum>(SumOverTime, w, context);
}
WindowSample AvgOverTimeMixed(const MixedWindow& w, const MixedContext& context) {
  return OfOneKind<HistogramMean>(AvgOverTime, w, context);
}
WindowSample CountOverTimeMixed(const MixedWindow& w, const MixedContext& /*context*/) {
  return {static_cast<double>(w.floats.size() + w.histograms.size())};
}
WindowSample PresentOverTimeMixed(const MixedWindow& /*w*/, const MixedContext& /*context*/) {
  return {1};
}

WindowSample FirstOverTimeMixed(const MixedWindow& w, const MixedContext& /*context*/) {
  const bool is_float = w.histograms.empty() ||
                        (w.floats.size() > 0 && w.floats.times.front() < w.histograms.front().time);
  if (is_float) return {w.floats.first()};
  return {.histogram = w.histograms.front().histogram};
}
WindowSample LastOverTimeMixed(const MixedWindow& w, const MixedContext& /*context*/) {
  const bool is_float = w.histograms.empty() ||
                        (w.floats.size() > 0 && w.floats.times.back() > w.histograms.back().time);
  if (is_float) return {w.floats.last()};
  return {.histogram = w.histograms.back().histogram};
}

WindowSample TsOfFirstOverTimeMixed(const MixedWindow& w, const MixedContext& /*context*/) {
  Timestamp first = std::numeric_limits<Timestamp>::max();
  if (w.floats.size() > 0) first = w.floats.times.front();
  if (!w.histograms.empty()) first = std::min(first, w.histograms.front().time);
  return {Seconds(first)};
}
WindowSample TsOfLastOverTimeMixed(const MixedWindow& w, const MixedContext& /*context*/) {
  Timestamp last = std::numeric_limits<Timestamp>::min();
  if (w.floats.size() > 0) last = w.floats.times.back();
  if (!w.histograms.empty()) last = std::max(last, w.histograms.back().time);
  return {Seconds(last)};
}

}  // namespace outrider::promql
