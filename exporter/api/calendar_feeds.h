// SPDX-License-Identifier: Apache-2.0
// URLs that calendar programs subscribe to: they send no headers, so that a token stands in the
// URL. It opens one calendar and nothing else, is shown once and can be revoked.
#pragma once

#include "exporter/access/token_store.h"
#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

namespace outrider {

// All outlive the router.
struct CalendarFeedsApiDeps {
  TokenStore& tokens;
  Desk& desk;
  const Clock& clock;
  Random& random;
};

//   GET    /outrider/v1/oncall/:name/feeds       without their tokens
//   POST   /outrider/v1/oncall/:name/feeds       {user, expires_in}, both optional: shows the URL
//   DELETE /outrider/v1/oncall/:name/feeds/:id
void RegisterCalendarFeedsApi(Router& router, const CalendarFeedsApiDeps& deps);

}  // namespace outrider
