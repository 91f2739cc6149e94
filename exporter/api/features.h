// SPDX-License-Identifier: Apache-2.0
// /api/v1/features: Prometheus 3.14's names of what a server may be able to do, true where Outrider
// does it.
#pragma once

#include "exporter/http/server.h"
#include "rules/promql/features.h"

namespace outrider {

void RegisterFeaturesApi(Router& router, const promql::Features& features);

}  // namespace outrider
