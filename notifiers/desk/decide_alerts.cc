// SPDX-License-Identifier: Apache-2.0
// Alerts in: merge, transitions, routing, incidents, in that order, so that all alerts of one event
// see each other.
#include <fmt/format.h>

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "notifiers/desk/decide.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// A re-post that only moves times is written at most this often (core.md rule 6).
constexpr int64_t kSoftWriteInterval = 60 * kNanosPerSecond;

// What one event does to the alerts it names. Each counts once, however often it is named: an alert
// that is resolved and fires again in one body is as it was.
class Taking {
 public:
  Taking(Transaction& tx, Nanos now) : tx_(tx), now_(now) {}
  // Stores a complete and merged value and puts the alert into its groups.
  void Take(const Alert& alert);
  // Incidents hear of what has changed.
  void Conclude();

 private:
  struct Touched {
    uint64_t fingerprint;
    bool was_firing;
  };
  Transaction& tx_;
  const Nanos now_;
  std::vector<Touched> touched_;
  absl::flat_hash_set<uint64_t> seen_;
};

enum class Stored {
  kNothing,  // there is nothing to keep, or nothing that groups would notice
  kSame,     // fires as before
  kChanged,  // began to fire, or was resolved
};

bool OnlyTimesMoved(const AlertRecord& old, const Alert& fresh, bool firing) {
  return old.firing && firing && old.alert.annotations == fresh.annotations &&
         old.alert.generator_url == fresh.generator_url && old.alert.starts_at == fresh.starts_at &&
         old.alert.source == fresh.source;
}

void SetEndTimer(Transaction& tx, const AlertRecord& record, Nanos now) {
  const std::string id = FingerprintHex(record.alert.Fingerprint());
  const Nanos set = tx.TimerDue(TimerKind::kAlertEnd, id);
  const Nanos end = record.firing ? record.alert.ends_at.nanos : 0;
  if (end == 0) {
    if (set != 0) tx.CancelTimer(TimerKind::kAlertEnd, id);
    return;
  }
  // An end that moves on leaves its timer where it is: it looks again when it falls due.
  if (set == 0 || set > end || set <= now) tx.SetTimer(TimerKind::kAlertEnd, id, end);
}

std::string NamedReceiver(const Alert& alert) {
  const auto it = alert.annotations.find("outrider_receiver");
  return it == alert.annotations.end() ? "" : it->second;
}

void LeaveGroups(Transaction& tx, const Alert& alert, Nanos now) {
  for (const GroupTarget& target : tx.plan().Targets(alert)) {
    if (tx.groups.Find(target.id) == nullptr) continue;
    tx.groups.Edit(target.id).members.erase(alert.Fingerprint());
    HastenFlush(tx, target.id, now);
  }
}

// Resolved once more: the end may be another one now, which is what the next flush tells.
void StoreEnd(Transaction& tx, const AlertRecord& old, const Alert& alert) {
  if (old.alert.ends_at == alert.ends_at && old.alert.starts_at == alert.starts_at &&
      old.alert.annotations == alert.annotations) {
    return;
  }
  tx.alerts.Edit(alert.Fingerprint()).alert = alert;
}

// Stores one value.
Stored Store(Transaction& tx, const Alert& alert, Nanos now) {
  const uint64_t fingerprint = alert.Fingerprint();
  const bool firing = !alert.ResolvedAt(now);
  const AlertRecord* old = tx.alerts.Find(fingerprint);
  if (old == nullptr) {
    if (!firing) return Stored::kNothing;  // was never heard of, is over
    AlertRecord& record = tx.alerts.Put(fingerprint, {});
    record.alert = alert;
    record.firing = true;
    record.written_at = now;
    tx.SetFiring(alert.labels, true);
    SetEndTimer(tx, record, now);
    return Stored::kChanged;
  }
  const bool was_firing = old->firing;
  if (!was_firing && !firing) {
    StoreEnd(tx, *old, alert);
    return Stored::kNothing;
  }
  if (NamedReceiver(old->alert) != NamedReceiver(alert)) LeaveGroups(tx, old->alert, now);
  const bool moved = was_firing && firing && old->alert.ends_at.nanos < alert.ends_at.nanos;
  // That it is being refreshed at all must not be lost by a crash: it decides what its end means.
  const bool soft =
      OnlyTimesMoved(*old, alert, firing) && (old->refreshed || !moved) &&
      (alert.ends_at == old->alert.ends_at || now - old->written_at < kSoftWriteInterval);
  AlertRecord& record = soft ? tx.alerts.EditSoftly(fingerprint) : tx.alerts.Edit(fingerprint);
  record.alert = alert;
  record.firing = firing;
  record.refreshed = firing && (record.refreshed || moved);
  if (!soft) record.written_at = now;
  SetEndTimer(tx, record, now);
  if (was_firing != firing) tx.SetFiring(alert.labels, firing);
  return was_firing == firing ? Stored::kSame : Stored::kChanged;
}

void Taking::Take(const Alert& alert) {
  const uint64_t fingerprint = alert.Fingerprint();
  const AlertRecord* old = tx_.alerts.Find(fingerprint);
  const bool was_firing = old != nullptr && old->firing;
  const Stored stored = Store(tx_, alert, now_);
  if (stored == Stored::kNothing) return;
  if (seen_.insert(fingerprint).second) touched_.push_back({fingerprint, was_firing});
  RouteAlert(tx_, *tx_.alerts.Find(fingerprint), stored == Stored::kChanged, now_);
}

void Taking::Conclude() {
  const auto fires = [&](uint64_t fingerprint) { return tx_.alerts.Find(fingerprint)->firing; };
  // New alerts feed incidents before resolved ones leave, so that an incident whose alerts change
  // over stays open.
  for (const Touched& alert : touched_) {
    if (!alert.was_firing && fires(alert.fingerprint))
      OfferToIncident(tx_, alert.fingerprint, now_);
  }
  for (const Touched& alert : touched_) {
    if (fires(alert.fingerprint)) continue;
    if (alert.was_firing) DrainIncident(tx_, alert.fingerprint, now_);
    ForgetIfDone(tx_, alert.fingerprint);
  }
  if (!touched_.empty()) {
    RecheckSuppressed(tx_, now_);  // they may inhibit others, or not any more
  }
}

}  // namespace

std::string FingerprintHex(uint64_t fingerprint) { return fmt::format("{:016x}", fingerprint); }

uint64_t ParseFingerprint(const std::string& hex) {
  uint64_t fingerprint = 0;
  for (const char c : hex) {
    fingerprint = fingerprint << 4 | static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return fingerprint;
}

Alert MergePosted(const Alert& stored, Alert posted, Nanos now) {
  constexpr Nanos kNever = INT64_MAX;
  const Nanos old_start = stored.starts_at.nanos;
  const Nanos old_end = stored.ends_at.nanos == 0 ? kNever : stored.ends_at.nanos;
  const auto inside = [&](Nanos time) { return time > old_start && time < old_end; };
  if (!inside(posted.ends_at.nanos) && !inside(posted.starts_at.nanos)) return posted;
  if (old_start < posted.starts_at.nanos) posted.starts_at = stored.starts_at;
  const bool later = stored.ends_at.nanos > posted.ends_at.nanos;
  if (posted.ResolvedAt(now)) {
    if (stored.ResolvedAt(now) && later) posted.ends_at = stored.ends_at;
  } else if (later && !stored.timeout) {
    posted.ends_at = stored.ends_at;
  }
  return posted;
}

StatusOr<Alert> CompletePosted(Alert posted, DurationMs resolve_timeout, Nanos now) {
  if (posted.labels.empty()) return InvalidArgument("at least one label pair required");
  posted.source = AlertSource::kApi;
  posted.updated_at = now;
  if (posted.starts_at.nanos == 0) {
    if (posted.ends_at.nanos == 0) {
      posted.starts_at = {now, 0};
    } else {
      posted.starts_at = posted.ends_at;
    }
  }
  if (posted.ends_at.nanos == 0) {
    posted.timeout = true;
    posted.ends_at = {now + resolve_timeout * kNanosPerMilli, 0};
  }
  if (posted.ends_at.nanos < posted.starts_at.nanos) {
    return InvalidArgument("start time must be before end time");
  }
  return posted;
}

void TakeAlerts(Transaction& tx, std::span<const Alert> alerts, Nanos now) {
  Taking taking(tx, now);
  for (const Alert& alert : alerts) taking.Take(alert);
  taking.Conclude();
}

size_t TakePosted(Transaction& tx, std::span<const Alert> alerts, Nanos now,
                  PostAlertsResult* result) {
  const DurationMs resolve_timeout = tx.plan().config().alertmanager.resolve_timeout;
  Taking taking(tx, now);
  AlertNameLimit limit(tx, now);
  size_t stored = 0;
  for (const Alert& alert : alerts) {
    StatusOr<Alert> complete = CompletePosted(alert, resolve_timeout, now);
    if (!complete.ok()) {
      result->errors.push_back(Message(complete.status()));
      continue;
    }
    if (!limit.Admits(tx, *complete)) {
      ++result->limited;
      continue;
    }
    ++stored;
    // One after the other: an alert is merged with what the one before it in the body left.
    const AlertRecord* known = tx.alerts.Find(complete->Fingerprint());
    taking.Take(known == nullptr ? *complete : MergePosted(known->alert, *complete, now));
  }
  taking.Conclude();
  return stored;
}

void OnAlertEnd(Transaction& tx, const std::string& fingerprint_hex, Nanos due) {
  tx.CancelTimer(TimerKind::kAlertEnd, fingerprint_hex);
  const uint64_t fingerprint = ParseFingerprint(fingerprint_hex);
  const AlertRecord* record = tx.alerts.Find(fingerprint);
  if (record == nullptr || !record->firing || record->alert.ends_at.nanos == 0) return;
  if (record->alert.ends_at.nanos > due) {
    tx.SetTimer(TimerKind::kAlertEnd, fingerprint_hex, record->alert.ends_at.nanos);
    tx.alerts.Edit(fingerprint).written_at = due;
    return;
  }
  const Alert ended = record->alert;
  TakeAlerts(tx, {&ended, 1}, due);
}

void ResolveUnowned(Transaction& tx, const std::set<uint64_t>& owned, Nanos now) {
  std::vector<Alert> ended;
  for (const auto& [fingerprint, record] : tx.state().alerts) {
    if (!record->firing || record->alert.source != AlertSource::kRule) continue;
    if (owned.contains(fingerprint)) continue;
    ended.push_back(record->alert);
    ended.back().ends_at = {now, 0};
    ended.back().updated_at = now;
  }
  TakeAlerts(tx, ended, now);
}

void ForgetIfDone(Transaction& tx, uint64_t fingerprint) {
  const AlertRecord* record = tx.alerts.Find(fingerprint);
  if (record == nullptr || record->firing) return;
  for (const GroupTarget& target : tx.plan().Targets(record->alert)) {
    const GroupRecord* group = tx.groups.Find(target.id);
    if (group != nullptr && group->members.contains(fingerprint)) return;
  }
  tx.CancelTimer(TimerKind::kAlertEnd, FingerprintHex(fingerprint));
  tx.alerts.Erase(fingerprint);
}

}  // namespace outrider
