// SPDX-License-Identifier: Apache-2.0
// Which other series moved when this one did: looked for in the same workload and on the same node,
// over the time before and after an anomaly began. Reads the windows when a person asks; keeps
// nothing.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rules/analytics/workload_names.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/sample.h"
#include "storage/window/querier.h"

namespace outrider {

struct CompanionOptions {
  DurationMs step = kMinute;       // of the grid on which series are compared
  size_t max_candidates = 5'000;   // more neighbours are not looked at
  size_t max_samples = 1'000'000;  // of one piece of the windows
  double min_correlation = 0.6;    // absolute
  double min_shift = 3;            // robust deviations from before to after
  size_t limit = 10;
};

struct Companion {
  Labels labels;
  std::string scope;       // workload or node: what it shares with the series
  bool rate = false;       // compared by its change per second, as it is a counter
  double correlation = 0;  // Pearson's, at the best lag
  DurationMs lag = 0;      // it moved this much later than the series; negative: earlier
  double before = 0;       // medians before and since
  double after = 0;
  double shift = 0;  // (after - before) in robust deviations of before, at most 1000
};

struct CompanionReport {
  std::vector<Companion> companions;  // the most similar first
  size_t candidates = 0;              // looked at
  bool cut = false;                   // there were more than max_candidates
};

// The anomaly of `source` (labels as the entry's expression gives them) that began at `since`.
struct AnomalyWindow {
  const Labels& source;
  std::span<const Sample> values;  // of the series over [from, to]
  Timestamp from = 0;
  Timestamp since = 0;
  Timestamp to = 0;
};

// Nothing for a series without labels that name a workload (namespace with pod or workload) or a
// node (node or instance). Errors are the querier's. Without `workloads`, pods stand for
// themselves.
StatusOr<CompanionReport> FindCompanions(const Querier& querier, const WorkloadNames* workloads,
                                         const AnomalyWindow& anomaly,
                                         const CompanionOptions& options);

}  // namespace outrider
