// SPDX-License-Identifier: Apache-2.0
// Claims: which of the waiting rows are sent now, lane by lane, and what becomes of those whose
// process ended while it sent them (core.md rule 5).
#include <algorithm>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_contacts.h"
#include "notifiers/desk/decide_paging.h"

namespace outrider {
namespace {

// Longer than any channel's timeout; only shown, since one process owns its rows.
constexpr int64_t kLease = 120 * kNanosPerSecond;
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
