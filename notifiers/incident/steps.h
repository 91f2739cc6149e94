// SPDX-License-Identifier: Apache-2.0
// The steps that decisions about an incident are made of; for the files of this room.
#pragma once

#include "notifiers/incident/decisions.h"

namespace outrider {

IncidentDecision DecisionOn(Incident incident);
// The event has the actor's name, channel and note; the reference lives until the next one.
AuditEvent& AddIncidentEvent(AuditKind kind, Nanos now, IncidentDecision* decision,
                             const Actor& actor = {});
// Another state, told in the trail. Whatever was asked or put off in the old state is over.
void MoveIncident(IncidentState to, const Actor& actor, Nanos now, IncidentDecision* decision);
// Somebody answers: the first time is kept, the clock stops.
void RespondTo(const Actor& actor, Nanos now, IncidentDecision* decision);
// Resolves it. By the system: nobody has answered by that.
void CloseIncident(bool by_system, const Actor& actor, Nanos now, IncidentDecision* decision);
// The next epoch, the escalation from its first tier.
void RestartEscalation(Nanos now, IncidentDecision* decision);
void ReopenIncident(const IncidentsConfig& config, const Actor& actor, Nanos now,
                    IncidentDecision* decision);

// False when it is as severe already.
bool RaiseSeverity(Severity severity, const Actor& actor, Nanos now, IncidentDecision* decision);
// It became worse by `alert`: clocks get the tighter targets, a snooze ends; while nobody has
// answered, another policy starts over, else an un-acknowledge starts it. The same policy goes on,
// and those who know of the incident hear of it (TellRaised).
void FollowSeverityUp(const IncidentsConfig& config, const Alert& alert, Nanos now,
                      IncidentDecision* decision);
// A page with kRaisedTier: while nobody has answered, to those whom the running round has told (the
// desk knows who they are), else to `user:NAME` of the assignee or of whoever answered, unless it
// is `actor` who says so. No clock moves, and nobody hears of it where no policy pages.
void TellRaised(const Actor& actor, IncidentDecision* decision);
// The policy for the incident as severe as it is and `alert`; false when there is none, it is the
// one it has, or the one it has was named and the alert names none.
bool ChangePolicy(const IncidentsConfig& config, const Alert& alert, IncidentDecision* decision);
// What is known of the alert that opened it, for choosing a policy.
Alert FirstAlert(const Incident& incident);

// False when it is not snoozed. Does not start anything.
bool EndSnooze(const Actor& actor, Nanos now, IncidentDecision* decision);
// Whoever acknowledged is no longer asked, nor waited for.
void StopAsking(IncidentDecision* decision);

// What an opened incident is and who cares for it, for its event.
void NoteOpened(const Actor& actor, std::string text, Nanos now, IncidentDecision* decision);

}  // namespace outrider
