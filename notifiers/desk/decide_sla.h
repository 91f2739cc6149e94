// SPDX-License-Identifier: Apache-2.0
// What the desk decides about SLA clocks beyond the incident room.
#pragma once

#include <span>
#include <string>

#include "notifiers/desk/desk.h"
#include "notifiers/desk/transaction.h"

namespace outrider {

// After a start or a reload: clocks find their calendars by name, deadlines of those that run move
// with what a calendar says now.
void RecountSlaOfAll(Transaction& tx, Nanos now);

// A person puts an incident on hold, or goes on with it. NotFound, FailedPrecondition.
Status PutOnHold(Transaction& tx, const HumanAction& human, bool hold, Nanos now);

// Queues messages to the receivers of sla.notify about warnings and breaches among `events` of the
// incident, each once; a breach takes the place of warnings of its clock that are not sent yet.
void TellSla(Transaction& tx, const Incident& incident, std::span<const AuditEvent> events,
             Nanos now);

}  // namespace outrider
