// SPDX-License-Identifier: Apache-2.0
// OTLP histograms as native histograms. Pure. Both kinds count whole observations; a point that
// says "no value was recorded" becomes the staleness marker.
#pragma once

#include "exporter/ingest/proto/otlp_metrics.pb.h"
#include "storage/model/native_histogram.h"

namespace outrider {

// nullptr, or why the point cannot be translated: bad_scale (below -4), bad_buckets (an index
// beyond 32 bits). A scale above 8 is reduced to 8.
const char* FromExponential(const wire::otlp::ExponentialPoint& point, bool delta,
                            NativeHistogram* histogram);

// Explicit bounds become custom values.
NativeHistogram FromExplicit(const wire::otlp::HistogramPoint& point, bool delta);

}  // namespace outrider
