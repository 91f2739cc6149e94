// SPDX-License-Identifier: Apache-2.0
// Where incidents meet what stands around them: maintenance windows and dependencies.
#pragma once

#include <string>

#include "notifiers/desk/transaction.h"
#include "notifiers/incident/decisions.h"

namespace outrider {

// Before a decision about an incident is stored. One that opens, or opens again, gets its source,
// may be attached to an outage, and does not run in maintenance. Returns whether it is closed by
// it: AfterIncident then.
bool BeforeIncident(Transaction& tx, IncidentDecision* decision, Nanos now);
void AfterIncident(Transaction& tx, const std::string& id, Nanos now);
// An alert joined the incident or left it: its clocks may stop or go on.
void FollowAlert(const Transaction& tx, const Labels& alert, bool began, IncidentDecision* decision,
                 Nanos now);

// After a start or a reload.
void SettleAround(Transaction& tx, bool start, Nanos now);
// Heartbeats and maintenance windows from their rows.
Status ReadAround(const StateStore& store, DeskState* state);

}  // namespace outrider
