// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/…/escalation: where an escalation stands, escalating by hand, policies, previews.
#pragma once

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

// All outlive the router.
struct EscalationApiDeps {
  Desk& desk;
  const Clock& clock;
};

//   GET  /outrider/v1/incidents/:id/escalation      tiers: when, whom, what each did
//   POST /outrider/v1/incidents/:id/escalate        {by, note, channel, force}
//   POST /outrider/v1/incidents/:id/reapply-policy  {by, note, channel, policy}
//   GET  /outrider/v1/escalation/policies           with the open incidents that use each
//   POST /outrider/v1/escalation/preview            {labels, severity, policy, at}
void RegisterEscalationApi(Router& router, const EscalationApiDeps& deps);

}  // namespace outrider
