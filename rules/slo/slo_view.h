// SPDX-License-Identifier: Apache-2.0
// Objectives as the API and the outputs show them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/slo/event_ring.h"
#include "rules/slo/slo_spec.h"
#include "storage/model/labels.h"

namespace outrider {

struct SloWindowView {
  DurationMs window = 0;
  EventCounts counts;
  // Share of bad events, 0 to 1; nothing without events.
  std::optional<double> ErrorRatio() const;
};

struct SloSeriesView {
  Labels labels;                       // what the expressions gave, and the objective's own
  std::vector<SloWindowView> windows;  // as SloSpec::windows
  SloWindowView period;
  Timestamp period_begin = 0;  // of the budget
  Timestamp period_end = 0;    // 0: rolling
  Timestamp first_event = 0;   // 0: none yet
  Timestamp newest_event = 0;
  // Share of the budget that is left; negative when more than it was spent.
  std::optional<double> BudgetRemaining(double budget) const;
  std::vector<EventRing::Bucket> timeline;  // of the period; only where asked for
};

struct SloView {
  SloSpec spec;
  bool counted = true;     // false: some expression is sampled (slo_query.h)
  uint64_t samples = 0;    // of counters, used since the start
  uint64_t refused = 0;    // label sets beyond max_series
  uint64_t unmatched = 0;  // label sets with bad events and no total
  std::string error = {};  // of loading, or of the last run; empty: healthy
  std::vector<SloSeriesView> series = {};
};

}  // namespace outrider
