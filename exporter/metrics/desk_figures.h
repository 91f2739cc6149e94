// SPDX-License-Identifier: Apache-2.0
// Shared by the sources of the desk's figures.
#pragma once

#include "exporter/metrics/metric_sink.h"
#include "notifiers/desk/views.h"

namespace outrider {

inline Distribution ToHistogram(const HistogramView& view) {
  Distribution out;
  out.count = view.count;
  out.sum = view.sum;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < HistogramView::kBoundsSeconds.size(); ++i) {
    cumulative += view.counts[i];
    out.buckets.emplace_back(HistogramView::kBoundsSeconds[i], cumulative);
  }
  return out;
}

}  // namespace outrider
