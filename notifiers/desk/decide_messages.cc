// SPDX-License-Identifier: Apache-2.0
// Messages: queued as rows, claimed, and what their outcomes change (core.md rule 5).
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
// Longer than any channel's timeout; only shown, since one process owns its rows.
constexpr int64_t kLease = 120 * kNanosPerSecond;

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

}  // namespace

namespace {

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

// Of one claim: rows that are ended or put aside on the way, so that no claim takes long.
constexpr int kMostPassed = 1000;
constexpr size_t kMostCompared = 1000;

// What stands in the way of sending a row; it is ended or put aside. False: it may be sent.
bool PassOver(Transaction& tx, const OutboxRow& row, Nanos now, bool ignore_epoch) {
  const std::string id = row.id;
  if (!ignore_epoch && !IsCurrent(tx, row)) {
    EndRow(tx, id, OutboxOutcome::kStale, StaleText(row), now);
  } else if (tx.plan().receivers().FindIntegration(row.receiver, row.integration) == nullptr) {
    EndRow(tx, id, OutboxOutcome::kGone, "its receiver is no longer configured", now);
  } else if (row.deadline != 0 && now > row.deadline) {
    EndRow(tx, id, OutboxOutcome::kExpired, row.last_error, now);
  } else {
    if (row.kind == OutboxKind::kRecovery) return PutOffRecovery(tx, id, now);
    return row.kind == OutboxKind::kPage && (HoldPage(tx, id, now) || PutOffPage(tx, id, now));
  }
  return true;
}

const OutboxRow& TakeRow(Transaction& tx, const std::string& id, Nanos now) {
  if (tx.outbox.Find(id)->attempt == 0) CountPage(tx, *tx.outbox.Find(id), now);
  OutboxRow& claimed = tx.outbox.Edit(id);
  claimed.state = OutboxState::kSending;
  claimed.lease_until = now + kLease;
  if (claimed.sent_at == 0) claimed.sent_at = now;
  ++claimed.attempt;
  tx.RequireSync();
  return claimed;
}

// One claim in the making.
struct Claiming {
  Nanos now;
  size_t most;
  bool ignore_epoch;
  int passed = 0;
  ClaimedRows answer;
  bool Full() const { return answer.rows.size() >= most || passed >= kMostPassed; }
  void AskAgain(Nanos when) {
    if (answer.next == 0 || when < answer.next) answer.next = when;
  }
};

// Takes up to `room` rows of those waiting.
void ClaimWaiting(Transaction& tx, const OutboxQueues::Waiting& waiting, int64_t room,
                  Claiming* claim) {
  for (const auto& [due, id] : waiting) {
    if (due > claim->now) {
      claim->AskAgain(due);
      return;
    }
    if (room == 0) return;  // an attempt that ends makes room, and asks
    if (claim->Full()) return claim->AskAgain(claim->now);
    const OutboxRow* row = tx.outbox.Find(id);
    if (row == nullptr || row->state != OutboxState::kDue || row->due > claim->now) continue;
    if (PassOver(tx, *row, claim->now, claim->ignore_epoch)) {
      ++claim->passed;
      // It may only have been put off.
      if (const OutboxRow* left = tx.outbox.Find(id)) claim->AskAgain(left->due);
      continue;
    }
    claim->answer.rows.push_back(TakeRow(tx, id, claim->now));
    --room;
  }
}

// Whether it, or what it takes the place of, failed before.
bool WasTried(const Transaction& tx, const OutboxRow& row) {
  if (row.attempt > 0) return true;
  const GroupRecord* group = tx.groups.Find(row.group_id);
  return group != nullptr && group->untold.contains(row.integration);
}

// The row with which a failing lane is tried: one that did not fail yet, else each in its turn. The
// same again and again would keep all others waiting for one that is at fault itself.
const OutboxRow* RowToTry(Transaction& tx, const OutboxQueues::Waiting& waiting, Nanos now) {
  std::vector<const OutboxRow*> tried;
  for (const auto& [due, id] : waiting) {
    if (due > now || tried.size() == kMostCompared) break;
    const OutboxRow* row = tx.outbox.Find(id);
    if (row == nullptr || row->state != OutboxState::kDue || row->due > now) continue;
    if (!WasTried(tx, *row)) return row;
    tried.push_back(row);
  }
  if (tried.empty()) return nullptr;
  return tried[static_cast<size_t>(now / kNanosPerSecond) % tried.size()];
}

// As ClaimWaiting; a lane that is being tried has its row for it.
void ClaimFrom(Transaction& tx, const OutboxQueues::Waiting& waiting, int64_t room, bool probe,
               Claiming* claim) {
  const size_t before = claim->answer.rows.size();
  if (probe && room > 0) {
    if (const OutboxRow* first = RowToTry(tx, waiting, claim->now)) {
      ClaimWaiting(tx, {{first->due, first->id}}, 1, claim);
    }
  }
  room -= static_cast<int64_t>(claim->answer.rows.size() - before);
  ClaimWaiting(tx, waiting, room, claim);
}

// Not because its receiver said when to come again, but since it should not be sent before.
bool IsPutOff(const OutboxRow& row, Nanos now) {
  return row.due > now && row.attempt == 0 && row.kind != OutboxKind::kRoute;
}

bool IsHeld(Transaction& tx, const OutboxRow& row, Nanos now) {
  if (row.due <= now) return HoldPage(tx, row.id, now);
  const Incident* incident = tx.incidents.Find(row.incident_id);
  return incident != nullptr && incident->escalation.held_at != 0;
}

// Queues one of them for the fallback receiver. False: nothing behind it is due for that yet.
bool DivertOne(Transaction& tx, const std::string& id, Nanos failing_since, Claiming* claim) {
  const OutboxRow* row = tx.outbox.Find(id);
  if (row == nullptr || row->state != OutboxState::kDue || row->diverted) return true;
  if (!IsCurrent(tx, *row) || IsPutOff(*row, claim->now)) return true;
  const Nanos when = DivertedAt(tx, *row, failing_since);
  if (when > claim->now) claim->AskAgain(when);
  if (when == 0 || when > claim->now) return false;
  if (row->kind == OutboxKind::kPage && IsHeld(tx, *row, claim->now)) return true;
  if (!Divert(tx, id, failing_since, claim->now)) return false;
  ++claim->passed;
  claim->AskAgain(claim->now);  // for what was queued just now
  return true;
}

// The rows of a lane that has failed for long go to the fallback receiver as well, also those that
// wait for the time that the far side gave (Retry-After): it may be an hour.
void DivertWaiting(Transaction& tx, const OutboxQueues::Queue& queue, const LaneRoom& room,
                   Claiming* claim) {
  if (room.failing_since == 0) return;
  for (const OutboxQueues::Waiting* waiting : {&queue.urgent, &queue.others}) {
    for (const auto& [due, id] : *waiting) {
      if (claim->Full() || !DivertOne(tx, id, room.failing_since, claim)) break;
    }
  }
}

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

ClaimedRows ClaimRows(Transaction& tx, Nanos now, size_t most, const OutboxSource::RoomOf& room_of,
                      bool ignore_epoch) {
  Claiming claim{.now = now, .most = most, .ignore_epoch = ignore_epoch, .passed = 0, .answer = {}};
  const OutboxQueues& queues = tx.state().outbox_queues;
  const bool stand_in = tx.plan().config().delivery.AnyFallback();
  for (const auto& [first, lane] : queues.lanes()) {
    if (first > now) {
      claim.AskAgain(first);
      // Lanes further on are due later still.
      if (!stand_in) break;
      DivertWaiting(tx, queues.Of(lane), room_of(lane), &claim);
      continue;
    }
    if (claim.Full()) {
      claim.AskAgain(now);
      break;
    }
    const OutboxQueues::Queue& queue = queues.Of(lane);
    const LaneRoom room = room_of(lane);
    DivertWaiting(tx, queue, room, &claim);
    ClaimFrom(tx, queue.urgent, room.urgent, room.probe, &claim);
    const size_t before = claim.answer.rows.size();
    ClaimFrom(tx, queue.others, room.others, room.probe, &claim);
    const auto taken = static_cast<int64_t>(claim.answer.rows.size() - before);
    ClaimFrom(tx, queue.diverted, room.others - taken, room.probe, &claim);
    if (room.again > now) claim.AskAgain(room.again);
  }
  return std::move(claim.answer);
}

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

void SettleUnknownRows(Transaction& tx, Nanos now) {
  for (const auto& [id, row] : tx.state().outbox) {
    if (row->state != OutboxState::kSending || tx.outbox.Find(id) == nullptr) continue;
    const Integration* integration =
        tx.plan().receivers().FindIntegration(row->receiver, row->integration);
    const bool idempotent = integration != nullptr && integration->channel->Idempotent();
    if (!idempotent && row->repeat) {
      EndRow(tx, id, OutboxOutcome::kUnknown, "two crashes in mid-sending", now);
      continue;
    }
    OutboxRow& edited = tx.outbox.Edit(id);
    edited.state = OutboxState::kDue;
    edited.due = now;
    edited.lease_until = 0;
    edited.repeat = edited.repeat || !idempotent;
    edited.unknown = true;
    edited.last_error = "unknown: the process ended in mid-sending";
    // It may be told again although its deadline is near: unknown is worse than late.
    if (edited.deadline != 0) edited.deadline = std::max(edited.deadline, now + kLease);
  }
}

}  // namespace outrider
