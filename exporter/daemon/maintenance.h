// SPDX-License-Identifier: Apache-2.0
// The daemon's slow loop: retention and checkpoints, analytics and capacity, own metrics into the
// windows.
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "exporter/daemon/services.h"
#include "exporter/metrics/metric_sink.h"

namespace outrider {

// Writes the process' own metrics into a sink.
using OwnMetrics = std::function<void(MetricSink&)>;

// Until stopped. First feeds analytics and capacity with what the windows hold.
void RunMaintenance(Services& services, const OwnMetrics& own_metrics, DurationMs interval,
                    std::stop_token stop);

// Whether the loop's entries are to run at `now`, the run before having set `next`. By a clock that
// was ahead and has been set back nothing waits for longer than an interval.
bool IsRunDue(Timestamp now, Timestamp next, DurationMs interval);

// The points of outrider_* families as samples at `now`, with job="outrider" (docs/decisions/0002).
// Histograms give their _count and _sum.
std::vector<LabeledSample> ToSamples(const std::vector<MetricFamilyData>& families, Timestamp now);

}  // namespace outrider
