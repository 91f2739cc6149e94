// SPDX-License-Identifier: Apache-2.0
// Why alerts were or were not notified:
//   GET /outrider/v1/alerts/{fingerprint}/history   one alert: where it stands, flushes, attempts
//   GET /outrider/v1/alerts/ended                   alerts that are over, by matchers
//   GET /outrider/v1/notifications                  attempts of all, for example those of shadow
// Parameters: `since` and `limit`; of the second `filter`, of the third `outcome` too.
// docs/delivery.md, "Why".
#pragma once

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

// All outlive the router.
struct AlertHistoryApiDeps {
  const Desk& desk;
  const Clock& clock;
};

void RegisterAlertHistoryApi(Router& router, const AlertHistoryApiDeps& deps);

}  // namespace outrider
