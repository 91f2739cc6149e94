// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/steps.h"

#include <fmt/format.h>

#include "notifiers/config/people_config.h"
#include "notifiers/incident/sla_facts.h"

namespace outrider {
namespace {

// Those who were paged hear that it is over.
void QueueRecoveries(IncidentDecision* decision) {
  const Incident& incident = decision->incident;
  for (const std::string& target : incident.paged) {
    const size_t slash = target.rfind('/');
    decision->pages.push_back({.receiver = target.substr(0, slash),
                               .integration = target.substr(slash + 1),
                               .recovery = true,
                               .epoch = incident.epoch,
                               .loop = 0,
                               .tier = 0});
  }
}

}  // namespace

IncidentDecision DecisionOn(Incident incident) {
  return {.incident = std::move(incident), .events = {}, .timers = {}, .pages = {}};
}

AuditEvent& AddIncidentEvent(AuditKind kind, Nanos now, IncidentDecision* decision,
                             const Actor& actor) {
  AuditEvent event;
  event.subject = decision->incident.id;
  event.kind = kind;
  event.time = now;
  event.who = actor.who;
  event.channel = actor.channel;
  event.text = actor.note;
  event.data = actor.data;
  decision->events.push_back(std::move(event));
  return decision->events.back();
}

void MoveIncident(IncidentState to, const Actor& actor, Nanos now, IncidentDecision* decision) {
  AuditEvent& event = AddIncidentEvent(AuditKind::kStateChanged, now, decision, actor);
  event.from = IncidentStateText(decision->incident.state);
  event.to = IncidentStateText(to);
  AddClockFacts(decision->incident, now, &event.data);
  Incident& incident = decision->incident;
  incident.state = to;
  incident.updated_at = now;
  incident.moved_by = actor.who;
  incident.moved_at = now;
  incident.moved_via = actor.channel;
  StopAsking(decision);
  if (incident.snoozed_until == 0) return;
  incident.snoozed_until = 0;
  decision->timers.push_back({TimerKind::kSnoozeEnd, 0});
}

void RespondTo(const Actor& actor, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  if (incident.acknowledged_at == 0) {
    incident.acknowledged_at = now;
    incident.acknowledged_by = actor.who;
  }
  StopSla(SlaKind::kAcknowledge, now, decision);
}

void CloseIncident(bool by_system, const Actor& actor, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  if (by_system) {
    DiscardSla(SlaKind::kAcknowledge, now, decision);
  } else {
    RespondTo(actor, now, decision);
  }
  StopSla(SlaKind::kResolve, now, decision);
  CancelEscalation(decision);
  MoveIncident(IncidentState::kResolved, actor, now, decision);
  incident.resolved_at = now;
  incident.resolved_by = actor.who;
  QueueRecoveries(decision);
}

void RestartEscalation(Nanos now, IncidentDecision* decision) {
  ++decision->incident.epoch;
  StartEscalation(now, decision);
}

void ReopenIncident(const IncidentsConfig& config, const Actor& actor, Nanos now,
                    IncidentDecision* decision) {
  Incident& incident = decision->incident;
  // Reopened long after: the time it was closed does not count.
  const Nanos closed_at = WithinReopenWindow(config, incident, now) ? 0 : incident.resolved_at;
  RestartSla(SlaKind::kResolve, closed_at, now, decision);
  if (incident.acknowledged_at == 0) RestartSla(SlaKind::kAcknowledge, closed_at, now, decision);
  incident.paged.clear();  // they have heard of the recovery
  MoveIncident(IncidentState::kNew, actor, now, decision);
  incident.resolved_at = 0;
  incident.resolved_by.clear();
  incident.merged_into.clear();
  ++incident.reopened;
  RestartEscalation(now, decision);
}

bool RaiseSeverity(Severity severity, const Actor& actor, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  if (severity <= incident.severity) return false;
  AuditEvent& event = AddIncidentEvent(AuditKind::kSeverityRaised, now, decision, actor);
  event.from = SeverityText(incident.severity);
  event.to = SeverityText(severity);
  incident.severity = severity;
  return true;
}

void FollowSeverityUp(const IncidentsConfig& config, const Alert& alert, Nanos now,
                      IncidentDecision* decision) {
  RetargetSla(config, now, decision);
  const bool woken =
      EndSnooze({.who = "", .channel = "", .note = "it became worse"}, now, decision);
  const bool other = ChangePolicy(config, alert, decision);
  if ((woken || other) && decision->incident.state == IncidentState::kNew) {
    RestartEscalation(now, decision);
  } else {
    TellRaised({}, decision);
  }
}

void TellRaised(const Actor& actor, IncidentDecision* decision) {
  const Incident& incident = decision->incident;
  if (incident.escalation.policy.empty()) return;
  PageRequest page;
  page.epoch = incident.epoch;
  page.loop = static_cast<int>(incident.audit_events);
  page.tier = kRaisedTier;
  if (incident.state != IncidentState::kNew) {
    const std::string& who = incident.assignee.empty() ? incident.moved_by : incident.assignee;
    if (who.empty() || who == actor.who) return;
    page.receiver = fmt::format("{}{}", kUserPrefix, who);
  }
  decision->pages.push_back(std::move(page));
}

bool ChangePolicy(const IncidentsConfig& config, const Alert& alert, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  const bool named = NamesPolicy(config, alert);
  if (incident.escalation.by_name && !named) return false;
  const EscalationPolicy* policy =
      ChoosePolicy(config, incident.severity, alert, incident.updated_at);
  if (policy == nullptr) return false;
  const bool other = policy->name != incident.escalation.policy;
  if (other) TakePolicy(policy, &incident.escalation);
  incident.escalation.by_name = named;
  return other;
}

Alert FirstAlert(const Incident& incident) {
  Alert alert;
  alert.labels = incident.labels;
  if (!incident.summary.empty()) alert.annotations["summary"] = incident.summary;
  alert.starts_at = {incident.starts_at, 0};
  alert.updated_at = incident.updated_at;
  return alert;
}

bool EndSnooze(const Actor& actor, Nanos now, IncidentDecision* decision) {
  if (decision->incident.snoozed_until == 0) return false;
  decision->incident.snoozed_until = 0;
  decision->timers.push_back({TimerKind::kSnoozeEnd, 0});
  AddIncidentEvent(AuditKind::kWoken, now, decision, actor);
  return true;
}

void StopAsking(IncidentDecision* decision) {
  decision->incident.ack_asked_at = 0;
  decision->timers.push_back({TimerKind::kAckReminder, 0});
  decision->timers.push_back({TimerKind::kAckTimeout, 0});
}

void NoteOpened(const Actor& actor, std::string text, Nanos now, IncidentDecision* decision) {
  const Incident& incident = decision->incident;
  AuditEvent& event = AddIncidentEvent(AuditKind::kOpened, now, decision, actor);
  event.to = IncidentStateText(incident.state);
  event.text = std::move(text);
  event.data["severity"] = SeverityText(incident.severity);
  event.data["source"] = IncidentSourceText(incident.source);
  if (!incident.team.empty()) event.data["team"] = incident.team;
  if (!incident.service.empty()) event.data["service"] = incident.service;
}

}  // namespace outrider
