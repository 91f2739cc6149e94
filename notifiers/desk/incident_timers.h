// SPDX-License-Identifier: Apache-2.0
// The timers of incidents, of which there are many: of the three marks of an SLA clock (two
// warnings and the breach) only the next one has a timer. A mark that is over is decided at its own
// time nevertheless, because the next one is set before anything later runs.
#pragma once

#include "notifiers/desk/transaction.h"
#include "notifiers/incident/decisions.h"

namespace outrider {

// Sets and cancels what a decision wants.
void SetIncidentTimers(Transaction& tx, const IncidentDecision& decision);
// Whether the decision wants other SLA timers than are set. What it makes due in the past is due
// now then; a timer that is overdue and stays so keeps its time.
bool MovesSlaTimers(const Transaction& tx, Nanos now, IncidentDecision* decision);
// An SLA timer ran at `due`: the clock's next one. Others: nothing.
void SetNextSlaTimer(Transaction& tx, const Incident& incident, TimerKind ran, Nanos due);

}  // namespace outrider
