// SPDX-License-Identifier: Apache-2.0
// GET /outrider/v1/state/series: what the windows keep for whom, and what it takes.
#pragma once

#include "exporter/http/server.h"
#include "storage/window/windows.h"

namespace outrider {

// The windows outlive the router.
void RegisterStateSeriesApi(Router& router, const Windows& windows);

}  // namespace outrider
