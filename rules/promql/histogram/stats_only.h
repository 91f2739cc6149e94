// SPDX-License-Identifier: Apache-2.0
// Histograms of which a query needs no more than count and sum.
#pragma once

#include <span>

#include "storage/model/native_histogram.h"

namespace outrider::promql {

// Drops the buckets of one series' histograms, after learning from them what can be learnt: where a
// hint is unknown, whether the counter was reset since the histogram before.
void KeepStatsOnly(std::span<HistogramSample> series);

}  // namespace outrider::promql
