// SPDX-License-Identifier: Apache-2.0
// What a receiver does not take goes to the one that stands in for it: after it has failed for
// long, or at once when it has refused the message for good. The message stays queued at its own
// receiver.
#include <fmt/format.h>

#include "notifiers/desk/decide.h"
#include "notifiers/outbox/lane.h"

namespace outrider {
namespace {

// What came that late by another way helps nobody.
constexpr int64_t kFallbackDeadline = 3600 * kNanosPerSecond;

// nullptr: nobody stands in.
const Receiver* FallbackOf(const Transaction& tx, const OutboxRow& row) {
  // Reports can wait, and a fallback has none of its own: two dead receivers would play ball.
  if (row.kind == OutboxKind::kFallback || row.kind == OutboxKind::kReport) return nullptr;
  const LanePolicy& policy = tx.plan().config().delivery.Of(row.receiver);
  if (policy.fallback_receiver.empty() || policy.fallback_receiver == row.receiver) return nullptr;
  return tx.plan().receivers().Find(policy.fallback_receiver);
}

// Flushes of a group say the same again as long as their own receiver does not take it; the
// fallback hears of it once.
bool KnowsAlready(Transaction& tx, const OutboxRow& row) {
  if (tx.groups.Find(row.group_id) == nullptr) return false;
  UntoldMessage& told = tx.groups.Edit(row.group_id).diverted[row.integration];
  if (!told.key.empty() && told.firing == row.firing && told.resolved == row.resolved) return true;
  told = {.key = row.id, .firing = row.firing, .resolved = row.resolved};
  return false;
}

// A message that had no attempt of its own waits because of those before it.
std::string LastError(const Transaction& tx, const OutboxRow& row) {
  if (!row.last_error.empty()) return row.last_error;
  const auto& errors = tx.state().lane_errors;
  const auto known = errors.find(LaneName(row.receiver, row.integration));
  return known == errors.end() ? "see its other messages" : known->second.detail;
}

void QueueFallback(Transaction& tx, const OutboxRow& row, const Receiver& fallback,
                   const std::string& why, Nanos now) {
  if (KnowsAlready(tx, row)) return;
  const GroupRecord* group = tx.groups.Find(row.group_id);
  for (const Integration& integration : fallback.integrations) {
    OutboxRow stand_in;
    stand_in.kind = OutboxKind::kFallback;
    stand_in.stands_for = row.kind;
    stand_in.receiver = fallback.name;
    stand_in.integration = IntegrationName(integration);
    stand_in.id = FallbackKey(row.id, stand_in.receiver, stand_in.integration);
    if (tx.outbox.Find(stand_in.id) != nullptr) continue;
    stand_in.reason = row.reason;
    stand_in.created_at = row.created_at;
    stand_in.due = now;
    stand_in.deadline = now + kFallbackDeadline;
    stand_in.firing = row.firing;
    stand_in.resolved = row.resolved;
    stand_in.incident_id = row.incident_id;
    stand_in.epoch = row.epoch;
    stand_in.loop = row.loop;
    stand_in.tier = row.tier;
    stand_in.text = why;
    if (group != nullptr) {
      stand_in.title = group->key;
      stand_in.labels = group->labels.ToMap();
    }
    tx.outbox.Put(stand_in.id, stand_in);
  }
  tx.RequireSync();
}

}  // namespace

Nanos DivertedAt(const Transaction& tx, const OutboxRow& row, Nanos failing_since) {
  if (FallbackOf(tx, row) == nullptr) return 0;
  return failing_since +
         tx.plan().config().delivery.Of(row.receiver).fallback_after * kNanosPerMilli;
}

bool Divert(Transaction& tx, const std::string& row_id, Nanos failing_since, Nanos now) {
  const OutboxRow row = *tx.outbox.Find(row_id);
  const Receiver* fallback = FallbackOf(tx, row);
  if (fallback == nullptr) return false;
  if (now < DivertedAt(tx, row, failing_since)) return false;
  QueueFallback(tx, row, *fallback,
                fmt::format("in place of receiver {} ({}), which cannot be reached: {}",
                            row.receiver, row.integration, LastError(tx, row)),
                now);
  tx.outbox.Edit(row_id).diverted = true;
  return true;
}

void DivertRejected(Transaction& tx, const OutboxRow& row, const std::string& detail, Nanos now) {
  const Receiver* fallback = row.diverted ? nullptr : FallbackOf(tx, row);
  if (fallback == nullptr) return;
  QueueFallback(tx, row, *fallback,
                fmt::format("in place of receiver {} ({}), which refused it: {}", row.receiver,
                            row.integration, detail),
                now);
}

}  // namespace outrider
