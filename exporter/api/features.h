// SPDX-License-Identifier: Apache-2.0
// /api/v1/features: Prometheus 3.14's names of what a server may be able to do, true where Outrider
// does it.
#pragma once

#include <functional>

#include "exporter/http/server.h"
#include "rules/promql/features.h"

namespace outrider {

// `auto_reload`: whether files that change are reloaded, which a reload may change.
void RegisterFeaturesApi(Router& router, const promql::Features& features,
                         const std::function<bool()>& auto_reload);

}  // namespace outrider
