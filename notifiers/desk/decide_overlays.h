// SPDX-License-Identifier: Apache-2.0
// Decisions about incidents that are not about alerts: what people change, and what is merged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/incident_change.h"
#include "notifiers/incident/by_hand.h"

namespace outrider {

// NotFound: there is none.
StatusOr<const Incident*> FindIncident(const Transaction& tx, const std::string& id);
// FailedPrecondition when it is part of another one, which is acted on instead.
Status CheckActsForItself(const Incident& incident);
// FailedPrecondition while it is snoozed: nobody is to be paged.
Status CheckAwake(const Incident& incident);
Actor ToActor(const HumanAction& human);
// An id that no incident has; follows from `seed` and `now`.
std::string FreeIncidentId(const Transaction& tx, std::string_view seed, Nanos now);

Status ChangeIncident(Transaction& tx, const IncidentChange& change, const HumanAction& human,
                      Nanos now);
// Opens an incident without alerts, for a person or for what the daemon watches; returns its id.
StatusOr<std::string> CreateIncident(Transaction& tx, const NewIncident& wanted, const Actor& actor,
                                     Nanos now);

// The changes of state in a decision, which the parts of the incident follow …
std::vector<AuditEvent> MovesOf(const IncidentDecision& decision);
// … here.
void MoveParts(Transaction& tx, const std::string& incident_id, const AuditEvent& move, Nanos now);

}  // namespace outrider
