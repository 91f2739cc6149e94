// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/maintenance and /outrider/v1/dependencies.
#pragma once

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

// All outlive the router.
struct MaintenanceApiDeps {
  Desk& desk;
  const Clock& clock;
};

//   GET    /outrider/v1/maintenance          windows of the file and of the API
//   POST   /outrider/v1/maintenance          a window, as an item of the file, as JSON or YAML: 201
//   DELETE /outrider/v1/maintenance/:name    ends one of the API, before its time too: 204
//   GET    /outrider/v1/dependencies         each with the outages that have dependants now
void RegisterMaintenanceApi(Router& router, const MaintenanceApiDeps& deps);

}  // namespace outrider
