// SPDX-License-Identifier: Apache-2.0
// A new configuration, or a start: alerts find their groups again; nothing is told twice because
// the log of each group stays with it.
#include <algorithm>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "notifiers/desk/decide.h"

namespace outrider {
namespace {

// Where alerts belong, from one look at each.
struct Places {
  absl::flat_hash_map<std::string, std::vector<uint64_t>>
      members;                     // of groups that are there, ascending
  std::vector<uint64_t> homeless;  // fire, and a group of theirs is missing
  std::vector<uint64_t> done;      // resolved, and no group tells them
};

// Of a resolved alert after a start: whether it was in the group. One that ended before the group
// was born never was: the group that told its end is gone, and another one has to tell it still.
bool WasMember(const GroupRecord& group, const AlertRecord& record) {
  return !group.left.contains(record.fingerprint()) &&
         (record.EndedAt() == 0 || record.EndedAt() >= group.born);
}

Places FindPlaces(const Transaction& tx, bool loaded) {
  Places places;
  for (const uint64_t fingerprint : tx.state().SortedAlerts()) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    if (record == nullptr) continue;
    bool missing = false;
    bool placed = false;
    for (const GroupTarget& target : tx.plan().Targets(*record)) {
      const GroupRecord* group = tx.groups.Find(target.id);
      // One of which only the log is left is begun anew.
      if (group == nullptr || group->asleep) {
        missing = true;
        continue;
      }
      // Resolved alerts stay where they still have to be told, but enter no new group.
      const bool stays = loaded ? WasMember(*group, *record) : group->members.contains(fingerprint);
      if (!record->firing && !stays) continue;
      places.members[target.id].push_back(fingerprint);
      placed = true;
    }
    if (record->firing && missing) places.homeless.push_back(fingerprint);
    if (!record->firing && !placed) places.done.push_back(fingerprint);
  }
  return places;
}

std::vector<std::string> SortedGroups(const Transaction& tx) {
  std::vector<std::string> ids;
  ids.reserve(tx.state().groups.size());
  for (const auto& [id, group] : tx.state().groups) ids.push_back(id);
  std::ranges::sort(ids);
  return ids;
}

// A group whose alerts were grouped elsewhere for a while did not hear of those that ended: its log
// would go on saying that they fire, and nobody be told when they fire again.
void CutLog(Transaction& tx, const std::string& id) {
  const GroupRecord* group = tx.groups.Find(id);
  if (group == nullptr || !group->left_behind || HasImported(*group)) return;
  const auto over = [&](uint64_t fingerprint) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    return record == nullptr || !record->firing;
  };
  for (const auto& [integration, entry] : std::map(group->log)) {
    std::vector<uint64_t> ended;
    for (const uint64_t fingerprint : entry.firing) {
      if (over(fingerprint)) ended.push_back(fingerprint);
    }
    for (const uint64_t fingerprint : ended) {
      tx.groups.Edit(id).log[integration].firing.erase(fingerprint);
    }
  }
}

// Nobody is in it any more.
void LeaveBehind(Transaction& tx, const std::string& id, Nanos now) {
  const bool awake = !tx.groups.Find(id)->asleep;
  CutLog(tx, id);
  DestroyGroup(tx, id, now);
  if (awake && tx.groups.Find(id) != nullptr) tx.groups.Edit(id).left_behind = true;
}

void Move(Transaction& tx, bool loaded, Nanos now) {
  Places places = FindPlaces(tx, loaded);
  for (const std::string& id : SortedGroups(tx)) {
    const GroupRecord* group = tx.groups.Find(id);
    const std::vector<uint64_t>& stay = places.members[id];
    if (tx.plan().RouteOf(*group) == nullptr || stay.empty()) {
      LeaveBehind(tx, id, now);
      continue;
    }
    NumberSet members = NumberSet::FromSorted(stay);
    if (members != group->members) tx.groups.EditSoftly(id).members = std::move(members);
    HastenFlush(tx, id, now);
  }
  for (const uint64_t fingerprint : places.homeless) {
    RouteAlert(tx, *tx.alerts.Find(fingerprint), /*news=*/true, now);
  }
  for (const uint64_t fingerprint : places.done) ForgetIfDone(tx, fingerprint);
}

// An alert that has waited long enough before the reload does not wait again.
Nanos FirstFlushAt(const Transaction& tx, const GroupRecord& group, Nanos now) {
  const Nanos wait = tx.plan().RouteOf(group)->group_wait * kNanosPerMilli;
  const bool at_once =
      std::any_of(group.members.begin(), group.members.end(), [&](uint64_t fingerprint) {
        const AlertRecord* record = tx.alerts.Find(fingerprint);
        return record != nullptr && record->starts_at.nanos < now - wait;
      });
  return at_once ? now : now + wait;
}

}  // namespace

void Regroup(Transaction& tx, Nanos now) {
  const std::vector<std::string> kept = SortedGroups(tx);
  Move(tx, /*loaded=*/false, now);
  for (const std::string& id : kept) {
    if (tx.groups.Find(id) == nullptr || tx.groups.Find(id)->asleep) continue;
    GroupRecord& group = tx.groups.Edit(id);
    group.flushed_at = 0;  // no beat yet: news waits for the first flush
    tx.SetTimer(TimerKind::kGroupFlush, id, FirstFlushAt(tx, group, now));
  }
}

void MoveMembers(Transaction& tx, Nanos now) { Move(tx, /*loaded=*/false, now); }

void RegroupLoaded(Transaction& tx, Nanos now) { Move(tx, /*loaded=*/true, now); }

void SettleAlertEnds(Transaction& tx, Nanos now) {
  const DurationMs patience = tx.plan().config().alertmanager.resolve_timeout;
  for (const uint64_t fingerprint : tx.state().SortedAlerts()) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    const Nanos end = record->ends_at.nanos;
    if (!record->firing || !record->refreshed || end == 0 || end > now) continue;
    // Whoever refreshed it could not reach us: it stays firing until it had the time to say so.
    AlertRecord& edited = tx.alerts.Edit(fingerprint);
    edited.ends_at = {now + patience * kNanosPerMilli, 0};
    edited.timeout = true;
    edited.end_timer = edited.ends_at.nanos;
  }
}

}  // namespace outrider
