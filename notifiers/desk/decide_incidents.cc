// SPDX-License-Identifier: Apache-2.0
// Between alerts and incidents: who feeds which, and what the incident room decided put into rows.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/policy_index.h"
#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_around.h"
#include "notifiers/desk/decide_attention.h"
#include "notifiers/desk/decide_dependencies.h"
#include "notifiers/desk/decide_overlays.h"
#include "notifiers/desk/decide_paging.h"
#include "notifiers/desk/decide_raised.h"
#include "notifiers/desk/decide_sla.h"
#include "notifiers/desk/incident_timers.h"
#include "notifiers/incident/joining.h"
#include "notifiers/incident/sla_pause.h"

namespace outrider {
namespace {

// Where alerts of a key go: its newest incident, or the one that it became part of.
const Incident* FedBy(const Transaction& tx, const std::string& key) {
  const Incident* newest = tx.NewestIncident(key);
  if (newest == nullptr || newest->merged_into.empty()) return newest;
  const Incident* whole = tx.incidents.Find(newest->merged_into);
  return whole == nullptr ? newest : whole;
}

IncidentDecision Feed(Transaction& tx, const std::string& key, const Incident* newest,
                      const Alert& alert, Nanos now) {
  const IncidentsConfig& config = tx.plan().incidents();
  if (newest != nullptr && newest->Open()) {
    return AddAlert(config, tx.incidents.Take(newest->id), alert, now);
  }
  if (newest != nullptr && Allows(config, IncidentAction::kReopen) &&
      WithinReopenWindow(config, *newest, now)) {
    return ReopenByAlert(config, *newest, alert, now);
  }
  return OpenIncident(config, FreeIncidentId(tx, key, now), alert, newest, now);
}

// Annotations that say something to us. What an incident is told by one may be news.
bool Instructs(const AlertRecord& record) {
  bool found = false;
  record.ForEachAnnotation([&](std::string_view name, std::string_view /*text*/) {
    found = found || name.starts_with("outrider_");
  });
  return found;
}

// The alert joins `fed` and nothing else comes of it; false: more may come of it, nothing is done.
bool FeedQuietly(Transaction& tx, const Incident* fed, AlertRecord* record, Nanos now) {
  if (fed == nullptr) return false;
  const Severity severity = SeverityOf(tx.plan().incidents(), record->labels().Get("severity"));
  if (!JoinsQuietly(*fed, severity) || Instructs(*record)) return false;
  // What its row says of the alert tells a start what the incident's row does not, unless it fired
  // in it before or began before all others.
  const bool soft =
      !fed->alerts.contains(record->fingerprint()) && record->starts_at.nanos >= fed->starts_at;
  record->FeedKnown(fed->id);
  const JoiningAlert alert{record->fingerprint(), record->labels(), record->starts_at.nanos};
  if (!soft) {
    auto event = JoinQuietly(alert, now, &tx.incidents.Edit(fed->id));
    if (event) tx.Audit(*std::move(event));
    return true;
  }
  tx.Audit(JoinedEvent(*fed, alert.labels, now));
  record->joined_as = static_cast<uint32_t>(fed->audit_events + 1);
  record->turned_at = now;
  tx.incidents.AddSoftly(fed->id, {alert.fingerprint, alert.starts_at, now});
  return true;
}

// Names in annotations that nothing is configured for: the alert goes the usual way, and its
// incident says so when the alert joins.
void NoteUnknownNames(const Plan& plan, const Alert& alert, Nanos now, IncidentDecision* decision) {
  const auto joined = [](const AuditEvent& event) {
    return event.kind == AuditKind::kOpened || event.kind == AuditKind::kAlertAdded ||
           event.kind == AuditKind::kStateChanged;
  };
  if (std::none_of(decision->events.begin(), decision->events.end(), joined)) return;
  const auto note = [&](std::string text) {
    AuditEvent event;
    event.subject = decision->incident.id;
    event.kind = AuditKind::kNote;
    event.time = now;
    event.text = std::move(text);
    decision->events.push_back(std::move(event));
  };
  const auto receiver = alert.annotations.find("outrider_receiver");
  if (receiver != alert.annotations.end() && plan.receivers().Find(receiver->second) == nullptr) {
    note(fmt::format("receiver {} does not exist, routed as usual", receiver->second));
  }
  const auto policy = alert.annotations.find("outrider_escalation");
  if (policy != alert.annotations.end() &&
      plan.incidents().policy_index->Find(policy->second) == nullptr) {
    note(fmt::format("escalation policy {} does not exist, chosen by severity", policy->second));
  }
}

void StoreIncident(Transaction& tx, IncidentDecision decision, Nanos now) {
  FollowSnooze(tx.plan().incidents(), now, &decision);
  HoldBack(tx, now, &decision);
  SetIncidentTimers(tx, decision);
  const std::vector<AuditEvent> moves = MovesOf(decision);
  decision.incident.audit_events += decision.events.size();
  TellSla(tx, decision.incident, decision.events, now);
  const bool confirmed = std::ranges::find(decision.events, AuditKind::kAckConfirmed,
                                           &AuditEvent::kind) != decision.events.end();
  for (AuditEvent& event : decision.events) tx.Audit(std::move(event));
  const Incident* before = tx.incidents.Before(decision.incident.id);
  // When an incident opened or ended must not depend on when a power cut was.
  if (before == nullptr || before->state != decision.incident.state) {
    tx.RequireSync();
    ScheduleForgetting(tx, decision.incident);
  }
  // As it stood last, which may be in this transaction.
  const Incident* last = tx.incidents.Find(decision.incident.id);
  const Nanos held_at = last == nullptr ? 0 : last->escalation.held_at;
  const bool released = held_at != 0 && decision.incident.escalation.held_at == 0;
  const bool moved_on = before != nullptr && before->epoch != decision.incident.epoch;
  const bool worse = before != nullptr && before->severity < decision.incident.severity;
  const Incident& kept = tx.PutIncident(std::move(decision.incident));
  if (moved_on) DropContactSteps(tx, kept);
  if (confirmed) KeepNews(tx, kept);
  if (released) ContinueContactSteps(tx, kept, now - held_at);
  if (released || worse) {
    const auto told = ReleasePages(tx, kept.id, now);
    if (released && kept.Open()) NoteReleased(tx, kept, told, now);
  }
  ScheduleQuiet(tx, kept, now);
  for (const AuditEvent& move : moves) MoveParts(tx, kept.id, move, now);
  QueueQuestions(tx, kept, &decision.pages, now);
  if (decision.pages.empty()) return;
  tx.RequireSync();
  QueuePages(tx, std::string(kept.id), decision.pages, now);
}

}  // namespace

void ApplyIncident(Transaction& tx, IncidentDecision decision, Nanos now) {
  const std::string id = decision.incident.id;
  const bool closed = BeforeIncident(tx, &decision, now);
  StoreIncident(tx, std::move(decision), now);
  if (closed) AfterIncident(tx, id, now);
}

void FeedIncident(Transaction& tx, uint64_t fingerprint, Nanos now) {
  AlertRecord& record = tx.alerts.Edit(fingerprint);
  record.waiting = false;
  const std::string key = IncidentGroupLabels(tx.plan().incidents(), record.labels()).ToString();
  const Incident* fed = FedBy(tx, key);
  if (FeedQuietly(tx, fed, &record, now)) return OnOutage(tx, record.labels(), now);
  const Alert alert = record.ToAlert();
  IncidentDecision decision = Feed(tx, key, fed, alert, now);
  record.FeedKnown(decision.incident.id);
  NoteUnknownNames(tx.plan(), alert, now, &decision);
  // An alert that is not suppressed joined one whose others all are: it goes on.
  if (decision.incident.escalation.held_at != 0) {
    decision.timers.push_back({TimerKind::kEscalate, now});
  }
  FollowAlert(tx, alert.labels, /*began=*/true, &decision, now);
  const std::string incident_id = decision.incident.id;
  ApplyIncident(tx, std::move(decision), now);
  OnOutage(tx, alert.labels, now);
  RecheckAttached(tx, incident_id, now);
}

void DrainIncident(Transaction& tx, uint64_t fingerprint, Nanos now) {
  const AlertRecord* record = tx.alerts.Find(fingerprint);
  if (record == nullptr) return;
  const std::string incident_id = record->incident_id;
  if (record->waiting || !incident_id.empty()) {
    AlertRecord& edited = tx.alerts.Edit(fingerprint);
    edited.waiting = false;
    edited.FeedKnown("");
    tx.CancelTimer(TimerKind::kSettle, FingerprintHex(fingerprint));
  }
  if (tx.incidents.Find(incident_id) == nullptr) return;
  Incident incident = tx.incidents.Take(incident_id);
  const Alert alert = tx.alerts.Find(fingerprint)->ToAlert();
  IncidentDecision decision = ResolveAlert(std::move(incident), alert, now);
  FollowAlert(tx, alert.labels, /*began=*/false, &decision, now);
  // What was suppressed is over: one that lives on by itself goes on.
  if (decision.incident.escalation.held_at != 0 && decision.incident.firing.empty()) {
    decision.timers.push_back({TimerKind::kEscalate, now});
  }
  ApplyIncident(tx, std::move(decision), now);
  RecheckDependants(tx, incident_id, now);
}

Status ActOnIncident(Transaction& tx, IncidentAction action, const HumanAction& human, Nanos now) {
  const Incident* incident = TRY(FindIncident(tx, human.incident_id));
  TRY(CheckActsForItself(*incident));
  const Incident* newest = tx.NewestIncident(incident->key);
  if (action == IncidentAction::kReopen && newest != nullptr && newest->Open() &&
      newest->id != incident->id) {
    return absl::FailedPreconditionError(
        fmt::format("incident {} of the same group is open", newest->id));
  }
  ApplyIncident(tx, TRY(Act(tx.plan().incidents(), *incident, action, ToActor(human), now)), now);
  tx.RequireSync();
  return absl::OkStatus();
}

Status NoteOnIncident(Transaction& tx, const HumanAction& human, Nanos now) {
  const Incident* incident = TRY(FindIncident(tx, human.incident_id));
  ApplyIncident(tx, TRY(AddIncidentNote(*incident, ToActor(human), now)), now);
  tx.RequireSync();
  return absl::OkStatus();
}

Status EscalateIncident(Transaction& tx, const HumanAction& human, bool force, Nanos now) {
  const Incident* incident = TRY(FindIncident(tx, human.incident_id));
  TRY(CheckActsForItself(*incident));
  TRY(CheckAwake(*incident));
  IncidentDecision decision = TRY(EscalateNow(*incident, force, ToActor(human), now));
  const std::string why = WhyHeld(tx, *incident, now);
  if (!why.empty() && !force) {
    return absl::FailedPreconditionError(
        fmt::format("incident {} is held and nobody would be told: {}; force tells the next tier",
                    incident->id, why));
  }
  for (PageRequest& page : decision.pages) page.forced = !why.empty();
  ApplyIncident(tx, std::move(decision), now);
  tx.RequireSync();
  return absl::OkStatus();
}

Status ReapplyPolicy(Transaction& tx, const HumanAction& human, const std::string& policy,
                     Nanos now) {
  const Incident* incident = TRY(FindIncident(tx, human.incident_id));
  TRY(CheckActsForItself(*incident));
  TRY(CheckAwake(*incident));
  const IncidentsConfig& config = tx.plan().incidents();
  const EscalationPolicy* chosen = config.policy_index->Find(policy);
  if (chosen == nullptr && !policy.empty()) {
    return NotFound(fmt::format("no escalation policy {}", policy));
  }
  bool by_name = chosen != nullptr;
  if (policy.empty()) {
    Alert alert;
    alert.labels = incident->labels;
    for (const uint64_t fingerprint : incident->firing) {
      const AlertRecord* record = tx.alerts.Find(fingerprint);
      if (record != nullptr) alert = record->ToAlert();
      break;
    }
    chosen = ChoosePolicy(config, incident->severity, alert, now);
    by_name = NamesPolicy(config, alert);
    if (chosen == nullptr) {
      return absl::FailedPreconditionError(
          fmt::format("no escalation policy fits incident {}", incident->id));
    }
  }
  ApplyIncident(tx, TRY(ApplyPolicy(*incident, chosen, by_name, ToActor(human), now)), now);
  tx.RequireSync();
  return absl::OkStatus();
}

void OnIncidentTimer(Transaction& tx, TimerKind kind, const std::string& id, Nanos due, Nanos now) {
  tx.CancelTimer(kind, id);
  const Incident* incident = tx.incidents.Find(id);
  if (incident == nullptr) return;
  if (kind != TimerKind::kEscalate) {
    ApplyIncident(tx, OnSlaTimer(*incident, kind, due, now), due);
    SetNextSlaTimer(tx, *tx.incidents.Find(id), kind, due);
    return;
  }
  const std::string why = WhyHeld(tx, *incident, due);
  ApplyIncident(tx,
                why.empty() ? OnEscalationTimer(*incident, due, now)
                            : HoldEscalation(*incident, incident->escalation.next_tier, why, due),
                due);
  // What held it then may be over, and its end past: nobody would look again.
  const bool over = !why.empty() && due < now && WhyHeld(tx, *tx.incidents.Find(id), now).empty();
  if (over) tx.SetTimer(kind, id, now);
}

}  // namespace outrider
