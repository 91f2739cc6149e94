// SPDX-License-Identifier: Apache-2.0
// Which path is served by which room.
#pragma once

#include <functional>

#include "exporter/daemon/app.h"
#include "exporter/daemon/services.h"
#include "exporter/http/server.h"
#include "exporter/metrics/metrics_page.h"

namespace outrider {

// `services`, `metrics` and `clock` outlive the router.
void RegisterRoutes(Router& router, Services& services, const MetricsPage& metrics,
                    const AppOptions& options, Nanos started_at);

}  // namespace outrider
