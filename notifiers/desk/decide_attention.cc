// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_attention.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide_paging.h"
#include "notifiers/desk/decide_raised.h"
#include "notifiers/desk/decide_verification.h"
#include "notifiers/desk/targets.h"
#include "notifiers/incident/attention.h"
#include "notifiers/incident/overlays.h"

namespace outrider {
namespace {

IncidentDecision Decide(const IncidentsConfig& config, const Incident& incident, TimerKind kind,
                        Nanos due, Nanos now) {
  switch (kind) {
    case TimerKind::kAckReminder:
      // A question that is late is asked late: whoever is asked has the whole time to answer.
      return OnAckReminder(config, incident, now);
    case TimerKind::kAckTimeout:
      return OnAckTimeout(config, incident, due);
    case TimerKind::kSnoozeEnd: {
      const Actor clock{.who = "", .channel = "", .note = "the snooze is over"};
      StatusOr<IncidentDecision> woken = WakeIncident(incident, clock, due);
      if (woken.ok()) return *std::move(woken);
      break;
    }
    default:
      return OnQuiet(config, incident, due);
  }
  return {.incident = incident, .events = {}, .timers = {}, .pages = {}};
}

void AskThosePaged(Transaction& tx, const Incident& incident, PageRequest page, Nanos now,
                   bool* asked) {
  for (const std::string& target : incident.paged) {
    const size_t slash = target.rfind('/');
    page.receiver = target.substr(0, slash);
    page.integration = target.substr(slash + 1);
    *asked = QueuePage(tx, incident, page, now) || *asked;
  }
}

void Ask(Transaction& tx, const Incident& incident, const PageRequest& page, Nanos now) {
  bool asked = false;
  const Told told = ResolveTarget(tx.plan(), page.receiver, now, [&tx](const Receiver& receiver) {
    return CanReach(tx, receiver);
  });
  for (const std::string& receiver : told.receivers) {
    PageRequest each = page;
    each.receiver = receiver;
    for (const Integration& integration : tx.plan().receivers().Find(receiver)->integrations) {
      each.integration = IntegrationName(integration);
      // Who answers acts as the user: only where it is known to be them.
      if (!IsUsable(tx, receiver, each.integration)) continue;
      asked = QueuePage(tx, incident, each, now) || asked;
    }
  }
  if (!asked) AskThosePaged(tx, incident, page, now, &asked);
  if (asked) return;
  AuditEvent event;
  event.subject = incident.id;
  event.kind = AuditKind::kEscalationSkipped;
  event.time = now;
  event.text =
      fmt::format("nobody can be {}: {}, and nobody was paged",
                  page.tier == kAskTier ? "asked" : "told that the severity rose", told.remark);
  tx.Audit(std::move(event));
  ++tx.incidents.Edit(incident.id).audit_events;
}

}  // namespace

void OnAttentionTimer(Transaction& tx, TimerKind kind, const std::string& id, Nanos due,
                      Nanos now) {
  tx.CancelTimer(kind, id);
  const Incident* incident = tx.incidents.Find(id);
  if (incident == nullptr) return;
  IncidentDecision decision = Decide(tx.plan().incidents(), *incident, kind, due, now);
  if (decision.events.empty() && decision.timers.empty()) {
    ScheduleQuiet(tx, *incident, due);
    return;
  }
  ApplyIncident(tx, std::move(decision), kind == TimerKind::kAckReminder ? now : due);
}

void ScheduleQuiet(Transaction& tx, const Incident& incident, Nanos now) {
  const Nanos at = QuietAt(tx.plan().incidents(), incident);
  const Nanos set = tx.TimerDue(TimerKind::kAutoResolve, incident.id);
  if (at == 0 && set != 0) tx.CancelTimer(TimerKind::kAutoResolve, incident.id);
  if (at == 0) return;
  const Nanos next = std::max(at, now);
  if (set == 0 || set > next) tx.SetTimer(TimerKind::kAutoResolve, incident.id, next);
}

void ScheduleQuietOfAll(Transaction& tx, Nanos now) {
  for (const auto& [id, known] : tx.state().incidents) {
    const Incident* incident = tx.incidents.Find(id);
    if (incident != nullptr) ScheduleQuiet(tx, *incident, now);
  }
}

void QueueQuestions(Transaction& tx, const Incident& incident, std::vector<PageRequest>* pages,
                    Nanos now) {
  const auto is_step = [](const PageRequest& page) { return page.recovery || page.tier >= 0; };
  for (const PageRequest& page : *pages) {
    if (is_step(page)) continue;
    if (page.receiver.empty()) {
      TellThoseTold(tx, incident, page, now);
    } else {
      Ask(tx, incident, page, now);
    }
  }
  std::erase_if(*pages, [&](const PageRequest& page) { return !is_step(page); });
}

}  // namespace outrider
