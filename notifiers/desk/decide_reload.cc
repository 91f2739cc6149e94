// SPDX-License-Identifier: Apache-2.0
// A new configuration, or a start: alerts find their groups again; nothing is told twice because
// the log of each group stays with it.
#include <algorithm>

#include "notifiers/desk/decide.h"

namespace outrider {
namespace {

void Leave(Transaction& tx, const std::string& group_id, const std::set<uint64_t>& stay,
           Nanos now) {
  const GroupRecord* group = tx.groups.Find(group_id);
  if (tx.plan().RouteOf(*group) == nullptr || stay.empty()) {
    DestroyGroup(tx, group_id, now);
  } else if (stay != group->members) {
    tx.groups.Edit(group_id).members = stay;
  }
}

// An alert that has waited long enough before the reload does not wait again.
Nanos FirstFlushAt(const Transaction& tx, const GroupRecord& group, Nanos now) {
  const Nanos wait = tx.plan().RouteOf(group)->group_wait * kNanosPerMilli;
  const bool at_once = std::ranges::any_of(group.members, [&](uint64_t fingerprint) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    return record != nullptr && record->alert.starts_at.nanos < now - wait;
  });
  return at_once ? now : now + wait;
}

}  // namespace

void Regroup(Transaction& tx, Nanos now) {
  std::map<std::string, std::set<uint64_t>> wanted;  // members that keep their place
  for (const auto& [fingerprint, record] : tx.state().alerts) {
    for (const GroupTarget& target : tx.plan().Targets(record->alert)) {
      const GroupRecord* group = tx.groups.Find(target.id);
      // Resolved alerts stay where they still have to be told, but enter no new group. One of which
      // only the log is left is begun anew below.
      if (group != nullptr && !group->members.empty() &&
          (record->firing || group->members.contains(fingerprint))) {
        wanted[target.id].insert(fingerprint);
      }
    }
  }
  for (const auto& [id, group] : tx.state().groups) Leave(tx, id, wanted[id], now);
  for (const auto& [fingerprint, record] : tx.state().alerts) {
    if (record->firing) RouteAlert(tx, *record, /*news=*/true, now);
  }
  for (const auto& [fingerprint, record] : tx.state().alerts) ForgetIfDone(tx, fingerprint);
}

void RegroupAnew(Transaction& tx, Nanos now) {
  std::vector<std::string> kept;
  for (const auto& [id, group] : tx.state().groups) kept.push_back(id);
  Regroup(tx, now);
  for (const std::string& id : kept) {
    const GroupRecord* known = tx.groups.Find(id);
    if (known == nullptr || known->members.empty()) continue;  // only its log may be left
    GroupRecord& group = tx.groups.Edit(id);
    group.flushed_at = 0;  // no beat yet: news waits for the first flush
    tx.SetTimer(TimerKind::kGroupFlush, id, FirstFlushAt(tx, group, now));
  }
}

void SettleAlertEnds(Transaction& tx, Nanos now) {
  const DurationMs patience = tx.plan().config().alertmanager.resolve_timeout;
  for (const auto& [fingerprint, record] : tx.state().alerts) {
    const Nanos end = record->alert.ends_at.nanos;
    if (!record->firing || !record->refreshed || end == 0 || end > now) continue;
    // Whoever refreshed it could not reach us: it stays firing until it had the time to say so.
    AlertRecord& edited = tx.alerts.Edit(fingerprint);
    edited.alert.ends_at = {now + patience * kNanosPerMilli, 0};
    edited.alert.timeout = true;
    tx.SetTimer(TimerKind::kAlertEnd, FingerprintHex(fingerprint), edited.alert.ends_at.nanos);
  }
}

}  // namespace outrider
