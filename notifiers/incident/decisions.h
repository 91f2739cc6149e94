// SPDX-License-Identifier: Apache-2.0
// What can happen to an incident, as pure functions. Each returns the incident as it is afterwards,
// what to write into the audit trail, which timers to set or cancel and whom to page; the desk puts
// all of it into one batch.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "notifiers/incident/audit.h"
#include "notifiers/incident/incident.h"
#include "rules/alerting/alert.h"
#include "storage/state/schema.h"

namespace outrider {

struct TimerChange {
  TimerKind kind = TimerKind::kEscalate;
  Nanos due = 0;  // 0: cancel
};
struct PageRequest {
  std::string receiver;
  std::string integration;  // "" : all of the receiver's; else "kind[index]"
  bool recovery = false;
  uint32_t epoch = 0;
  int loop = 0;
  int tier = 0;         // index; below 0: no step of an escalation
  int naming = 0;       // how often the rules of a user name the contact method before this
  bool forced = false;  // told although the incident is held
};
// Of a page that asks whoever acknowledged whether they still work on it (attention.h).
inline constexpr int kAskTier = -1;
// Of a page that says that the severity rose (steps.h). It may rise again in one round: `loop` is
// how many audit events the incident had.
inline constexpr int kRaisedTier = -2;
struct IncidentDecision {
  Incident incident;
  std::vector<AuditEvent> events;
  std::vector<TimerChange> timers;
  std::vector<PageRequest> pages;
};

enum class IncidentAction : uint8_t {
  kAcknowledge,
  kInvestigate,
  kResolve,
  kReopen,
  kUnacknowledge,
};
// The state after `action`, by the table of specs/source_systems.md §3.1: eight edges, the last two
// (reopen, un-acknowledge) not with `strict_legacy`, and each can be switched off by itself.
// FailedPrecondition with both states in words otherwise.
StatusOr<IncidentState> NextState(IncidentState from, IncidentAction action,
                                  const IncidentsConfig& config);
// Whether the configuration allows it at all, by anybody.
bool Allows(const IncidentsConfig& config, IncidentAction action);

inline constexpr std::string_view kAnonymous = "anonymous";  // a person who gave no name

struct Actor {
  std::string who;      // "" : the system
  std::string channel;  // the door it came through
  std::string note;
  std::map<std::string, std::string> data = {};  // of their events, beside what these have
};

// The incident's key (text of its group_by labels) for an alert.
Labels IncidentGroupLabels(const IncidentsConfig& config, const Labels& alert);
// Whether alerts with these labels open incidents (incidents.match).
bool OpensIncident(const IncidentsConfig& config, const Labels& alert);
// Deterministic from key and time; `salt` makes another one when it is taken.
std::string MakeIncidentId(std::string_view key, Nanos now, int salt);

// `previous`: the newest resolved incident of the same key, or nullptr.
IncidentDecision OpenIncident(const IncidentsConfig& config, std::string id, const Alert& alert,
                              const Incident* previous, Nanos now);
// An alert of an open incident began to fire. This and the next take the incident as a value to be
// moved in: one event may bring thousands of alerts of one incident, which must not be copied for
// each.
IncidentDecision AddAlert(const IncidentsConfig& config, Incident incident, const Alert& alert,
                          Nanos now);
// An alert began to fire again and the incident was resolved within the reopen window.
IncidentDecision ReopenByAlert(const IncidentsConfig& config, const Incident& incident,
                               const Alert& alert, Nanos now);
// The window counts from when it was resolved, or from its last alert if that is later: a person
// may have resolved it while it fired.
bool WithinReopenWindow(const IncidentsConfig& config, const Incident& incident, Nanos now);
// An alert of it was resolved; with the last one the incident is.
IncidentDecision ResolveAlert(Incident incident, const Alert& alert, Nanos now);
// Resolves it when it lives by its alerts and none fires any more.
void CloseIfOver(Nanos now, IncidentDecision* decision);
// What it was opened for is over; nobody has answered by that. Without effect on a resolved one.
IncidentDecision ResolveBySystem(const Incident& incident, std::string why, Nanos now);
// What a person does. What they said already, and is so, is said again without effect. Errors:
// FailedPrecondition for an invalid transition, with who brought the incident into its state.
StatusOr<IncidentDecision> Act(const IncidentsConfig& config, const Incident& incident,
                               IncidentAction action, const Actor& actor, Nanos now);
// A note; InvalidArgument when it is empty. No transition.
StatusOr<IncidentDecision> AddIncidentNote(const Incident& incident, const Actor& actor, Nanos now);
// One of the six SLA timers fell due. `due` is the timer's own time.
// `now`: a warning of what is missed by then (a downtime, an edited calendar) bears `overtaken` in
// its data: nobody is told of it, the breach follows.
IncidentDecision OnSlaTimer(const Incident& incident, TimerKind kind, Nanos due, Nanos now);
// Which of the clock's timers is the next, and when it is due; 0: none is.
TimerChange NextSlaTimer(const Incident& incident, SlaKind kind);
// The escalation timer fell due. One that was held goes on where it stood. `now` is later than
// `due` after a downtime: of the steps that are due by then, each receiver gets the last one alone.
IncidentDecision OnEscalationTimer(const Incident& incident, Nanos due, Nanos now);
// The step just run found nobody: the next tier of the round is due at once.
IncidentDecision PassTier(const Incident& incident, Nanos now);
// A person does not wait for the clock: the next tier is told now, the later ones move with it.
// FailedPrecondition when the incident is taken care of or has told its last tier; `force` tells
// the next tier (of a new round) nevertheless.
StatusOr<IncidentDecision> EscalateNow(const Incident& incident, bool force, const Actor& actor,
                                       Nanos now);
// Whether a step behind that one has been told, by the clock or by a person.
bool ToldSince(const Escalation& escalation, int loop, int tier);
// Another policy, or the same as it reads now (nullptr: none), from its first tier, unless somebody
// is taking care of it: then an un-acknowledge starts it. `by_name`: as Escalation::by_name.
// FailedPrecondition: it is resolved.
StatusOr<IncidentDecision> ApplyPolicy(const Incident& incident, const EscalationPolicy* policy,
                                       bool by_name, const Actor& actor, Nanos now);
// When each tier of the running round is due, or was.
std::vector<Nanos> TierTimes(const Escalation& escalation);
// Tier `tier` (below 0: no step) is not paged because all alerts are suppressed (`why`, in words):
// the escalation stands still until the next OnEscalationTimer. The audit trail says so once. SLA
// clocks go on: a silence is no response.
IncidentDecision HoldEscalation(const Incident& incident, int tier, std::string_view why,
                                Nanos now);

// Used by the functions above and by tests.
// The policy named by the alert's annotation outrider_escalation, else the first in file order
// whose conditions hold (severity, labels, time); nullptr when none. Without `now` the time is that
// of the alert. A policy with time intervals is chosen only by IncidentsConfig::policy_index.
const EscalationPolicy* ChoosePolicy(const IncidentsConfig& config, Severity severity,
                                     const Alert& alert, Nanos now);
inline const EscalationPolicy* ChoosePolicy(const IncidentsConfig& config, Severity severity,
                                            const Alert& alert) {
  return ChoosePolicy(config, severity, alert, alert.updated_at);
}
// Whether the alert's annotation names a policy that there is: that one is chosen, whatever its
// conditions say.
bool NamesPolicy(const IncidentsConfig& config, const Alert& alert);
// The snapshot of a policy (nullptr: none), not started.
void TakePolicy(const EscalationPolicy* policy, Escalation* escalation);
// The one that is chosen for the incident and `alert`.
void TakePolicyFor(const IncidentsConfig& config, const Alert& alert, Nanos now,
                   Incident* incident);
// (Re)starts the tiers at `now`: pages tiers that are due at once, sets the timer of the next.
void StartEscalation(Nanos now, IncidentDecision* decision);
void CancelEscalation(IncidentDecision* decision);
// Pages every tier due at or before `due`, then sets or cancels the timer. `now` as above.
void RunEscalation(Nanos due, Nanos now, IncidentDecision* decision);
// Clocks: started with the incident, retargeted when the severity changes, stopped by acknowledge
// and resolve.
void StartSla(const IncidentsConfig& config, Nanos now, IncidentDecision* decision);
// By the severity as it is now, from the original start: a breach stays one, what is over by the
// new target is breached now, warnings that are over by it are marked and not told.
void RetargetSla(const IncidentsConfig& config, Nanos now, IncidentDecision* decision);
// The same targets by the calendars of `config`, which may have changed: finds them by name; one
// that is gone gives way to the severity's. Timers are set to when they are due, be it in the past:
// after a downtime they have not run yet.
void RecountSla(const IncidentsConfig& config, Nanos now, IncidentDecision* decision);
void StopSla(SlaKind kind, Nanos now, IncidentDecision* decision);
// Auto-resolved before anybody answered: no sample, unless it is breached already.
void DiscardSla(SlaKind kind, Nanos now, IncidentDecision* decision);
// It goes on. `closed_at`: the time since then does not count; 0: it does.
void RestartSla(SlaKind kind, Nanos closed_at, Nanos now, IncidentDecision* decision);
// All running clocks stand still, or go on (sla_pause.h says why).
void StandSla(Nanos now, IncidentDecision* decision);
void ContinueSla(Nanos now, IncidentDecision* decision);

}  // namespace outrider
