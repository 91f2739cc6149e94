// SPDX-License-Identifier: Apache-2.0
// Messages: pages queued as rows, and what their outcomes change (core.md rule 5). Claims stand in
// decide_claims.cc.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_contacts.h"
#include "notifiers/desk/decide_paging.h"
#include "notifiers/desk/decide_raised.h"
#include "notifiers/desk/history.h"

namespace outrider {
namespace {

// A recovery older than this helps nobody.
constexpr int64_t kRecoveryDeadline = 3600 * kNanosPerSecond;

std::string TargetOf(const OutboxRow& row) {
  return fmt::format("{}/{}", row.receiver, row.integration);
}

// An attempt or the end of a message, for the counters and for the history.
struct Ending {
  std::string_view outcome;  // of DeliveryView
  std::string detail;
  const FinishedAttempt* attempt = nullptr;  // nullptr: it ended without one
  Nanos next_try = 0;
};

void Note(Transaction& tx, const OutboxRow& row, const Ending& ending, Nanos now) {
  DeliveryView view;
  view.time = now;
  view.idempotency_key = row.id;
  view.kind = row.kind;
  view.receiver = row.receiver;
  view.integration = row.integration;
  view.reason = row.reason;
  view.outcome = ending.outcome;
  view.detail = ending.detail;
  view.attempt = row.attempt;
  view.next_try = ending.next_try;
  view.repeat = row.repeat;
  view.incident_id = row.incident_id;
  view.alerts = row.firing.size() + row.resolved.size();
  if (const GroupRecord* group = tx.groups.Find(row.group_id)) view.group_key = group->key;
  if (ending.attempt != nullptr && !ending.attempt->shadow) {
    view.attempted = true;
    view.took = ending.attempt->ended - ending.attempt->began;
    view.reason_code = ending.attempt->result.reason_code;
  }
  KeepAttempt(tx, row, view, ending.attempt);
  tx.effects.deliveries.push_back(std::move(view));
}

void AuditPage(Transaction& tx, const OutboxRow& row, AuditKind kind, const std::string& detail,
               Nanos now) {
  const Incident* incident = tx.incidents.Find(row.incident_id);
  if (incident == nullptr) return;
  AuditEvent event;
  event.subject = incident->id;
  event.kind = kind;
  event.time = now;
  event.channel = TargetOf(row);
  event.to = row.kind == OutboxKind::kRecovery ? "recovery"
             : row.tier == kAskTier            ? "question"
             : row.tier == kRaisedTier         ? "severity"
                                               : fmt::format("{}", row.tier + 1);
  event.text = detail.empty() ? TargetOf(row) : fmt::format("{}: {}", TargetOf(row), detail);
  tx.Audit(std::move(event));
  ++tx.incidents.Edit(incident->id).audit_events;
}

void LogDelivery(Transaction& tx, const OutboxRow& row, const FinishedAttempt* attempt, Nanos now) {
  if (tx.groups.Find(row.group_id) == nullptr) return;
  // A message that may have arrived before a crash counts from then, so that the crash moves no
  // repeat.
  const Nanos time = row.unknown ? row.sent_at : now;
  LogTold(tx, row.group_id, row.integration,
          {.exists = true, .time = time, .firing = row.firing, .resolved = row.resolved},
          attempt == nullptr ? std::string() : attempt->result.receiver_data);
  tx.groups.Edit(row.group_id).untold.erase(row.integration);
  tx.groups.Edit(row.group_id).diverted.erase(row.integration);
}

void RememberUntold(Transaction& tx, const OutboxRow& row) {
  if (row.attempt == 0 || tx.groups.Find(row.group_id) == nullptr) return;
  tx.groups.Edit(row.group_id).untold[row.integration] = {
      .key = row.id, .firing = row.firing, .resolved = row.resolved};
}

// Who got a page hears of the recovery; at once, if the incident was resolved while the page was on
// its way.
void PageArrived(Transaction& tx, const OutboxRow& row, Nanos now) {
  if (ToldKind(row) != OutboxKind::kPage || tx.incidents.Find(row.incident_id) == nullptr) return;
  NoteStepTold(tx, row);
  Incident& incident = tx.incidents.Edit(row.incident_id);
  const bool first = incident.paged.insert(TargetOf(row)).second;
  if (incident.Open() || !first) return;  // whoever was paged before has the recovery already
  QueuePage(tx, incident,
            {.receiver = row.receiver,
             .integration = row.integration,
             .recovery = true,
             .epoch = incident.epoch,
             .loop = 0,
             .tier = 0},
            now);
}

// A recovery that nobody heard of before the incident was opened again: its end is told later.
void OweRecovery(Transaction& tx, const OutboxRow& row) {
  const Incident* incident = tx.incidents.Find(row.incident_id);
  if (row.kind != OutboxKind::kRecovery || incident == nullptr || !incident->Open()) return;
  tx.incidents.Edit(row.incident_id).paged.insert(TargetOf(row));
}

// What ended while a message about it was under way, on a route that tells at once.
void HastenEnds(Transaction& tx, const std::string& group_id, Nanos now) {
  const GroupRecord* group = tx.groups.Find(group_id);
  const RouteConfig* route = group == nullptr ? nullptr : tx.plan().RouteOf(*group);
  if (route == nullptr || !route->at_once) return;
  const bool ended =
      std::any_of(group->members.begin(), group->members.end(), [&](uint64_t fingerprint) {
        const AlertRecord* record = tx.alerts.Find(fingerprint);
        return record != nullptr && !record->firing;
      });
  if (ended) HastenFlush(tx, group_id, now);
}

// A group waits for all messages of its flush.
void AfterRouteRow(Transaction& tx, const OutboxRow& row, Nanos now) {
  if (row.kind != OutboxKind::kRoute || tx.groups.Find(row.group_id) == nullptr) return;
  if (tx.groups.Find(row.group_id)->postponed) {
    tx.SetTimer(TimerKind::kGroupFlush, row.group_id, now);
  }
  if (!tx.RowsOfGroup(row.group_id).empty()) return;
  WakeTwins(tx, row.group_id, now);
  SettleGroup(tx, row.group_id, now);
  HastenEnds(tx, row.group_id, now);
}

std::string ReasonOf(const Incident& incident, const PageRequest& page) {
  if (page.recovery) return "incident resolved";
  if (page.tier == kAskTier) return "acknowledgement to confirm";
  if (page.tier == kRaisedTier) return "severity raised";
  return fmt::format("escalation {}", StepName(incident, page.tier));
}

}  // namespace

bool QueuePage(Transaction& tx, const Incident& incident, const PageRequest& page, Nanos now) {
  const Receiver* receiver = tx.plan().receivers().Find(page.receiver);
  if (receiver == nullptr) return false;
  bool queued = false;
  for (const Integration& integration : receiver->integrations) {
    OutboxRow row;
    row.integration = IntegrationName(integration);
    if (!page.integration.empty() && page.integration != row.integration) continue;
    queued = true;
    const bool told = page.tier == kRaisedTier && !page.recovery &&
                      IsUnderWay(tx, incident, page.receiver, row.integration);
    if (told) continue;
    row.kind = page.recovery ? OutboxKind::kRecovery : OutboxKind::kPage;
    row.receiver = page.receiver;
    row.id = PageKey(incident.id, {page.epoch, page.loop, page.tier, page.recovery, page.naming},
                     row.receiver, row.integration);
    row.reason = ReasonOf(incident, page);
    row.created_at = now;
    row.due = now;
    row.deadline = page.recovery ? now + kRecoveryDeadline : 0;
    row.incident_id = incident.id;
    row.epoch = page.epoch;
    row.loop = page.loop;
    row.tier = page.tier;
    row.forced = page.forced;
    tx.outbox.Put(row.id, row);
  }
  if (queued) tx.RequireSync();
  return queued;
}

OutboxKind ToldKind(const OutboxRow& row) {
  return row.kind == OutboxKind::kFallback ? row.stands_for : row.kind;
}

namespace {

// A fallback's alerts may be forgotten before it is sent: their group does not wait for it.
bool KnowsItsAlerts(const Transaction& tx, const OutboxRow& row) {
  const auto known = [&](uint64_t fingerprint) { return tx.alerts.Find(fingerprint) != nullptr; };
  return std::any_of(row.firing.begin(), row.firing.end(), known) ||
         std::any_of(row.resolved.begin(), row.resolved.end(), known);
}

}  // namespace

std::string StaleText(const OutboxRow& row) {
  if (ToldKind(row) == OutboxKind::kRoute) return "its alerts have ended and are forgotten";
  return ToldKind(row) == OutboxKind::kPage ? "acknowledged or resolved meanwhile"
                                            : "open again meanwhile";
}

bool IsCurrent(const Transaction& tx, const OutboxRow& row) {
  const OutboxKind kind = ToldKind(row);
  if (kind == OutboxKind::kRoute) {
    return row.kind != OutboxKind::kFallback || KnowsItsAlerts(tx, row);
  }
  if (kind == OutboxKind::kReport) return true;
  const Incident* incident = tx.incidents.Find(row.incident_id);
  if (incident == nullptr) return false;
  return kind == OutboxKind::kPage ? incident->epoch == row.epoch : !incident->Open();
}

namespace {

// A webhook made by API hears of an alert in the attempts of one message, and no more: its log says
// what became of it.
bool IsSettled(const Transaction& tx, const OutboxRow& row, OutboxOutcome outcome) {
  const Integration* integration =
      outcome == OutboxOutcome::kRejected
          ? tx.plan().receivers().FindIntegration(row.receiver, row.integration)
          : nullptr;
  return integration != nullptr && integration->from_api;
}

}  // namespace

void EndRow(Transaction& tx, const std::string& id, OutboxOutcome outcome,
            const std::string& detail, Nanos now) {
  EndAttemptedRow(tx, id, outcome, detail, nullptr, now);
}

void EndAttemptedRow(Transaction& tx, const std::string& id, OutboxOutcome outcome,
                     const std::string& detail, const FinishedAttempt* attempt, Nanos now) {
  const OutboxRow* found = tx.outbox.Find(id);
  if (found == nullptr) return;
  const OutboxRow row = *found;
  Note(tx, row, {OutboxOutcomeText(outcome), detail, attempt, 0}, now);
  tx.outbox.Erase(id);
  // Unknown counts as told: it may have been, twice.
  const bool told = outcome == OutboxOutcome::kDelivered || outcome == OutboxOutcome::kUnknown ||
                    outcome == OutboxOutcome::kShadow;
  const bool settled = told || IsSettled(tx, row, outcome);
  if (!settled && row.kind == OutboxKind::kRoute) RememberUntold(tx, row);
  SettleBundle(tx, row, outcome, now);
  if (outcome == OutboxOutcome::kSuperseded) return;
  if (outcome == OutboxOutcome::kRejected) DivertRejected(tx, row, detail, now);
  if (row.kind == OutboxKind::kRoute) {
    if (settled) {
      LogDelivery(tx, row, attempt, now);
    } else if (tx.groups.Find(row.group_id) != nullptr) {
      tx.groups.Edit(row.group_id).failed = true;
    }
    AfterRouteRow(tx, row, now);
    return;
  }
  if (told) PageArrived(tx, row, now);
  if (outcome == OutboxOutcome::kStale) {
    OweRecovery(tx, row);
    return;
  }
  AuditPage(tx, row, told ? AuditKind::kPageDelivered : AuditKind::kPageFailed, detail, now);
  // A page waits for as long as it takes; who stands in for its receiver does not.
  if (outcome == OutboxOutcome::kRejected || outcome == OutboxOutcome::kGone ||
      outcome == OutboxOutcome::kExpired) {
    OnPageLost(tx, row, now);
  }
}

void OnSendResult(Transaction& tx, const FinishedAttempt& attempt, double unit, Nanos now) {
  const std::string& id = attempt.row_id;
  const SendResult& result = attempt.result;
  const OutboxRow* row = tx.outbox.Find(id);
  if (row == nullptr) return;  // its group went meanwhile
  if (attempt.shadow) {
    return EndAttemptedRow(tx, id, OutboxOutcome::kShadow, "not sent: shadow", &attempt, now);
  }
  switch (result.outcome) {
    case SendResult::Outcome::kDelivered:
      return EndAttemptedRow(tx, id, OutboxOutcome::kDelivered, result.reason, &attempt, now);
    case SendResult::Outcome::kRejected:
      return EndAttemptedRow(tx, id, OutboxOutcome::kRejected, result.reason, &attempt, now);
    case SendResult::Outcome::kRetry:
      break;
  }
  const Nanos told = now + result.retry_after_ms * kNanosPerMilli;
  const Nanos due = std::max(told, now + BackoffMs(row->kind, row->attempt, unit) * kNanosPerMilli);
  if (result.retry_after_ms > 0 && tx.groups.Find(row->group_id) != nullptr) {
    tx.groups.Edit(row->group_id).not_before[row->integration] = told;
  }
  if (!row->diverted && attempt.failing_since != 0) {
    Divert(tx, id, std::min(attempt.failing_since, row->sent_at), now);
    row = tx.outbox.Find(id);
  }
  // A row whose turn comes too late ends here, unless it is what the fallback is to be told.
  const bool stands_in = !row->diverted && DivertedAt(tx, *row, now) != 0;
  if (row->deadline != 0 && due > row->deadline && !stands_in) {
    return EndAttemptedRow(tx, id, OutboxOutcome::kExpired, result.reason, &attempt, now);
  }
  Note(tx, *row, {"retry", result.reason, &attempt, due}, now);
  OutboxRow& edited = tx.outbox.Edit(id);
  edited.state = OutboxState::kDue;
  edited.due = due;
  edited.lease_until = 0;
  edited.last_error = result.reason;
  // A flush that waited for this attempt takes the row's place.
  if (edited.kind == OutboxKind::kRoute && !edited.unknown &&
      tx.groups.Find(edited.group_id) != nullptr && tx.groups.Find(edited.group_id)->postponed) {
    tx.SetTimer(TimerKind::kGroupFlush, edited.group_id, now);
  }
}

}  // namespace outrider
