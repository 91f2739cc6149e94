// SPDX-License-Identifier: Apache-2.0
// What a page says beyond its alerts: how long it has lasted at the moment of sending, how often
// people were told.
#pragma once

#include "notifiers/channel/channel.h"
#include "notifiers/incident/incident.h"
#include "notifiers/outbox/outbox_row.h"

namespace outrider {

// Completes a page or a recovery: annotations of its alerts (incident/outage.h), a title for one
// that is told again, a remark. `now`: when it is sent.
void AddPageFacts(const Incident& incident, const OutboxRow& row, Nanos now, Notification* page);

}  // namespace outrider
