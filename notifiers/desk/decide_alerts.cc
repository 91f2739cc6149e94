// SPDX-License-Identifier: Apache-2.0
// Alerts in: merge, transitions, routing, incidents, in that order, so that all alerts of one event
// see each other.
#include <fmt/format.h>

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_heartbeats.h"
#include "notifiers/desk/history.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// A re-post that only moves times is written at most this often (core.md rule 6).
constexpr int64_t kSoftWriteInterval = 60 * kNanosPerSecond;
// A body of a million bad alerts gets no answer of a million sentences.
constexpr size_t kMaxErrors = 100;
// Of a body's alerts, for how many room is made before they are known to be good.
constexpr size_t kMostReserved = 4096;

// What one event does to the alerts it names. Each counts once, however often it is named: an alert
// that is resolved and fires again in one body is as it was.
class Taking {
 public:
  Taking(Transaction& tx, Nanos now) : tx_(tx), now_(now) {}
  // Stores a complete and merged value and puts the alert into its groups.
  void Take(const IncomingAlert& alert);
  // A known alert is over.
  void End(uint64_t fingerprint);
  void Tell(const AlertRecord& record);
  // Incidents hear of what has changed.
  void Conclude();

 private:
  struct Touched {
    uint64_t fingerprint;
    bool was_firing;
  };
  bool StoreNew(const IncomingAlert& alert);
  void StoreOver(const IncomingAlert& alert, const AlertRecord& old);
  void Touch(uint64_t fingerprint, bool was_firing) {
    if (seen_.insert(fingerprint).second) touched_.push_back({fingerprint, was_firing});
  }

  Transaction& tx_;
  const Nanos now_;
  std::vector<Touched> touched_;
  std::set<std::string> beats_;  // heartbeats of which an alert was one
  absl::flat_hash_set<uint64_t> seen_;
};

// The end's timer of a firing alert: one that moves on leaves it where it is, it looks again when
// it falls due.
Nanos EndTimer(const AlertRecord& record, Nanos now) {
  const Nanos end = record.firing ? record.ends_at.nanos : 0;
  const Nanos set = record.end_timer;
  if (end == 0 || set == 0 || set > end || set <= now) return end;
  return set;
}

void LeaveGroups(Transaction& tx, const AlertRecord& record, Nanos now) {
  for (const GroupTarget& target : tx.plan().Targets(record)) {
    if (tx.groups.Find(target.id) == nullptr) continue;
    tx.groups.EditSoftly(target.id).members.erase(record.fingerprint());
    HastenFlush(tx, target.id, now);
  }
}

std::shared_ptr<const AlertIdentity> MakeIdentity(const IncomingAlert& alert) {
  auto identity = std::make_shared<AlertIdentity>();
  identity->fingerprint = alert.fingerprint;
  identity->labels = Labels::FromSorted(alert.labels);
  identity->details = alert.details;
  return identity;
}

void CopyValue(const IncomingAlert& alert, AlertRecord* record) {
  record->starts_at = alert.starts_at;
  record->ends_at = alert.ends_at;
  record->updated_at = alert.updated_at;
  record->value = alert.value;
  record->timeout = alert.timeout;
  record->source = alert.source;
}

bool SameDetails(const AlertRecord& record, const IncomingAlert& alert) {
  return record.identity->details == alert.details;
}

std::string_view NamedReceiver(std::string_view details) {
  std::string_view named;
  TakeDetail(&details);
  while (!details.empty()) {
    const bool wanted = TakeDetail(&details) == kReceiverAnnotation;
    const std::string_view value = TakeDetail(&details);
    if (wanted) named = value;
  }
  return named;
}

// False: was never heard of, and is over.
bool Taking::StoreNew(const IncomingAlert& alert) {
  if (alert.ResolvedAt(now_)) return false;
  AlertRecord& record = tx_.alerts.Put(alert.fingerprint, {});
  record.identity = MakeIdentity(alert);
  CopyValue(alert, &record);
  record.firing = true;
  record.written_at = now_;
  record.end_timer = EndTimer(record, now_);
  tx_.SetFiring(record.labels(), true);
  return true;
}

// Resolved once more: the end may be another one now, which is what the next flush tells.
void Taking::StoreOver(const IncomingAlert& alert, const AlertRecord& old) {
  if (old.ends_at == alert.ends_at && old.starts_at == alert.starts_at && SameDetails(old, alert)) {
    return;
  }
  AlertRecord& record = tx_.alerts.Edit(alert.fingerprint);
  if (!SameDetails(old, alert)) record.identity = MakeIdentity(alert);
  CopyValue(alert, &record);
}

// It began to fire, or has ended: its groups have news.
void Taking::Tell(const AlertRecord& record) {
  RouteAlert(tx_, record, /*news=*/true, now_);
  NoteChange(tx_, record, now_);
}

void Taking::Take(const IncomingAlert& alert) {
  if (!tx_.plan().config().around.heartbeats.empty() && !alert.ResolvedAt(now_)) {
    for (std::string& name : BeatsOf(tx_, alert.labels)) beats_.insert(std::move(name));
  }
  const uint64_t fingerprint = alert.fingerprint;
  const bool firing = !alert.ResolvedAt(now_);
  const AlertRecord* old = tx_.alerts.Find(fingerprint);
  if (old == nullptr) {
    if (!StoreNew(alert)) return;
    Touch(fingerprint, false);
    Tell(*tx_.alerts.Find(fingerprint));
    return;
  }
  const bool was_firing = old->firing;
  if (!was_firing && !firing) {
    StoreOver(alert, *old);
    return;
  }
  const bool same = SameDetails(*old, alert);
  const bool moves_house =
      !same && old->Annotation(kReceiverAnnotation) != NamedReceiver(alert.details);
  if (moves_house) LeaveGroups(tx_, *old, now_);
  const bool only_times = was_firing && firing && same && old->starts_at == alert.starts_at &&
                          old->source == alert.source;
  const bool moved = was_firing && firing && old->ends_at.nanos < alert.ends_at.nanos;
  // That it is being refreshed at all must not be lost by a crash: it decides what its end means.
  const bool keep = !only_times || (moved && !old->refreshed) ||
                    (alert.ends_at != old->ends_at && now_ - old->written_at >= kSoftWriteInterval);
  // With `only_times`, what is kept is the times (alert_times.h).
  AlertRecord& record =
      only_times ? tx_.alerts.EditSoftly(fingerprint) : tx_.alerts.Edit(fingerprint);
  if (!same) record.identity = MakeIdentity(alert);
  CopyValue(alert, &record);
  record.firing = firing;
  record.refreshed = firing && (record.refreshed || moved);
  if (keep) record.written_at = now_;
  record.end_timer = EndTimer(record, now_);
  const bool changed = was_firing != firing;
  if (changed) {
    record.turned_at = firing ? 0 : now_;
    tx_.SetFiring(record.labels(), firing);
    Touch(fingerprint, was_firing);
    Tell(record);
  } else if (moves_house) {  // else it is in its groups already
    RouteAlert(tx_, record, /*news=*/false, now_);
  }
}

void Taking::End(uint64_t fingerprint) {
  AlertRecord& record = tx_.alerts.Edit(fingerprint);
  record.firing = false;
  record.refreshed = false;
  record.written_at = now_;
  record.turned_at = now_;
  record.end_timer = 0;
  tx_.SetFiring(record.labels(), false);
  Touch(fingerprint, true);
  Tell(record);
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
  RecheckInhibited(tx_, now_);
  for (const std::string& name : beats_) {
    // It is configured: asked just now.
    const Status beat = TakeBeat(tx_, name, nullptr, "alert", now_);
    static_cast<void>(beat.ok());
  }
  // Faster than they are made, if two of them are old.
  static_cast<void>(tx_.RetireAlertTimes(now_) && tx_.RetireAlertTimes(now_));
}

// What a posted alert left out is filled in; "" or why it is refused.
std::string_view Complete(IncomingAlert* posted, DurationMs resolve_timeout, Nanos now) {
  posted->source = AlertSource::kApi;
  posted->updated_at = now;
  posted->timeout = false;
  if (posted->starts_at.nanos == 0) {
    posted->starts_at = posted->ends_at.nanos == 0 ? AlertTime{now, 0} : posted->ends_at;
  }
  if (posted->ends_at.nanos == 0) {
    posted->timeout = true;
    posted->ends_at = {now + resolve_timeout * kNanosPerMilli, 0};
  }
  if (posted->ends_at.nanos < posted->starts_at.nanos) return "start time must be before end time";
  return posted->labels.empty() ? "at least one label pair required" : "";
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

void MergePosted(const AlertRecord& stored, IncomingAlert* posted, Nanos now) {
  constexpr Nanos kNever = INT64_MAX;
  const Nanos old_start = stored.starts_at.nanos;
  const Nanos old_end = stored.ends_at.nanos == 0 ? kNever : stored.ends_at.nanos;
  const auto inside = [&](Nanos time) { return time > old_start && time < old_end; };
  if (!inside(posted->ends_at.nanos) && !inside(posted->starts_at.nanos)) return;
  if (old_start < posted->starts_at.nanos) posted->starts_at = stored.starts_at;
  const bool later = stored.ends_at.nanos > posted->ends_at.nanos;
  if (posted->ResolvedAt(now)) {
    if (stored.ResolvedAt(now) && later) posted->ends_at = stored.ends_at;
  } else if (later && !stored.timeout) {
    posted->ends_at = stored.ends_at;
  }
}

void TakeAlerts(Transaction& tx, const IncomingAlerts& alerts, Nanos now) {
  Taking taking(tx, now);
  for (size_t i = 0; i < alerts.size(); ++i) taking.Take(alerts.at(i));
  taking.Conclude();
}

size_t TakePosted(Transaction& tx, const IncomingAlerts& alerts, Nanos now,
                  PostAlertsResult* result) {
  const DurationMs resolve_timeout = tx.plan().config().alertmanager.resolve_timeout;
  Taking taking(tx, now);
  AlertNameLimit limit(tx, now);
  size_t stored = 0;
  tx.alerts.Reserve(std::min(alerts.size(), kMostReserved));
  for (size_t i = 0; i < alerts.size(); ++i) {
    IncomingAlert alert = alerts.at(i);
    const std::string_view refused = Complete(&alert, resolve_timeout, now);
    if (!refused.empty()) {
      if (result->errors.size() < kMaxErrors) result->errors.emplace_back(refused);
      continue;
    }
    if (!limit.Admits(tx, alert)) {
      ++result->limited;
      continue;
    }
    ++stored;
    // One after the other: an alert is merged with what the one before it in the body left.
    const AlertRecord* known = tx.alerts.Find(alert.fingerprint);
    if (known != nullptr) MergePosted(*known, &alert, now);
    taking.Take(alert);
  }
  taking.Conclude();
  return stored;
}

void OnAlertEnds(Transaction& tx, std::span<const AlertEnd> ends) {
  for (size_t i = 0; i < ends.size();) {
    const Nanos due = ends[i].due;
    Taking taking(tx, due);
    for (; i < ends.size() && ends[i].due == due; ++i) {
      const AlertRecord* record = tx.alerts.Find(ends[i].fingerprint);
      if (record == nullptr || !record->firing || record->end_timer != due) continue;
      if (record->ends_at.nanos == 0 || record->ends_at.nanos > due) {
        tx.alerts.EditSoftly(ends[i].fingerprint).end_timer = record->ends_at.nanos;
      } else {
        taking.End(ends[i].fingerprint);
      }
    }
    taking.Conclude();
  }
}

void ResolveUnowned(Transaction& tx, const std::set<uint64_t>& owned, Nanos now) {
  Taking taking(tx, now);
  for (const uint64_t fingerprint : tx.state().SortedAlerts()) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    if (!record->firing || record->source != AlertSource::kRule || owned.contains(fingerprint)) {
      continue;
    }
    AlertRecord& ended = tx.alerts.Edit(fingerprint);
    ended.ends_at = {now, 0};
    ended.updated_at = now;
    taking.End(fingerprint);
  }
  taking.Conclude();
}

void ForgetIfDone(Transaction& tx, uint64_t fingerprint) {
  const AlertRecord* record = tx.alerts.Find(fingerprint);
  if (record == nullptr || record->firing) return;
  for (const GroupTarget& target : tx.plan().Targets(*record)) {
    const GroupRecord* group = tx.groups.Find(target.id);
    if (group != nullptr && group->members.contains(fingerprint)) return;
  }
  if (AwaitsGroup(tx, fingerprint)) return;
  KeepEnded(tx, *record);
  tx.alerts.Erase(fingerprint);
}

}  // namespace outrider
