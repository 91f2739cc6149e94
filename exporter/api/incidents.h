// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/incidents and /outrider/v1/sla: what people work on, over notifiers/desk.
#pragma once

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

// All outlive the router.
struct IncidentsApiDeps {
  Desk& desk;
  const Clock& clock;
};

void RegisterIncidentsApi(Router& router, const IncidentsApiDeps& deps);
void RegisterSlaApi(Router& router, const IncidentsApiDeps& deps);

}  // namespace outrider
