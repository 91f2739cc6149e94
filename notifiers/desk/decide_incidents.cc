// SPDX-License-Identifier: Apache-2.0
// Between alerts and incidents: who feeds which, and what the incident room decided put into rows.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_sla.h"
#include "notifiers/desk/targets.h"
#include "notifiers/incident/sla_pause.h"

namespace outrider {
namespace {

std::string FreeIncidentId(const Transaction& tx, const std::string& key, Nanos now) {
  for (int salt = 0;; ++salt) {
    std::string id = MakeIncidentId(key, now, salt);
    if (tx.incidents.Find(id) == nullptr) return id;
  }
}

IncidentDecision Feed(Transaction& tx, const Alert& alert, Nanos now) {
  const IncidentsConfig& config = tx.plan().incidents();
  const std::string key = IncidentGroupLabels(config, alert.labels).ToString();
  const Incident* newest = tx.NewestIncident(key);
  if (newest != nullptr && newest->Open()) {
    return AddAlert(config, std::move(tx.incidents.Edit(newest->id)), alert, now);
  }
  if (newest != nullptr && !config.strict_legacy && WithinReopenWindow(config, *newest, now)) {
    return ReopenByAlert(config, *newest, alert, now);
  }
  return OpenIncident(config, FreeIncidentId(tx, key, now), alert, newest, now);
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
  const std::vector<EscalationPolicy>& policies = plan.incidents().escalation_policies;
  if (policy != alert.annotations.end() &&
      std::none_of(policies.begin(), policies.end(),
                   [&](const EscalationPolicy& known) { return known.name == policy->second; })) {
    note(fmt::format("escalation policy {} does not exist, chosen by severity", policy->second));
  }
}

void NotePageGap(Transaction& tx, const Incident& incident, const PageRequest& page,
                 const std::string& remark, Nanos now) {
  AuditEvent event;
  event.subject = incident.id;
  event.kind = AuditKind::kEscalationSkipped;
  event.time = now;
  event.text = fmt::format("tier {}: {}", page.tier + 1, remark);
  tx.Audit(std::move(event));
}

// Whether anybody was found.
bool QueueTarget(Transaction& tx, const Incident& incident, const PageRequest& page, Nanos now) {
  const Told told = ResolveTarget(tx.plan(), page.receiver, now);
  PageRequest each = page;
  bool queued = false;
  for (const std::string& receiver : told.receivers) {
    each.receiver = receiver;
    queued = QueuePage(tx, incident, each, now) || queued;
  }
  ++tx.effects
        .escalations[{incident.escalation.policy, page.tier + 1, queued ? "paged" : "skipped"}];
  if (!told.remark.empty()) NotePageGap(tx, incident, page, told.remark, now);
  return queued;
}

// Pages of one decision. Returns whether its last step found anybody; one that did not must not
// cost the wait for the next.
bool QueuePages(Transaction& tx, const Incident& incident, const std::vector<PageRequest>& pages,
                Nanos now) {
  bool found = true;
  std::pair<int, int> step{-1, -1};
  for (const PageRequest& page : pages) {
    if (page.recovery) {
      QueuePage(tx, incident, page, now);
      continue;
    }
    if (std::exchange(step, std::pair(page.loop, page.tier)) != step) found = false;
    found = QueueTarget(tx, incident, page, now) || found;
  }
  return found;
}

const Incident* FindIncident(const Transaction& tx, const std::string& id, Status* error) {
  const Incident* incident = tx.incidents.Find(id);
  if (incident == nullptr) *error = NotFound(fmt::format("no incident {}", id));
  return incident;
}

Actor ToActor(const HumanAction& human) {
  return {.who = human.who.empty() ? "anonymous" : human.who,
          .channel = human.channel,
          .note = human.note};
}

}  // namespace

void ApplyIncident(Transaction& tx, IncidentDecision decision, Nanos now) {
  FollowSnooze(tx.plan().incidents(), now, &decision);
  for (const TimerChange& timer : decision.timers) {
    tx.SetTimer(timer.kind, decision.incident.id, timer.due);
  }
  decision.incident.audit_events += decision.events.size();
  TellSla(tx, decision.incident, decision.events, now);
  for (AuditEvent& event : decision.events) tx.Audit(std::move(event));
  const Incident* before = tx.incidents.Before(decision.incident.id);
  // When an incident opened or ended must not depend on when a power cut was.
  if (before == nullptr || before->state != decision.incident.state) {
    tx.RequireSync();
    ScheduleForgetting(tx, decision.incident);
  }
  const bool released = before != nullptr && before->escalation.held_at != 0 &&
                        decision.incident.escalation.held_at == 0;
  const Incident& kept = tx.PutIncident(std::move(decision.incident));
  if (released) ReleasePages(tx, kept.id, now);
  if (decision.pages.empty()) return;
  tx.RequireSync();
  if (QueuePages(tx, kept, decision.pages, now)) return;
  ApplyIncident(tx, PassTier(*tx.incidents.Find(kept.id), now), now);
}

void FeedIncident(Transaction& tx, uint64_t fingerprint, Nanos now) {
  AlertRecord& record = tx.alerts.Edit(fingerprint);
  record.waiting = false;
  const Alert alert = record.ToAlert();
  IncidentDecision decision = Feed(tx, alert, now);
  record.incident_id = decision.incident.id;
  NoteUnknownNames(tx.plan(), alert, now, &decision);
  // An alert that is not suppressed joined one whose others all are: it goes on.
  if (decision.incident.escalation.held_at != 0) {
    decision.timers.push_back({TimerKind::kEscalate, now});
  }
  ApplyIncident(tx, std::move(decision), now);
}

void DrainIncident(Transaction& tx, uint64_t fingerprint, Nanos now) {
  const AlertRecord* record = tx.alerts.Find(fingerprint);
  if (record == nullptr) return;
  const std::string incident_id = record->incident_id;
  if (record->waiting || !incident_id.empty()) {
    AlertRecord& edited = tx.alerts.Edit(fingerprint);
    edited.waiting = false;
    edited.incident_id.clear();
    tx.CancelTimer(TimerKind::kSettle, FingerprintHex(fingerprint));
  }
  if (tx.incidents.Find(incident_id) == nullptr) return;
  Incident incident = std::move(tx.incidents.Edit(incident_id));
  ApplyIncident(tx, ResolveAlert(std::move(incident), tx.alerts.Find(fingerprint)->ToAlert(), now),
                now);
}

Status ActOnIncident(Transaction& tx, IncidentAction action, const HumanAction& human, Nanos now) {
  Status error;
  const Incident* incident = FindIncident(tx, human.incident_id, &error);
  if (incident == nullptr) return error;
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
  Status error;
  const Incident* incident = FindIncident(tx, human.incident_id, &error);
  if (incident == nullptr) return error;
  ApplyIncident(tx, TRY(AddIncidentNote(*incident, ToActor(human), now)), now);
  tx.RequireSync();
  return absl::OkStatus();
}

void OnIncidentTimer(Transaction& tx, TimerKind kind, const std::string& id, Nanos due, Nanos now) {
  tx.CancelTimer(kind, id);
  const Incident* incident = tx.incidents.Find(id);
  if (incident == nullptr) return;
  if (kind != TimerKind::kEscalate) {
    ApplyIncident(tx, OnSlaTimer(*incident, kind, due), due);
    return;
  }
  const std::string why = WhyHeld(tx, *incident, due);
  ApplyIncident(tx,
                why.empty() ? OnEscalationTimer(*incident, due, now)
                            : HoldEscalation(*incident, incident->escalation.next_tier, why, due),
                due);
}

}  // namespace outrider
