// SPDX-License-Identifier: Apache-2.0
// load_with_nhcb: classic histograms (series _bucket, _sum, _count) as native ones with custom
// buckets.
#pragma once

#include <map>
#include <span>

#include "rules/trial/series_notation.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/native_histogram.h"

namespace outrider {

using HistogramsByTime = std::map<Timestamp, NativeHistogram>;

// Under the name without suffix and without `le`; sample i of a line is at i × step. An error for
// counts that are negative, fall towards higher bounds, or contradict the _count.
StatusOr<std::map<Labels, HistogramsByTime>> ConvertClassic(std::span<const SeriesLine> lines,
                                                            DurationMs step);

}  // namespace outrider
