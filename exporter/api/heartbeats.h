// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/heartbeats: things that say regularly that they are alive.
#pragma once

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

// All outlive the router.
struct HeartbeatsApiDeps {
  Desk& desk;
  const Clock& clock;
};

//   GET  /outrider/v1/heartbeats          all of them: heard last, due, missing since
//   POST /outrider/v1/heartbeats/:name    a beat; so is GET, for what can fetch a URL and no more
void RegisterHeartbeatsApi(Router& router, const HeartbeatsApiDeps& deps);

}  // namespace outrider
