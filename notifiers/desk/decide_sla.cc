// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_sla.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/sla_config.h"
#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_overlays.h"
#include "notifiers/desk/incident_timers.h"
#include "notifiers/incident/sla_pause.h"
#include "notifiers/outbox/receivers.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

bool HasCalendar(const Incident& incident) {
  return std::any_of(incident.sla.begin(), incident.sla.end(),
                     [](const SlaClock& clock) { return clock.calendar != nullptr; });
}

// Of a warning or a breach, the same whenever it is said.
std::string ReportId(const std::string& incident_id, std::string_view clock,
                     std::string_view what) {
  return fmt::format("sla/{}/{}/{}", incident_id, clock, what);
}

DeskReport MakeReport(const Transaction& tx, const Incident& incident, const AuditEvent& event) {
  const bool breach = event.kind == AuditKind::kSlaBreached;
  const std::string& clock = event.data.at("clock");
  DeskReport report;
  report.id = ReportId(incident.id, clock, breach ? "breach" : event.data.at("percent"));
  report.title =
      fmt::format("SLA {}: {} ({})", breach ? "breached" : "at risk", incident.title, event.text);
  report.text = fmt::format("Incident {}, {}, {}\n", incident.id, SeverityText(incident.severity),
                            IncidentStateText(incident.state));
  if (!incident.summary.empty()) report.text += incident.summary + "\n";
  report.text += fmt::format("Opened: {}\n", FormatRfc3339(incident.received_at));
  report.text +=
      fmt::format("{}: {}\n", breach ? "Breached" : "Reached", FormatRfc3339(event.time));
  const bool resolve = clock == SlaKindText(SlaKind::kResolve);
  const Nanos deadline =
      incident.Clock(resolve ? SlaKind::kResolve : SlaKind::kAcknowledge).DeadlineAt();
  if (!breach && deadline != 0) {
    report.text += fmt::format("Deadline: {}\n", FormatRfc3339(deadline));
  }
  report.labels = {{std::string(kAlertName), breach ? "OutriderSlaBreached" : "OutriderSlaAtRisk"},
                   {"severity", std::string(SeverityText(incident.severity))},
                   {"incident", incident.id},
                   {"sla", clock}};
  const IncidentsConfig& config = tx.plan().incidents();
  if (!incident.team.empty()) report.labels[config.team_label] = incident.team;
  if (!incident.service.empty()) report.labels[config.service_label] = incident.service;
  return report;
}

// Warnings of the clock that nobody has heard yet.
void DropWarnings(Transaction& tx, const std::string& incident_id, const std::string& clock,
                  const std::string& receiver, Nanos now) {
  const Receiver* found = tx.plan().receivers().Find(receiver);
  if (found == nullptr) return;
  for (const char* percent : {"50", "80"}) {
    for (const Integration& integration : found->integrations) {
      const std::string id =
          ReportKey(ReportId(incident_id, clock, percent), receiver, IntegrationName(integration));
      const OutboxRow* row = tx.outbox.Find(id);
      if (row == nullptr || row->state != OutboxState::kDue) continue;
      EndRow(tx, id, OutboxOutcome::kSuperseded, "the target was missed meanwhile", now);
    }
  }
}

}  // namespace

void RecountSlaOfAll(Transaction& tx, Nanos now) {
  for (const auto& [id, known] : tx.state().incidents) {
    const Incident* incident = tx.incidents.Find(id);
    if (incident == nullptr || !HasCalendar(*incident)) continue;
    IncidentDecision decision{.incident = *incident, .events = {}, .timers = {}, .pages = {}};
    RecountSla(tx.plan().incidents(), now, &decision);
    const bool moves = MovesSlaTimers(tx, now, &decision);
    if (moves || !decision.events.empty()) {
      ApplyIncident(tx, std::move(decision), now);
    } else {
      tx.incidents.EditSoftly(id).sla = decision.incident.sla;
    }
  }
}

Status PutOnHold(Transaction& tx, const HumanAction& human, bool hold, Nanos now) {
  const Incident* incident = TRY(FindIncident(tx, human.incident_id));
  TRY(CheckActsForItself(*incident));
  const Actor actor = ToActor(human);
  ApplyIncident(tx,
                TRY(hold ? HoldIncident(tx.plan().incidents(), *incident, actor, now)
                         : UnholdIncident(*incident, actor, now)),
                now);
  tx.RequireSync();
  return absl::OkStatus();
}

void TellSla(Transaction& tx, const Incident& incident, std::span<const AuditEvent> events,
             Nanos now) {
  const std::vector<std::string>& receivers = tx.plan().incidents().sla_rules.notify;
  if (receivers.empty()) return;
  for (const AuditEvent& event : events) {
    if (event.kind != AuditKind::kSlaWarning && event.kind != AuditKind::kSlaBreached) continue;
    // "At risk" would arrive beside or behind "breached".
    if (event.data.contains("overtaken")) continue;
    DeskReport report = MakeReport(tx, incident, event);
    for (const std::string& receiver : receivers) {
      if (event.kind == AuditKind::kSlaBreached) {
        DropWarnings(tx, incident.id, event.data.at("clock"), receiver, now);
      }
      report.receiver = receiver;
      QueueReport(tx, report, now);
    }
  }
}

}  // namespace outrider
