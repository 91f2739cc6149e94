// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/histogram/stats_only.h"

#include <cstddef>
#include <utility>

#include "rules/promql/histogram/histogram_math.h"

namespace outrider::promql {

void KeepStatsOnly(std::span<HistogramSample> series) {
  // From the end, so that the one before still has its buckets.
  for (size_t i = series.size(); i-- > 0;) {
    NativeHistogram& current = series[i].histogram;
    if (IsStale(current)) continue;
    size_t before = i;
    while (before > 0 && IsStale(series[before - 1].histogram)) --before;
    NativeHistogram stats;
    stats.schema = current.schema;
    stats.is_float = true;
    stats.reset_hint = current.reset_hint;
    stats.count = current.count;
    stats.sum = current.sum;
    if (current.reset_hint == ResetHint::kUnknown && before > 0) {
      const bool reset = DetectReset(current, series[before - 1].histogram);
      stats.reset_hint = reset ? ResetHint::kYes : ResetHint::kNo;
    }
    current = std::move(stats);
  }
}

}  // namespace outrider::promql
