// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/overlays.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/incident/attention.h"
#include "notifiers/incident/steps.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

Status Refused(std::string why) { return absl::FailedPreconditionError(std::move(why)); }

std::string ResolvedText(const Incident& incident) {
  return fmt::format("incident {} is resolved", incident.id);
}

void BeWorse(const IncidentsConfig& config, const Actor& actor, Nanos now,
             IncidentDecision* decision) {
  Incident& incident = decision->incident;
  RetargetSla(config, now, decision);
  EndSnooze({.who = "", .channel = "", .note = "it became worse"}, now, decision);
  ChangePolicy(config, FirstAlert(incident), decision);
  if (incident.state == IncidentState::kNew) {
    RestartEscalation(now, decision);
  } else {
    TellRaised(actor, decision);
  }
}

void BeLessSevere(const IncidentsConfig& config, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  RetargetSla(config, now, decision);
  if (incident.escalation.by_name) return;
  const EscalationPolicy* policy = ChoosePolicy(config, incident.severity, FirstAlert(incident));
  const std::string name = policy == nullptr ? "" : policy->name;
  if (name == incident.escalation.policy) return;
  CancelEscalation(decision);
  TakePolicy(policy, &incident.escalation);
  if (incident.state == IncidentState::kNew && incident.snoozed_until == 0) {
    RestartEscalation(now, decision);
  }
}

}  // namespace

IncidentDecision AssignIncident(const Incident& incident, const std::string& assignee,
                                const Actor& actor, Nanos now) {
  IncidentDecision decision = DecisionOn(incident);
  if (incident.assignee == assignee) return decision;
  AuditEvent& event = AddIncidentEvent(AuditKind::kAssigned, now, &decision, actor);
  event.from = incident.assignee;
  event.to = assignee;
  decision.incident.assignee = assignee;
  decision.incident.updated_at = now;
  return decision;
}

StatusOr<IncidentDecision> ChangeSeverity(const IncidentsConfig& config, const Incident& incident,
                                          Severity severity, const Actor& actor, Nanos now) {
  if (!incident.Open()) return Refused(ResolvedText(incident));
  IncidentDecision decision = DecisionOn(incident);
  if (severity == incident.severity) return decision;
  decision.incident.updated_at = now;
  if (RaiseSeverity(severity, actor, now, &decision)) {
    BeWorse(config, actor, now, &decision);
  } else {
    AuditEvent& event = AddIncidentEvent(AuditKind::kSeverityLowered, now, &decision, actor);
    event.from = SeverityText(incident.severity);
    event.to = SeverityText(severity);
    decision.incident.severity = severity;
    BeLessSevere(config, now, &decision);
  }
  if (incident.ack_asked_at == 0) AskLater(config, now, &decision);
  return decision;
}

StatusOr<IncidentDecision> SnoozeIncident(const Incident& incident, Nanos until, const Actor& actor,
                                          Nanos now) {
  if (!incident.Open()) return Refused(ResolvedText(incident));
  if (until <= now) return InvalidArgument("a snooze must end in the future");
  if (until - now > kLongestSnooze) return InvalidArgument("a snooze lasts at most 365d");
  IncidentDecision decision = DecisionOn(incident);
  AuditEvent& event = AddIncidentEvent(AuditKind::kSnoozed, now, &decision, actor);
  event.to = FormatRfc3339(until);
  event.data["until_ns"] = std::to_string(until);
  const bool asked = incident.ack_asked_at != 0;
  decision.incident.snoozed_until = until;
  decision.incident.updated_at = now;
  decision.timers.push_back({TimerKind::kSnoozeEnd, until});
  CancelEscalation(&decision);
  if (!asked) return decision;
  StopAsking(&decision);
  decision.timers.push_back({TimerKind::kAckReminder, until});
  return decision;
}

StatusOr<IncidentDecision> WakeIncident(const Incident& incident, const Actor& actor, Nanos now) {
  IncidentDecision decision = DecisionOn(incident);
  if (!EndSnooze(actor, now, &decision)) {
    return Refused(fmt::format("incident {} is not snoozed", incident.id));
  }
  decision.incident.updated_at = now;
  if (incident.state == IncidentState::kNew) RestartEscalation(now, &decision);
  return decision;
}

StatusOr<IncidentDecision> MergeIncident(const Incident& incident, const Incident& parent,
                                         const Actor& actor, Nanos now) {
  if (incident.id == parent.id) return Refused("an incident cannot be merged into itself");
  for (const Incident* each : {&incident, &parent}) {
    if (!each->Open()) return Refused(ResolvedText(*each));
  }
  if (!parent.merged_into.empty()) {
    return Refused(fmt::format("incident {} is part of {}: merge into that one", parent.id,
                               parent.merged_into));
  }
  IncidentDecision decision = DecisionOn(incident);
  if (incident.merged_into == parent.id) return decision;
  AuditEvent& event = AddIncidentEvent(AuditKind::kMerged, now, &decision, actor);
  event.from = incident.merged_into;
  event.to = parent.id;
  Incident& part = decision.incident;
  part.merged_into = parent.id;
  part.firing = {};
  part.updated_at = now;
  part.snoozed_until = 0;
  decision.timers.push_back({TimerKind::kSnoozeEnd, 0});
  decision.timers.push_back({TimerKind::kAutoResolve, 0});
  StopAsking(&decision);
  CancelEscalation(&decision);
  if (parent.state == IncidentState::kNew) return decision;
  IncidentDecision followed = FollowParent(part, parent.state, actor, now);
  decision.incident = std::move(followed.incident);
  std::ranges::move(followed.events, std::back_inserter(decision.events));
  std::ranges::move(followed.timers, std::back_inserter(decision.timers));
  std::ranges::move(followed.pages, std::back_inserter(decision.pages));
  return decision;
}

IncidentDecision TakeOver(const IncidentsConfig& config, const Incident& parent,
                          const Incident& part, const Actor& actor, Nanos now) {
  IncidentDecision decision = DecisionOn(parent);
  AuditEvent& event = AddIncidentEvent(AuditKind::kMerged, now, &decision, actor);
  event.from = part.id;
  event.to = parent.id;
  Incident& incident = decision.incident;
  incident.updated_at = now;
  incident.starts_at = std::min(incident.starts_at, part.starts_at);
  incident.last_alert_at = std::max(incident.last_alert_at, part.last_alert_at);
  for (const uint64_t fingerprint : part.firing) {
    incident.firing.insert(fingerprint);
    if (incident.alerts.size() < kMaxIncidentAlerts) incident.alerts.insert(fingerprint);
  }
  const Actor system{.who = "", .channel = "", .note = "as severe as " + part.id};
  if (RaiseSeverity(part.severity, system, now, &decision)) {
    FollowSeverityUp(config, FirstAlert(part), now, &decision);
  }
  return decision;
}

IncidentDecision FollowParent(const Incident& part, IncidentState to, const Actor& actor,
                              Nanos now) {
  IncidentDecision decision = DecisionOn(part);
  const bool back = to == IncidentState::kNew;
  if (back || !part.Open() || static_cast<int>(to) <= static_cast<int>(part.state)) return decision;
  if (to == IncidentState::kResolved) {
    CloseIncident(actor.who.empty(), actor, now, &decision);
    return decision;
  }
  RespondTo(actor, now, &decision);
  MoveIncident(to, actor, now, &decision);
  return decision;
}

StatusOr<IncidentDecision> UnmergeIncident(const Incident& incident,
                                           std::span<const uint64_t> firing, const Actor& actor,
                                           Nanos now) {
  if (incident.merged_into.empty()) {
    return Refused(fmt::format("incident {} is no part of another", incident.id));
  }
  IncidentDecision decision = DecisionOn(incident);
  AuditEvent& event = AddIncidentEvent(AuditKind::kUnmerged, now, &decision, actor);
  event.from = incident.merged_into;
  Incident& own = decision.incident;
  own.merged_into.clear();
  own.updated_at = now;
  for (const uint64_t fingerprint : firing) {
    own.firing.insert(fingerprint);
    if (own.alerts.size() < kMaxIncidentAlerts) own.alerts.insert(fingerprint);
  }
  CloseIfOver(now, &decision);
  if (own.state == IncidentState::kNew) RestartEscalation(now, &decision);
  return decision;
}

IncidentDecision GiveBack(const Incident& parent, const Incident& part,
                          std::span<const uint64_t> firing, const Actor& actor, Nanos now) {
  IncidentDecision decision = DecisionOn(parent);
  AuditEvent& event = AddIncidentEvent(AuditKind::kUnmerged, now, &decision, actor);
  event.from = part.id;
  Incident& incident = decision.incident;
  incident.updated_at = now;
  for (const uint64_t fingerprint : firing) incident.firing.erase(fingerprint);
  if (!firing.empty()) CloseIfOver(now, &decision);
  return decision;
}

}  // namespace outrider
