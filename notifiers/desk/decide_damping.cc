// SPDX-License-Identifier: Apache-2.0
// Flap damping: an alert that begins to fire again and again within a while puts its groups on
// hold; they say how things stand when nothing of them has flapped for a while, at the latest after
// some times the hold, and as soon as an alert comes that does not flap: one that flaps for ever
// must not hide another. The hold is a timer row and outlives a restart; what is counted towards it
// lies in memory.
#include <algorithm>

#include "notifiers/desk/decide.h"

namespace outrider {
namespace {

constexpr int64_t kLongestHold = 3;  // times the hold

void EndHold(Transaction& tx, const std::string& group_id, Nanos now) {
  tx.CancelTimer(TimerKind::kGroupDamp, group_id);
  const GroupRecord* group = tx.groups.Find(group_id);
  if (group == nullptr) return;
  tx.groups.EditSoftly(group_id).damped_since = 0;
  if (group->flushed_at == 0) {
    tx.SetTimer(TimerKind::kGroupFlush, group_id, now);
  } else {
    HastenFlush(tx, group_id, now);
  }
}

// Begins the hold of a group, or makes it longer.
void Hold(Transaction& tx, const std::string& group_id, Nanos hold, Nanos now) {
  if (tx.groups.Find(group_id) == nullptr) return;
  GroupRecord& group = tx.groups.EditSoftly(group_id);
  const bool held = tx.TimerDue(TimerKind::kGroupDamp, group_id) != 0;
  if (!held || group.damped_since == 0) group.damped_since = now;
  tx.SetTimer(TimerKind::kGroupDamp, group_id,
              std::min(now + hold, group.damped_since + kLongestHold * hold));
}

}  // namespace

void NoteChange(Transaction& tx, const AlertRecord& record, Nanos now) {
  const FlapDamping& damping = tx.plan().config().limits.damping;
  if (damping.changes == 0) return;
  const uint64_t fingerprint = record.fingerprint();
  bool flaps = false;
  bool first = false;
  if (record.firing) {
    tx.effects.begins.emplace_back(fingerprint, now);
    const auto known = tx.state().begins.find(fingerprint);
    size_t count = 1;
    if (known != tx.state().begins.end()) {
      const Nanos since = now - damping.within * kNanosPerMilli;
      count += static_cast<size_t>(
          std::ranges::count_if(known->second, [since](Nanos time) { return time > since; }));
    }
    flaps = count > damping.changes;
    first = count == 1;
  }
  for (const GroupTarget& target : tx.plan().Targets(record)) {
    const bool held = tx.TimerDue(TimerKind::kGroupDamp, target.id) != 0;
    if (flaps) {
      Hold(tx, target.id, damping.hold * kNanosPerMilli, now);
    } else if (first && held) {
      EndHold(tx, target.id, now);
    }
  }
}

void CountBegins(const FlapDamping& damping, std::span<const std::pair<uint64_t, Nanos>> begins,
                 std::map<uint64_t, std::vector<Nanos>>* counted) {
  if (begins.empty()) return;
  const Nanos since = begins.back().second - damping.within * kNanosPerMilli;
  const auto old = [since](Nanos time) { return time <= since; };
  for (const auto& [fingerprint, time] : begins) {
    std::vector<Nanos>& times = (*counted)[fingerprint];
    std::erase_if(times, old);
    times.push_back(time);
  }
  // What began long ago is forgotten now and then, a few at a time.
  constexpr int kLooks = 4;
  auto look = counted->upper_bound(begins.back().first);
  for (int i = 0; i < kLooks && !counted->empty(); ++i) {
    if (look == counted->end()) look = counted->begin();
    look = std::ranges::all_of(look->second, old) ? counted->erase(look) : std::next(look);
  }
}

bool IsDamped(Transaction& tx, const std::string& group_id, Nanos due) {
  const Nanos until = tx.TimerDue(TimerKind::kGroupDamp, group_id);
  if (until <= due) return false;
  tx.SetTimer(TimerKind::kGroupFlush, group_id, until);
  const GroupRecord* group = tx.groups.Find(group_id);
  if (group != nullptr && group->reason != kDampedReason) {
    tx.groups.Edit(group_id).reason = kDampedReason;
  }
  return true;
}

void OnDampingEnd(Transaction& tx, const std::string& group_id) {
  tx.CancelTimer(TimerKind::kGroupDamp, group_id);
  if (tx.groups.Find(group_id) != nullptr) tx.groups.EditSoftly(group_id).damped_since = 0;
}

}  // namespace outrider
