// SPDX-License-Identifier: Apache-2.0
// What /metrics shows about this process, from the rooms' plain figures.
#pragma once

#include "exporter/daemon/services.h"
#include "exporter/http/server.h"
#include "exporter/metrics/metric_sink.h"

namespace outrider {

// Everything but the derived series, which their engines write into the windows themselves.
// `server` may be nullptr.
void WriteOwnMetrics(const Services& services, const HttpServer* server, MetricSink& sink);

}  // namespace outrider
