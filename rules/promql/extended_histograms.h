// SPDX-License-Identifier: Apache-2.0
// `anchored` and `smoothed` where series have native histograms.
#pragma once

#include <optional>

#include "rules/promql/functions/window_notes.h"
#include "rules/promql/histogram/histogram_arena.h"
#include "rules/promql/range_window.h"

namespace outrider::promql {

// The change between the two ends of an extended window that has histograms alone; nullopt when
// there is none, or when they do not fit each other.
std::optional<NativeHistogram> ExtendedChange(const MixedWindow& window, bool counter,
                                              WindowNotes* notes);

// Of an anchored window what lies behind its start and the one sample before; nothing when nothing
// lies behind. Other windows stay as they are.
MixedWindow AnchoredPart(const MixedWindow& window);

// A smoothed selector's steps over one series; false when no step sees any sample.
class SmoothedRow {
 public:
  SmoothedRow(const SeriesSet& set, const SeriesSet::Row& series);
  bool Fill(const Steps& steps, DurationMs lookback, HistogramArena* arena, WindowNotes* notes,
            size_t row, Block* block) const;

 private:
  // Around `at`, both kinds no further than lookback.
  std::optional<double> FloatAt(Timestamp at, DurationMs lookback) const;
  const NativeHistogram* HistogramAt(Timestamp at, DurationMs lookback, HistogramArena* arena,
                                     WindowNotes* notes) const;

  std::vector<RangePoint> floats_;
  std::vector<WindowHistogram> histograms_;
};

}  // namespace outrider::promql
