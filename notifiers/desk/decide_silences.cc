// SPDX-License-Identifier: Apache-2.0
// Silences: kept by Alertmanager's rules (specs/alertmanager.md §2 "Silences"). Their edges are
// timers: when one ends, alerts that waited behind it may open incidents.
#include <fmt/format.h>

#include <algorithm>

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

// When it is dropped; ends of the far future must not overflow.
Nanos ForgetAt(const Silence& silence) {
  return std::min(silence.ends_at, INT64_MAX - kRetention) + kRetention;
}

// Stores the silence and sets the timer of its next edge.
void Keep(Transaction& tx, const Silence& silence, AuditKind kind, const std::string& channel,
          Nanos now) {
  tx.PutSilence(silence);
  Nanos edge = ForgetAt(silence);
  if (now < silence.ends_at) edge = silence.ends_at;
  if (now < silence.starts_at) edge = silence.starts_at;
  tx.SetTimer(TimerKind::kSilenceEdge, silence.id, edge);
  AuditSilence(tx, silence, kind, channel, now);
}

}  // namespace

StatusOr<std::string> PutSilence(Transaction& tx, Silence silence, const std::string& new_id,
                                 const std::string& channel, Nanos now) {
  const auto found = tx.silences().find(silence.id);
  const Silence* current = found == tx.silences().end() ? nullptr : &found->second;
  if (!silence.id.empty() && current == nullptr) {
    return NotFound(fmt::format("silence {} not found", silence.id));
  }
  const SilenceChange change = TRY(DecideSilence(current, std::move(silence), now, new_id));
  if (change.expired) Keep(tx, *change.expired, AuditKind::kSilenceExpired, channel, now);
  Keep(tx, change.stored, AuditKind::kSilenceSet, channel, now);
  RecheckSuppressed(tx, now);
  tx.RequireSync();
  return change.stored.id;
}

Status ExpireSilence(Transaction& tx, const std::string& id, const std::string& channel,
                     Nanos now) {
  const auto it = tx.silences().find(id);
  if (it == tx.silences().end()) return NotFound(fmt::format("silence {} not found", id));
  if (it->second.StateAt(now) == SilenceState::kExpired) {
    return absl::FailedPreconditionError(fmt::format("silence {} already expired", id));
  }
  Keep(tx, ExpireSilence(it->second, now), AuditKind::kSilenceExpired, channel, now);
  RecheckSuppressed(tx, now);
  tx.RequireSync();
  return absl::OkStatus();
}

void OnSilenceEdge(Transaction& tx, const std::string& id, Nanos due) {
  tx.CancelTimer(TimerKind::kSilenceEdge, id);
  const auto it = tx.silences().find(id);
  if (it == tx.silences().end()) return;
  const Silence silence = it->second;
  if (silence.StateAt(due) == SilenceState::kExpired && ForgetAt(silence) <= due) {
    tx.EraseSilence(id);
    return;
  }
  const bool ended = silence.StateAt(due) == SilenceState::kExpired;
  tx.SetTimer(TimerKind::kSilenceEdge, id, ended ? ForgetAt(silence) : silence.ends_at);
  if (ended) RecheckSuppressed(tx, due);
}

}  // namespace outrider
