// SPDX-License-Identifier: Apache-2.0
// Flap damping: an alert that begins to fire again and again within a while puts its groups on
// hold; they say how things stand when nothing of them has flapped for a while, when another alert
// begins to fire, and now and then. The hold is a timer row and outlives a restart; what is counted
// towards it lies in memory.
#include <algorithm>

#include "notifiers/desk/decide.h"

namespace outrider {
namespace {

// However it flaps, the group says how things stand once in so many holds.
constexpr int64_t kMostHolds = 3;

// When the alert began to fire lately; nullptr: never.
const std::vector<Nanos>* BeginsOf(const Transaction& tx, uint64_t fingerprint) {
  const auto known = tx.state().begins.find(fingerprint);
  return known == tx.state().begins.end() ? nullptr : &known->second;
}

// `more`: begins that are not counted yet.
bool Flaps(const Transaction& tx, uint64_t fingerprint, size_t more, Nanos now) {
  const FlapDamping& damping = tx.plan().config().limits.damping;
  size_t count = more;
  if (const std::vector<Nanos>* begins = BeginsOf(tx, fingerprint)) {
    const Nanos since = now - damping.within * kNanosPerMilli;
    count += static_cast<size_t>(
        std::ranges::count_if(*begins, [since](Nanos time) { return time > since; }));
  }
  return count > damping.changes;
}

// An alert that does not flap began to fire since the group spoke: it is not made to wait.
bool HasOtherNews(const Transaction& tx, const GroupRecord& group, Nanos now) {
  return std::ranges::any_of(group.members, [&](uint64_t fingerprint) {
    const std::vector<Nanos>* begins = BeginsOf(tx, fingerprint);
    return begins != nullptr && !begins->empty() && begins->back() > group.flushed_at &&
           !Flaps(tx, fingerprint, 0, now);
  });
}

void Hold(Transaction& tx, const std::string& group_id, Nanos now) {
  const Nanos hold = tx.plan().config().limits.damping.hold * kNanosPerMilli;
  const GroupRecord* group = tx.groups.Find(group_id);
  Nanos until = now + hold;
  if (group != nullptr && group->flushed_at != 0) {
    until = std::min(until, std::max(now, group->flushed_at + kMostHolds * hold));
  }
  tx.SetTimer(TimerKind::kGroupDamp, group_id, until);
}

}  // namespace

void NoteChange(Transaction& tx, const AlertRecord& record, Nanos now) {
  if (tx.plan().config().limits.damping.changes == 0) return;
  const uint64_t fingerprint = record.fingerprint();
  if (record.firing) tx.effects.begins.emplace_back(fingerprint, now);
  const bool flaps = Flaps(tx, fingerprint, record.firing ? 1 : 0, now);
  for (const GroupTarget& target : tx.plan().Targets(record)) {
    if (flaps) {
      Hold(tx, target.id, now);
    } else if (record.firing && tx.TimerDue(TimerKind::kGroupDamp, target.id) != 0) {
      const GroupRecord* group = tx.groups.Find(target.id);
      const Nanos spoke = group == nullptr ? 0 : group->flushed_at;
      tx.SetTimer(TimerKind::kGroupFlush, target.id,
                  std::max(now, spoke + target.route->group_interval * kNanosPerMilli));
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
  const GroupRecord* group = tx.groups.Find(group_id);
  if (group != nullptr && HasOtherNews(tx, *group, due)) return false;
  tx.SetTimer(TimerKind::kGroupFlush, group_id, until);
  if (group != nullptr && group->reason != kDampedReason) {
    tx.groups.Edit(group_id).reason = kDampedReason;
  }
  return true;
}

void OnDampingEnd(Transaction& tx, const std::string& group_id) {
  tx.CancelTimer(TimerKind::kGroupDamp, group_id);
}

}  // namespace outrider
