// SPDX-License-Identifier: Apache-2.0
// Silences: kept by Alertmanager's rules (specs/alertmanager.md §2 "Silences"). Their edges are
// timers: when one ends, alerts that waited behind it may open incidents.
#include <fmt/format.h>

#include "notifiers/desk/decide.h"

namespace outrider {
namespace {

constexpr int64_t kRetention = 120LL * 3600 * kNanosPerSecond;  // kept that long after their end

void AuditSilence(Transaction& tx, const Silence& silence, AuditKind kind,
                  const std::string& channel, Nanos now) {
  AuditEvent event;
  event.subject = "silence:" + silence.id;
  event.kind = kind;
  event.time = now;
  event.who = silence.created_by;
  event.channel = channel;
  event.text = silence.comment;
  tx.Audit(std::move(event));
}

// Stores the silence and sets the timer of its next edge.
void Keep(Transaction& tx, const Silence& silence, Nanos now) {
  tx.PutSilence(silence);
  Nanos edge = silence.ends_at + kRetention;
  if (now < silence.ends_at) edge = silence.ends_at;
  if (now < silence.starts_at) edge = silence.starts_at;
  tx.SetTimer(TimerKind::kSilenceEdge, silence.id, edge);
}

void Expire(Transaction& tx, Silence silence, const std::string& channel, Nanos now) {
  if (silence.StateAt(now) == SilenceState::kPending) silence.starts_at = now;
  silence.ends_at = now;
  silence.updated_at = now;
  Keep(tx, silence, now);
  AuditSilence(tx, silence, AuditKind::kSilenceExpired, channel, now);
}

}  // namespace

StatusOr<std::string> PutSilence(Transaction& tx, Silence silence, const std::string& new_id,
                                 const std::string& channel, Nanos now) {
  silence.updated_at = now;
  const auto current = tx.silences().find(silence.id);
  if (!silence.id.empty() && current == tx.silences().end()) {
    return NotFound(fmt::format("silence {} not found", silence.id));
  }
  const bool in_place =
      current != tx.silences().end() && CanUpdateInPlace(current->second, silence, now);
  if (!in_place) {
    if (silence.starts_at < now) silence.starts_at = now;
    TRY(ValidateSilence(silence));
    if (current != tx.silences().end() && current->second.StateAt(now) != SilenceState::kExpired) {
      Expire(tx, Silence(current->second), channel, now);
    }
    silence.id = new_id;
  } else {
    TRY(ValidateSilence(silence));
  }
  Keep(tx, silence, now);
  AuditSilence(tx, silence, AuditKind::kSilenceSet, channel, now);
  RecheckWaiting(tx, now);
  tx.RequireSync();
  return silence.id;
}

Status ExpireSilence(Transaction& tx, const std::string& id, const std::string& channel,
                     Nanos now) {
  const auto it = tx.silences().find(id);
  if (it == tx.silences().end()) return NotFound(fmt::format("silence {} not found", id));
  if (it->second.StateAt(now) == SilenceState::kExpired) {
    return absl::FailedPreconditionError(fmt::format("silence {} already expired", id));
  }
  Expire(tx, Silence(it->second), channel, now);
  RecheckWaiting(tx, now);
  tx.RequireSync();
  return absl::OkStatus();
}

void OnSilenceEdge(Transaction& tx, const std::string& id, Nanos due) {
  tx.CancelTimer(TimerKind::kSilenceEdge, id);
  const auto it = tx.silences().find(id);
  if (it == tx.silences().end()) return;
  const Silence silence = it->second;
  if (silence.StateAt(due) == SilenceState::kExpired && silence.ends_at + kRetention <= due) {
    tx.EraseSilence(id);
    return;
  }
  const bool ended = silence.StateAt(due) == SilenceState::kExpired;
  tx.SetTimer(TimerKind::kSilenceEdge, id, ended ? silence.ends_at + kRetention : silence.ends_at);
  if (ended) RecheckWaiting(tx, due);
}

}  // namespace outrider
