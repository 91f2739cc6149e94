// SPDX-License-Identifier: Apache-2.0
// Dependencies: an incident whose cause is the outage of something else is attached to the outage's
// incident and pages nobody. One that might be waits a while for the outage to show; one whose
// outage is over pages after a grace, if it still fires. Source: specs/source_systems.md §4.6.
#pragma once

#include <string>
#include <vector>

#include "notifiers/desk/transaction.h"
#include "notifiers/incident/decisions.h"

namespace outrider {

// An incident is about to open, or to be opened again: attached, made to wait, or neither.
void ConsiderOutage(Transaction& tx, IncidentDecision* decision, Nanos now);
// An alert began to fire and is in its incident: those that wait for such an outage are attached.
void OnOutage(Transaction& tx, const Labels& alert, Nanos now);
// An alert of the incident ended, or the incident did: those attached to it may go on.
void RecheckDependants(Transaction& tx, const std::string& incident_id, Nanos now);
// Alerts of an attached incident came or went: with one that the outage does not explain it is told
// now.
void RecheckAttached(Transaction& tx, const std::string& id, Nanos now);
// The wait or the grace of an incident is over.
void OnDependencyTimer(Transaction& tx, const std::string& incident_id, Nanos due);
// After a start or a reload: dependencies may be others.
void SettleDependencies(Transaction& tx, Nanos now);

// Why nobody is paged: it is attached, or waits; "" : neither.
std::string WhyAttached(const Transaction& tx, const Incident& incident);
// Open incidents that are attached to it.
std::vector<std::string> DependantsOf(const Transaction& tx, const std::string& incident_id);

}  // namespace outrider
