// SPDX-License-Identifier: Apache-2.0
// Incidents that were resolved long ago leave the memory and the store. Their audit stays, and what
// they add to the counters.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

Nanos ForgetAt(const Transaction& tx, const Incident& incident) {
  const IncidentsConfig& config = tx.plan().incidents();
  // One that may be reopened is needed.
  return incident.resolved_at + std::max(config.retention, config.reopen_window) * kNanosPerMilli +
         1;
}

}  // namespace

void ScheduleForgetting(Transaction& tx, const Incident& incident) {
  if (!incident.Open()) {
    tx.SetTimer(TimerKind::kForgetIncident, incident.id, ForgetAt(tx, incident));
  } else if (tx.TimerDue(TimerKind::kForgetIncident, incident.id) != 0) {
    tx.CancelTimer(TimerKind::kForgetIncident, incident.id);
  }
}

void ScheduleForgettingOfAll(Transaction& tx) {
  for (const auto& [id, incident] : tx.state().incidents) ScheduleForgetting(tx, *incident);
}

void OnForgetIncident(Transaction& tx, const std::string& id, Nanos now) {
  tx.CancelTimer(TimerKind::kForgetIncident, id);
  const Incident* incident = tx.incidents.Find(id);
  if (incident == nullptr) return;
  if (incident->Open() || ForgetAt(tx, *incident) > now) {
    ScheduleForgetting(tx, *incident);
    return;
  }
  AuditEvent event;
  event.subject = id;
  event.kind = AuditKind::kForgotten;
  event.time = now;
  event.text = fmt::format("kept for {}", FormatDuration(tx.plan().incidents().retention));
  tx.Audit(std::move(event));
  tx.ForgetIncident(id);
}

}  // namespace outrider
