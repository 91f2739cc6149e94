// SPDX-License-Identifier: Apache-2.0
// A new configuration, or a start: alerts find their groups again; nothing is told twice because
// the log of each group stays with it.
#include <algorithm>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "notifiers/desk/decide.h"

namespace outrider {
namespace {

// Where alerts belong, from one look at each.
struct Places {
  absl::flat_hash_map<std::string, std::vector<uint64_t>>
      members;  // of groups that are there, ascending
  absl::flat_hash_map<std::string, std::vector<uint64_t>>
      strangers;                   // resolved before their routes led to this group
  std::vector<uint64_t> homeless;  // fire, and a group of theirs is missing
  std::vector<uint64_t> late;      // resolved, and a group that comes back has not told it
  absl::flat_hash_set<std::string> returning;  // those groups
  std::vector<uint64_t> done;                  // resolved, and no group tells them
};

// Of a resolved alert after a start: whether it was in the group. One that ended before the group
// was born never was: the group that told its end is gone, and another one has to tell it still.
// Unless the group has come back and is about to tell it.
bool WasMember(const GroupRecord& group, const AlertRecord& record) {
  return !group.left.contains(record.fingerprint()) &&
         (record.EndedAt() == 0 || record.EndedAt() >= group.born ||
          ToldFiring(group, record.fingerprint()));
}

// A group that was left behind, and told its receiver that this alert, which has ended, fires.
bool OwesEnd(const GroupRecord* group, const AlertRecord& record) {
  return group != nullptr && group->left_behind && !record.firing &&
         ToldFiring(*group, record.fingerprint());
}

Places FindPlaces(const Transaction& tx, bool loaded) {
  Places places;
  for (const uint64_t fingerprint : tx.state().SortedAlerts()) {
    const AlertRecord* record = tx.alerts.Find(fingerprint);
    if (record == nullptr) continue;
    bool missing = false;
    bool placed = false;
    bool late = false;
    for (const GroupTarget& target : tx.plan().Targets(*record)) {
      const GroupRecord* group = tx.groups.Find(target.id);
      // One of which only the log is left is begun anew.
      if (group == nullptr || group->asleep) {
        missing = true;
        if (OwesEnd(group, *record)) {
          late = true;
          places.returning.insert(target.id);
        }
        continue;
      }
      // Resolved alerts stay where they still have to be told, but enter no new group.
      const bool stays = loaded ? WasMember(*group, *record) : group->members.contains(fingerprint);
      if (!record->firing && !stays) {
        if (!loaded) places.strangers[target.id].push_back(fingerprint);
        continue;
      }
      places.members[target.id].push_back(fingerprint);
      placed = true;
    }
    if (record->firing && missing) places.homeless.push_back(fingerprint);
    if (late) places.late.push_back(fingerprint);
    if (!record->firing && !placed && !late) places.done.push_back(fingerprint);
  }
  return places;
}

std::vector<std::string> SortedGroups(const Transaction& tx) {
  std::vector<std::string> ids;
  ids.reserve(tx.state().groups.size());
  // A start may have ended some in this transaction, with messages of which nothing is known.
  for (const auto& [id, group] : tx.state().groups) {
    if (tx.groups.Find(id) != nullptr) ids.push_back(id);
  }
  std::ranges::sort(ids);
  return ids;
}

// The log of a group that was left behind would go on saying that alerts fire which are not known
// any more, and nobody be told when they fire again.
void CutLog(Transaction& tx, const std::string& id) {
  const GroupRecord* group = tx.groups.Find(id);
  if (group == nullptr || !group->left_behind || HasImported(*group)) return;
  for (const auto& [integration, entry] : std::map(group->log)) {
    std::vector<uint64_t> ended;
    for (const uint64_t fingerprint : entry.firing) {
      if (tx.alerts.Find(fingerprint) == nullptr) ended.push_back(fingerprint);
    }
    for (const uint64_t fingerprint : ended) {
      tx.groups.Edit(id).log[integration].firing.erase(fingerprint);
    }
  }
}

// Nobody is in it any more. `awaiting` gets those that it may have to tell once it is back, `done`
// those that it will not tell any more.
void LeaveBehind(Transaction& tx, const std::string& id, Nanos now,
                 absl::flat_hash_set<uint64_t>* awaiting, std::vector<uint64_t>* done) {
  const bool awake = !tx.groups.Find(id)->asleep;
  CutLog(tx, id);
  for (const uint64_t fingerprint : DestroyGroup(tx, id, now)) done->push_back(fingerprint);
  if (tx.groups.Find(id) == nullptr) return;
  if (awake) tx.groups.Edit(id).left_behind = true;
  if (!tx.groups.Find(id)->left_behind) return;
  for (const uint64_t fingerprint : FiringInLog(*tx.groups.Find(id))) awaiting->insert(fingerprint);
}

// The alert has ended while groups of its were away: they tell it now.
void TellLate(Transaction& tx, uint64_t fingerprint, Nanos now) {
  const AlertRecord& record = *tx.alerts.Find(fingerprint);
  for (const GroupTarget& target : tx.plan().Targets(record)) {
    const GroupRecord* group = tx.groups.Find(target.id);
    if (OwesEnd(group, record)) {
      OpenGroup(tx, target, record, now);
    } else if (group != nullptr && group->born == now && ToldFiring(*group, fingerprint)) {
      tx.groups.EditSoftly(target.id).members.insert(fingerprint);  // another alert brought it back
    }
  }
}

// A start, too, shall know that they were never in it.
void KeepOut(Transaction& tx, const std::string& id, const std::vector<uint64_t>& strangers) {
  for (const uint64_t fingerprint : strangers) {
    if (!tx.groups.Find(id)->left.contains(fingerprint))
      tx.groups.Edit(id).left.insert(fingerprint);
  }
}

bool Stays(const Transaction& tx, const std::string& id, const Places& places) {
  return places.members.contains(id) && tx.plan().RouteOf(*tx.groups.Find(id)) != nullptr;
}

void Move(Transaction& tx, bool loaded, Nanos now) {
  Places places = FindPlaces(tx, loaded);
  const std::vector<std::string> groups = SortedGroups(tx);
  // Members first: whether an alert that has ended may be forgotten depends on them.
  for (const std::string& id : groups) {
    if (!Stays(tx, id, places)) continue;
    NumberSet members = NumberSet::FromSorted(places.members[id]);
    if (members != tx.groups.Find(id)->members) {
      tx.groups.EditSoftly(id).members = std::move(members);
    }
    KeepOut(tx, id, places.strangers[id]);
    HastenFlush(tx, id, now);
  }
  absl::flat_hash_set<uint64_t> awaiting;
  for (const std::string& id : groups) {
    if (Stays(tx, id, places)) continue;
    if (places.returning.contains(id)) {
      CutLog(tx, id);
      continue;
    }
    LeaveBehind(tx, id, now, &awaiting, &places.done);
  }
  for (const uint64_t fingerprint : places.homeless) {
    RouteAlert(tx, *tx.alerts.Find(fingerprint), /*news=*/true, now);
  }
  for (const uint64_t fingerprint : places.late) TellLate(tx, fingerprint, now);
  for (const uint64_t fingerprint : places.done) {
    if (!awaiting.contains(fingerprint)) ForgetIfDone(tx, fingerprint);
  }
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
