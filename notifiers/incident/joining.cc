// SPDX-License-Identifier: Apache-2.0
#include "notifiers/incident/joining.h"

#include <algorithm>

namespace outrider {

bool NoteJoined(const JoiningAlert& alert, Nanos now, Incident* incident) {
  const bool fresh = !incident->alerts.contains(alert.fingerprint);
  ++incident->count;
  // They share their memory as long as they are the same; apart, each would copy what it changes.
  const bool share = incident->alerts == incident->firing || incident->alerts.empty();
  const bool room = incident->alerts.size() < kMaxIncidentAlerts;
  if (share && room) incident->alerts.clear();
  incident->firing.insert(alert.fingerprint);
  if (share && room) {
    incident->alerts = incident->firing;
  } else if (room) {
    incident->alerts.insert(alert.fingerprint);
  }
  incident->starts_at = std::min(incident->starts_at, alert.starts_at);
  incident->last_alert_at = now;
  incident->updated_at = now;
  return fresh;
}

bool JoinsQuietly(const Incident& incident, Severity severity) {
  return incident.Open() && !incident.firing.empty() && incident.merged_into.empty() &&
         severity <= incident.severity && incident.escalation.held_at == 0 &&
         incident.snoozed_until == 0 && incident.pauses.empty() && incident.suppressed_by.empty();
}

std::optional<AuditEvent> JoinQuietly(const JoiningAlert& alert, Nanos now, Incident* incident) {
  if (!NoteJoined(alert, now, incident)) return std::nullopt;
  ++incident->audit_events;
  return JoinedEvent(*incident, alert.labels, now);
}

AuditEvent JoinedEvent(const Incident& incident, const Labels& alert, Nanos now) {
  AuditEvent event;
  event.subject = incident.id;
  event.kind = AuditKind::kAlertAdded;
  event.time = now;
  event.text = alert.ToString();
  return event;
}

void Incident::Add(const Addition& alert) {
  static const Labels kUnused;
  NoteJoined({alert.fingerprint, kUnused, alert.starts_at}, alert.now, this);
  ++audit_events;
}

}  // namespace outrider
