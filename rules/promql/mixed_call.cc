// SPDX-License-Identifier: Apache-2.0
// Calls of range functions over series that have native histograms or start times: the slower path
// beside EvalWindows' own.
#include <array>

#include "rules/promql/evaluator.h"
#include "rules/promql/functions/kernels.h"

namespace outrider::promql {
namespace {

constexpr size_t kMaxScalarArgs = 4;

// A function of floats leaves histograms out, and says so if there were floats.
double OfFloatsOnly(RangeKernel kernel, const MixedWindow& window, const double* scalars,
                    WindowNotes* notes) {
  if (window.floats.size() == 0) return kAbsent;
  if (!window.histograms.empty()) notes->bits |= WindowNotes::kIgnored;
  return kernel(window.floats, scalars);
}

}  // namespace

void Evaluator::Tell(const WindowNotes& notes, const Row& row, uint32_t pos) {
  notes.Tell(NameGone(row) ? std::string_view() : row.labels->MetricName(), pos, &annotations_);
}

// Fills one row; false when no step gave a sample.
StatusOr<bool> Evaluator::SlideMixed(const WindowCall& call, const RangeData& data,
                                     const RangeSeries& series, const Steps& steps, size_t row,
                                     Block* block) {
  std::array<double, kMaxScalarArgs> args{};
  MixedCursor cursor(data, series);
  WindowNotes notes;
  const MixedContext context{&arena_, &notes};
  bool any_float = false;
  bool any_histogram = false;
  for (size_t i = 0; i < steps.count; ++i) {
    const MixedWindow window = cursor.At(steps.At(i));
    if (window.floats.size() == 0 && window.histograms.empty()) continue;
    WindowSample sample;
    if (call.function.mixed != nullptr) {
      sample = call.function.mixed(window, context);
    } else {
      for (size_t k = 0; k < call.scalars.size(); ++k) args[k] = call.scalars[k].ScalarAt(i);
      sample.value = OfFloatsOnly(call.function.range, window, args.data(), &notes);
    }
    block->values[row * steps.count + i] = sample.value;
    block->SetHistogram(row, i, sample.histogram);
    any_float = any_float || !IsAbsent(sample.value);
    any_histogram = any_histogram || sample.histogram != nullptr;
  }
  Tell(notes, series.row, call.pos);
  if (any_float) NoteCounter(call.function, series.row, call.pos);
  TRY(CheckArena());
  return any_float || any_histogram;
}

}  // namespace outrider::promql
