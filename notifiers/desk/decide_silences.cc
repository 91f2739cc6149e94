// SPDX-License-Identifier: Apache-2.0
// Silences: kept by Alertmanager's rules (specs/alertmanager.md §2 "Silences"), and within the
// limits of the configuration. Their edges are timers: when one ends, or an occurrence of a
// recurring one, alerts that waited behind it may open incidents.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// How often within its time a silence looks whether something matches it.
constexpr int64_t kLooksPerIdle = 10;
constexpr DurationMs kLeastLook = kSecond;

void AuditSilence(Transaction& tx, const Silence& silence, AuditKind kind,
                  const std::string& channel, Nanos now, const std::string& who) {
  AuditEvent event;
  event.subject = "silence:" + silence.id;
  event.kind = kind;
  event.time = now;
  // Whoever made it need not be who ends it.
  event.who = who.empty() && kind == AuditKind::kSilenceSet ? silence.created_by : who;
  event.channel = channel;
  event.text = silence.comment;
  tx.Audit(std::move(event));
}

// When it is dropped; ends of the far future must not overflow.
Nanos ForgetAt(const Transaction& tx, const Silence& silence) {
  const Nanos retention = tx.plan().config().limits.retention * kNanosPerMilli;
  return std::min(silence.ends_at, INT64_MAX - retention) + retention;
}

void SetEdge(Transaction& tx, const Silence& silence, Nanos now) {
  const bool ended = silence.LifeAt(now) == SilenceState::kExpired;
  tx.SetTimer(TimerKind::kSilenceEdge, silence.id,
              ended ? ForgetAt(tx, silence) : silence.NextEdge(now));
}

void SetIdle(Transaction& tx, const Silence& silence, Nanos now) {
  if (silence.idle_end == 0 || silence.LifeAt(now) == SilenceState::kExpired) {
    tx.CancelTimer(TimerKind::kSilenceIdle, silence.id);
    return;
  }
  const DurationMs look = std::max(silence.idle_end / kLooksPerIdle, kLeastLook);
  tx.SetTimer(TimerKind::kSilenceIdle, silence.id,
              std::max(now, silence.starts_at) + look * kNanosPerMilli);
}

// Stores the silence and sets its timers. `who` did it; "": who made the silence, if it is set,
// else nobody knows.
void Keep(Transaction& tx, const Silence& silence, AuditKind kind, const std::string& channel,
          Nanos now, const std::string& who = "") {
  tx.PutSilence(silence);
  SetEdge(tx, silence, now);
  SetIdle(tx, silence, now);
  AuditSilence(tx, silence, kind, channel, now, who);
}

Status CheckNames(const Transaction& tx, const Silence& silence) {
  const MatcherMode mode = tx.plan().config().alertmanager.matcher_mode;
  for (size_t i = 0; i < silence.matchers.size(); ++i) {
    const std::string& name = silence.matchers[i].name();
    if (IsLabelNameIn(mode, name)) continue;
    return InvalidArgument(
        fmt::format("invalid label matcher {} in set 0: invalid label name {}", i, Quote(name)));
  }
  return absl::OkStatus();
}

Status CheckSize(const Transaction& tx, const Silence& silence, bool added) {
  const SilenceLimits& limits = tx.plan().config().limits.silences;
  const size_t count = tx.silences().size();
  if (limits.count > 0 && added && count + 1 > limits.count) {
    return InvalidArgument(
        fmt::format("exceeded maximum number of silences: {} (limit: {})", count, limits.count));
  }
  if (limits.bytes == 0) return absl::OkStatus();
  const size_t bytes = EncodeSilence(silence).size();
  if (bytes <= limits.bytes) return absl::OkStatus();
  return InvalidArgument(fmt::format("silence exceeded maximum size: {} bytes (limit: {} bytes)",
                                     bytes, limits.bytes));
}

// Alerts that were silenced are told when the silence is over, where their route tells at once;
// elsewhere with the next beat of their group.
void TellAtOnce(Transaction& tx, const std::vector<Matcher>& matchers, Nanos now) {
  if (tx.plan().config().api_routes.empty()) return;
  std::vector<std::string> ids;
  for (const auto& [id, group] : tx.state().groups) {
    const RouteConfig* route = tx.plan().RouteOf(*group);
    if (route == nullptr || !route->at_once || group->members.empty()) continue;
    if (MatchesAll(matchers, group->labels)) ids.push_back(id);
  }
  std::ranges::sort(ids);
  for (const std::string& id : ids) HastenFlush(tx, id, now);
}

}  // namespace

SilenceReach ReachOf(const Transaction& tx, std::span<const Matcher> matchers, Nanos now) {
  SilenceReach reach;
  tx.alerts.ForEach([&](uint64_t, const AlertRecord& record) {
    if (!FiresAt(record, now)) return;
    ++reach.firing;
    if (MatchesAll(matchers, record.labels())) ++reach.matching;
  });
  return reach;
}

StatusOr<std::string> PutSilence(Transaction& tx, Silence silence, const std::string& new_id,
                                 const std::string& channel, Nanos now, bool force) {
  const auto found = tx.silences().find(silence.id);
  const Silence* current = found == tx.silences().end() ? nullptr : &found->second;
  Status valid = CheckNames(tx, silence);
  const bool unknown = !silence.id.empty() && current == nullptr;
  if (valid.ok() && unknown) valid = ValidateSilence(silence);
  if (!valid.ok()) return Annotate(valid, "invalid silence");
  if (unknown) return NotFound("silence not found");
  silence.matched_at = silence.idle_end > 0 ? now : 0;
  const StatusOr<SilenceChange> decided = DecideSilence(current, std::move(silence), now, new_id);
  if (!decided.ok()) return Annotate(decided.status(), "invalid silence");
  const SilenceChange& change = *decided;
  const bool added = change.stored.id == new_id;
  TRY(CheckSize(tx, change.stored, added));
  const SilenceLimits& limits = tx.plan().config().limits.silences;
  // What is only made longer mutes no more than before.
  const bool guarded = limits.matching > 0 || limits.share > 0 || limits.duration > 0;
  if (guarded && !force) {
    const SilenceReach reach = added ? ReachOf(tx, change.stored.matchers, now) : SilenceReach();
    TRY(CheckSilenceReach(limits, change.stored, reach));
  }
  if (change.expired) {
    Keep(tx, *change.expired, AuditKind::kSilenceExpired, channel, now, change.stored.created_by);
    TellAtOnce(tx, change.expired->matchers, now);
  }
  Keep(tx, change.stored, AuditKind::kSilenceSet, channel, now);
  RecheckSuppressed(tx, now);
  tx.RequireSync();
  return change.stored.id;
}

void TakeSilence(Transaction& tx, const Silence& silence, const std::string& channel, Nanos now) {
  const bool ended = silence.LifeAt(now) == SilenceState::kExpired;
  Keep(tx, silence, ended ? AuditKind::kSilenceExpired : AuditKind::kSilenceSet, channel, now);
}

Status ExpireSilence(Transaction& tx, const std::string& id, const std::string& channel, Nanos now,
                     const std::string& who) {
  const auto it = tx.silences().find(id);
  if (it == tx.silences().end()) return NotFound("silence not found");
  if (it->second.LifeAt(now) == SilenceState::kExpired) return absl::OkStatus();  // as asked
  const std::vector<Matcher> matchers = it->second.matchers;
  Keep(tx, ExpireSilence(it->second, now), AuditKind::kSilenceExpired, channel, now, who);
  RecheckSuppressed(tx, now);
  TellAtOnce(tx, matchers, now);
  tx.RequireSync();
  return absl::OkStatus();
}

void RearmSilence(Transaction& tx, const Silence& silence, Nanos now) {
  SetEdge(tx, silence, now);
  if (tx.TimerDue(TimerKind::kSilenceIdle, silence.id) == 0) SetIdle(tx, silence, now);
}

void OnSilenceEdge(Transaction& tx, const std::string& id, Nanos due) {
  tx.CancelTimer(TimerKind::kSilenceEdge, id);
  const auto it = tx.silences().find(id);
  if (it == tx.silences().end()) return;
  const Silence silence = it->second;
  const bool ended = silence.LifeAt(due) == SilenceState::kExpired;
  if (ended && ForgetAt(tx, silence) <= due) {
    tx.CancelTimer(TimerKind::kSilenceIdle, id);
    tx.EraseSilence(id);
    return;
  }
  SetEdge(tx, silence, due);
  if (silence.StateAt(due) == SilenceState::kActive) return;
  RecheckSuppressed(tx, due);
  TellAtOnce(tx, silence.matchers, due);
}

void OnSilenceIdle(Transaction& tx, const std::string& id, Nanos due, Nanos now) {
  tx.CancelTimer(TimerKind::kSilenceIdle, id);
  const auto it = tx.silences().find(id);
  if (it == tx.silences().end() || it->second.LifeAt(now) == SilenceState::kExpired) return;
  Silence silence = it->second;
  if (ReachOf(tx, silence.matchers, due).matching > 0) {
    silence.matched_at = now;
    tx.PutSilence(silence);
  }
  const Nanos since = std::max(silence.matched_at, silence.starts_at);
  if (now - since < silence.idle_end * kNanosPerMilli) {
    SetIdle(tx, silence, now);  // those that a pause has cost are one
    return;
  }
  Keep(tx, ExpireSilence(silence, now), AuditKind::kSilenceExpired, "idle", now);
  RecheckSuppressed(tx, now);
  TellAtOnce(tx, silence.matchers, now);
  tx.RequireSync();
}

}  // namespace outrider
