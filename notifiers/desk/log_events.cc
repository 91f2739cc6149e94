// SPDX-License-Identifier: Apache-2.0
// What an operator reads in the log of what the desk decided. Notes of people stay out of it: they
// may hold anything.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/desk_impl.h"
#include "storage/base/duration.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

struct Line {
  AuditKind kind;
  const char* message;
};
constexpr Line kLines[] = {{AuditKind::kOpened, "incident opened"},
                           {AuditKind::kStateChanged, "incident"},  // and what it is now
                           {AuditKind::kSlaBreached, "SLA breached"},
                           {AuditKind::kEscalated, "incident escalated"},
                           {AuditKind::kEscalationSkipped, "incident not escalated"},
                           {AuditKind::kSnoozed, "incident snoozed"},
                           {AuditKind::kWoken, "incident woken"},
                           {AuditKind::kMerged, "incident merged"},
                           {AuditKind::kAckTimedOut, "acknowledgement timed out"}};
constexpr const char* kFailures[] = {"retry", "rejected", "expired", "unknown", "gone"};

void LogIncident(const Transaction& tx, const AuditEvent& event) {
  const auto* const line =
      std::find_if(std::begin(kLines), std::end(kLines),
                   [&](const Line& candidate) { return candidate.kind == event.kind; });
  if (line == std::end(kLines)) return;
  const Incident* incident = tx.incidents.Find(event.subject);
  if (incident == nullptr) return;
  const bool changed = event.kind == AuditKind::kStateChanged;
  // Back to new: from resolved it was reopened, from any other state somebody gave it back.
  const std::string back = event.from == "resolved" ? "reopened" : "unacknowledged";
  LogInfo(changed ? "incident " + (event.to == "new" ? back : event.to) : line->message,
          {{"incident", event.subject},
           {"title", incident->title},
           {"severity", std::string(SeverityText(incident->severity))},
           {"by", event.who.empty() ? "system" : event.who},
           {"detail", event.who.empty() ? event.text : event.channel}});
}

void LogFailure(const DeliveryView& delivery) {
  if (std::find(std::begin(kFailures), std::end(kFailures), delivery.outcome) ==
      std::end(kFailures)) {
    return;
  }
  LogWarn("notification failed",
          {{"receiver", delivery.receiver},
           {"integration", delivery.integration},
           {"kind", std::string(OutboxKindText(delivery.kind))},
           {delivery.incident_id.empty() ? "group" : "incident",
            delivery.incident_id.empty() ? delivery.group_key : delivery.incident_id},
           {"outcome", delivery.outcome},
           {"attempt", std::to_string(delivery.attempt)},
           {"error", delivery.detail},
           {"next_try", delivery.next_try == 0 ? "none" : FormatRfc3339(delivery.next_try)}});
}

}  // namespace

void LogDecision(const Transaction& tx) {
  for (const AuditEvent& event : tx.audit()) LogIncident(tx, event);
  for (const DeliveryView& delivery : tx.effects.deliveries) LogFailure(delivery);
}

}  // namespace outrider
