// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_maintenance.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/incident/sla_pause.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kReason = "maintenance";

const MaintenanceWindow* FindConfigured(const Transaction& tx, const std::string& name) {
  for (const MaintenanceWindow& window : tx.plan().config().around.maintenance) {
    if (window.name == name) return &window;
  }
  return nullptr;
}

const MaintenanceWindow* FindWindow(const Transaction& tx, const std::string& name) {
  const MaintenanceWindow* configured = FindConfigured(tx, name);
  return configured != nullptr ? configured : tx.maintenance.Find(name);
}

void Audit(Transaction& tx, const std::string& name, AuditKind kind, const HumanAction& by,
           const std::string& text, Nanos now) {
  AuditEvent event;
  event.subject = fmt::format("{}:{}", kReason, name);
  event.kind = kind;
  event.time = now;
  event.who = by.who;
  event.channel = by.channel;
  event.text = text;
  tx.Audit(std::move(event));
}

void SetEdge(Transaction& tx, const MaintenanceWindow& window, Nanos now) {
  const Nanos next = window.NextEdge(now);
  if (next != 0) {
    tx.SetTimer(TimerKind::kMaintenanceEdge, window.name, next);
  } else {
    tx.CancelTimer(TimerKind::kMaintenanceEdge, window.name);
  }
}

// A window began, ended, came or went: clocks and pages of every open incident follow.
void RecheckIncidents(Transaction& tx, Nanos now) {
  std::vector<std::string> open;
  tx.incidents.ForEach([&](const std::string& id, const Incident& incident) {
    if (incident.Open()) open.push_back(id);
  });
  for (const std::string& id : open) {
    IncidentDecision decision{
        .incident = *tx.incidents.Find(id), .events = {}, .timers = {}, .pages = {}};
    PauseInMaintenance(tx, &decision, now);
    if (!decision.events.empty()) ApplyIncident(tx, std::move(decision), now);
  }
  RecheckSuppressed(tx, now);
}

}  // namespace

std::vector<const MaintenanceWindow*> MaintenanceWindows(const Transaction& tx) {
  std::vector<const MaintenanceWindow*> windows;
  for (const MaintenanceWindow& window : tx.plan().config().around.maintenance) {
    windows.push_back(&window);
  }
  tx.maintenance.ForEach([&](const std::string& name, const MaintenanceWindow& window) {
    if (FindConfigured(tx, name) == nullptr) windows.push_back(&window);
  });
  return windows;
}

std::string InMaintenance(const Transaction& tx, const Labels& alert, Nanos now) {
  for (const MaintenanceWindow* window : MaintenanceWindows(tx)) {
    if (MatchesAll(window->match, alert) && window->ActiveAt(now)) return window->name;
  }
  return "";
}

std::string IncidentMaintenance(const Transaction& tx, const Incident& incident, Nanos now) {
  std::string first;
  for (const uint64_t fingerprint : incident.firing) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    if (record == nullptr) return "";
    std::string name = InMaintenance(tx, record->labels(), now);
    if (name.empty()) return "";
    if (first.empty()) first = std::move(name);
  }
  return first;
}

void PauseInMaintenance(const Transaction& tx, IncidentDecision* decision, Nanos now) {
  if (!decision->incident.Open()) return;
  const bool any = !MaintenanceWindows(tx).empty();
  const std::string name = any ? IncidentMaintenance(tx, decision->incident, now) : "";
  const std::string wanted = name.empty() ? "" : fmt::format("{}:{}", kReason, name);
  if (!wanted.empty() && PausesSla(tx.plan().incidents(), wanted)) {
    PauseSla(decision, wanted, now);
  }
  std::vector<std::string> over;
  for (const std::string& reason : decision->incident.pauses) {
    if (reason.starts_with(fmt::format("{}:", kReason)) && reason != wanted) over.push_back(reason);
  }
  for (const std::string& reason : over) ResumeSla(decision, reason, now);
}

Status AddMaintenance(Transaction& tx, const MaintenanceWindow& window, const HumanAction& by,
                      Nanos now) {
  if (FindWindow(tx, window.name) != nullptr) {
    return absl::AlreadyExistsError(
        fmt::format("maintenance window {} is there already", Quote(window.name)));
  }
  if (window.end != 0 && window.end <= now) return InvalidArgument("its end is past already");
  tx.maintenance.Put(window.name, window);
  SetEdge(tx, window, now);
  Audit(tx, window.name, AuditKind::kConfigured, by, "made: " + window.note, now);
  if (window.ActiveAt(now)) {
    Audit(tx, window.name, AuditKind::kMaintenanceBegan, by, window.note, now);
    RecheckIncidents(tx, now);
  }
  tx.RequireSync();
  return absl::OkStatus();
}

Status EndMaintenance(Transaction& tx, const std::string& name, const HumanAction& by, Nanos now) {
  if (FindConfigured(tx, name) != nullptr) {
    return absl::FailedPreconditionError(fmt::format(
        "maintenance window {} is one of the configuration file: change it there", Quote(name)));
  }
  const MaintenanceWindow* window = tx.maintenance.Find(name);
  if (window == nullptr) return NotFound(fmt::format("no maintenance window {}", Quote(name)));
  const bool active = window->ActiveAt(now);
  tx.maintenance.Erase(name);
  tx.CancelTimer(TimerKind::kMaintenanceEdge, name);
  Audit(tx, name, AuditKind::kMaintenanceEnded, by, by.note, now);
  if (active) RecheckIncidents(tx, now);
  tx.RequireSync();
  return absl::OkStatus();
}

void OnMaintenanceEdge(Transaction& tx, const std::string& name, Nanos due) {
  tx.CancelTimer(TimerKind::kMaintenanceEdge, name);
  const MaintenanceWindow* found = FindWindow(tx, name);
  if (found == nullptr) return;
  const MaintenanceWindow window = *found;
  const bool before = window.ActiveAt(due - 1);
  const bool after = window.ActiveAt(due);
  SetEdge(tx, window, due);
  if (window.FromApi() && window.NextEdge(due) == 0 && !after) tx.maintenance.Erase(name);
  if (before == after) return;
  Audit(tx, name, after ? AuditKind::kMaintenanceBegan : AuditKind::kMaintenanceEnded, {},
        window.note, due);
  RecheckIncidents(tx, due);
}

void SettleMaintenance(Transaction& tx, Nanos now) {
  std::vector<std::string> gone;
  for (auto it = tx.state().timers.lower_bound({TimerKind::kMaintenanceEdge, ""});
       it != tx.state().timers.end() && it->first.first == TimerKind::kMaintenanceEdge; ++it) {
    if (FindWindow(tx, it->first.second) == nullptr) gone.push_back(it->first.second);
  }
  for (const std::string& name : gone) tx.CancelTimer(TimerKind::kMaintenanceEdge, name);
  bool overdue = false;
  for (const MaintenanceWindow* window : MaintenanceWindows(tx)) {
    // An edge that fell into a downtime is run at its own time, and looks at all incidents then.
    const Nanos set = tx.TimerDue(TimerKind::kMaintenanceEdge, window->name);
    if (set == 0 || set > now) {
      SetEdge(tx, *window, now);
    } else {
      overdue = true;
    }
  }
  if (!overdue) RecheckIncidents(tx, now);
}

}  // namespace outrider
