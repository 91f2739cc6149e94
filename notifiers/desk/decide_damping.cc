// SPDX-License-Identifier: Apache-2.0
// Flap damping: an alert that begins to fire again and again within a while puts its groups on
// hold; they say how things stand when nothing of them has flapped for a while. The hold is a timer
// row and outlives a restart; what is counted towards it lies in memory.
#include <algorithm>

#include "notifiers/desk/decide.h"

namespace outrider {

void NoteChange(Transaction& tx, const AlertRecord& record, Nanos now) {
  const FlapDamping& damping = tx.plan().config().limits.damping;
  if (damping.changes == 0) return;
  const uint64_t fingerprint = record.fingerprint();
  bool flaps = false;
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
  }
  for (const GroupTarget& target : tx.plan().Targets(record)) {
    // Once on hold, each change makes it longer.
    if (!flaps && tx.TimerDue(TimerKind::kGroupDamp, target.id) == 0) continue;
    tx.SetTimer(TimerKind::kGroupDamp, target.id, now + damping.hold * kNanosPerMilli);
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
}

}  // namespace outrider
