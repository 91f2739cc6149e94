// SPDX-License-Identifier: Apache-2.0
// What time does to incidents that nobody looks at (IncidentsConfig::attention): who acknowledged
// is asked whether they still work on it, and without an answer it is new again; one that is open
// without an alert that fires and without anything happening is resolved; one that a person
// resolved while it fires may be opened again. Pure, as decisions.h.
#pragma once

#include "notifiers/incident/decisions.h"

namespace outrider {

// It has just been acknowledged: sets the timer of the question, if its severity has one and an
// acknowledgement can be taken back.
void AskLater(const IncidentsConfig& config, Nanos now, IncidentDecision* decision);
// The question is due: a page with kAskTier to `user:NAME` of whoever acknowledged, and the timer
// of the answer. While it is snoozed the question waits.
IncidentDecision OnAckReminder(const IncidentsConfig& config, const Incident& incident, Nanos now);
// Nobody answered: new again, the escalation from its first tier.
IncidentDecision OnAckTimeout(const IncidentsConfig& config, const Incident& incident, Nanos due);
// Somebody still works on it, asked or not; the next question is a whole timeout later. The epoch
// moves on, so that a question that is still under way is dropped. FailedPrecondition when it is
// not acknowledged.
StatusOr<IncidentDecision> ConfirmAcknowledgement(const IncidentsConfig& config,
                                                  const Incident& incident, const Actor& actor,
                                                  Nanos now);

// When OnQuiet has something to do, if nothing happens until then; 0: never. What happens is what
// people do and what alerts do, not what clocks and escalations do.
Nanos QuietAt(const IncidentsConfig& config, const Incident& incident);
// Resolves or reopens it; without effect before QuietAt.
IncidentDecision OnQuiet(const IncidentsConfig& config, const Incident& incident, Nanos now);

}  // namespace outrider
