// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/sla_pause.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/incident/sla_facts.h"

namespace outrider {
namespace {

constexpr char kHold[] = "hold";
constexpr char kSnooze[] = "snooze";

IncidentDecision From(const Incident& incident) {
  return {.incident = incident, .events = {}, .timers = {}, .pages = {}};
}

void AddEvent(AuditKind kind, const std::string& reason, const Actor& actor, Nanos now,
              IncidentDecision* decision) {
  AuditEvent event;
  event.subject = decision->incident.id;
  event.kind = kind;
  event.time = now;
  event.who = actor.who;
  event.channel = actor.channel;
  event.text = actor.note.empty() ? reason : fmt::format("{}: {}", reason, actor.note);
  event.data = actor.data;
  event.data["reason"] = reason;
  AddClockFacts(decision->incident, now, &event.data);
  decision->events.push_back(std::move(event));
}

bool Pause(const std::string& reason, const Actor& actor, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  if (!incident.Open() || !incident.pauses.insert(reason).second) return false;
  incident.updated_at = now;
  StandSla(now, decision);
  AddEvent(AuditKind::kSlaPaused, reason, actor, now, decision);
  return true;
}

bool Resume(const std::string& reason, const Actor& actor, Nanos now, IncidentDecision* decision) {
  Incident& incident = decision->incident;
  if (incident.pauses.erase(reason) == 0) return false;
  incident.updated_at = now;
  if (incident.pauses.empty()) ContinueSla(now, decision);
  AddEvent(AuditKind::kSlaResumed, reason, actor, now, decision);
  return true;
}

}  // namespace

bool PausesSla(const IncidentsConfig& config, std::string_view reason) {
  const std::string_view kind = reason.substr(0, reason.find(':'));
  const std::vector<std::string>& kinds = config.sla_rules.pause;
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool PauseSla(IncidentDecision* decision, const std::string& reason, Nanos now) {
  return Pause(reason, {}, now, decision);
}

bool ResumeSla(IncidentDecision* decision, const std::string& reason, Nanos now) {
  return Resume(reason, {}, now, decision);
}

void FollowSnooze(const IncidentsConfig& config, Nanos now, IncidentDecision* decision) {
  const bool snoozed = decision->incident.snoozed_until != 0;
  if (snoozed == decision->incident.pauses.contains(kSnooze)) return;
  if (!snoozed) {
    ResumeSla(decision, kSnooze, now);
  } else if (PausesSla(config, kSnooze)) {
    PauseSla(decision, kSnooze, now);
  }
}

StatusOr<IncidentDecision> HoldIncident(const IncidentsConfig& config, const Incident& incident,
                                        const Actor& actor, Nanos now) {
  if (!incident.Open()) {
    return absl::FailedPreconditionError("an incident that is resolved cannot be put on hold");
  }
  if (!PausesSla(config, kHold)) {
    return absl::FailedPreconditionError("sla.pause does not list hold: it would pause nothing");
  }
  IncidentDecision decision = From(incident);
  Pause(kHold, actor, now, &decision);
  return decision;
}

StatusOr<IncidentDecision> UnholdIncident(const Incident& incident, const Actor& actor, Nanos now) {
  if (!incident.Open()) {
    return absl::FailedPreconditionError("an incident that is resolved is not on hold");
  }
  IncidentDecision decision = From(incident);
  Resume(kHold, actor, now, &decision);
  return decision;
}

}  // namespace outrider
