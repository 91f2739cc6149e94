// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "rules/alerting/slot.h"
#include "storage/base/log.h"

namespace outrider {

void Scheduler::Add(std::shared_ptr<Group> group, Timestamp now,
                    const std::optional<Outstanding>& outstanding) {
  Entry entry;
  const RuleGroup& spec = group->spec();
  const DurationMs interval = group->interval();
  entry.key = spec.Key();
  entry.offset = SlotOffset(spec.file, spec.name, interval);
  entry.due = SlotAt(now, interval, entry.offset) + interval;
  if (outstanding && outstanding->interval == interval) {
    entry.due = outstanding->slot;
    entry.deferred_to = now;
    entry.missed = outstanding->missed;
  } else if (outstanding && entry.due - interval > outstanding->slot - outstanding->interval) {
    entry.due -= interval;  // another grid: its newest slot, if nothing was evaluated since
    entry.deferred_to = now;
  }
  entry.group = std::move(group);
  const absl::MutexLock lock(&mutex_);
  entries_.push_back(std::move(entry));
}

std::optional<Scheduler::Outstanding> Scheduler::Withdraw(const Group* group, Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  const auto find = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return std::ranges::find_if(entries_, [&](const Entry& e) { return e.group.get() == group; });
  };
  auto at = find();
  if (at == entries_.end()) return std::nullopt;
  at->withdrawn = true;
  while (at->taken) {
    released_.Wait(&mutex_);
    at = find();
  }
  std::optional<Outstanding> outstanding;
  if (at->due <= now) outstanding = {at->due, at->group->interval(), at->missed};
  entries_.erase(at);
  return outstanding;
}

// After the clock was set back a group would wait until it has caught up. A step of less than an
// interval is waited for: the slot has been evaluated already.
bool Scheduler::Realign(Timestamp now, Entry* entry) {
  const DurationMs interval = entry->group->interval();
  if (entry->taken || std::max(entry->due, entry->deferred_to) - now <= 2 * interval) return false;
  entry->due = SlotAt(now, interval, entry->offset) + interval;
  entry->deferred_to = 0;
  entry->missed = 0;
  return true;
}

std::optional<Scheduler::Claim> Scheduler::ClaimDue(Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  Entry* first = nullptr;
  size_t realigned = 0;
  for (Entry& entry : entries_) {
    realigned += Realign(now, &entry) ? 1 : 0;
    if (entry.taken || entry.withdrawn || entry.Wakes() > now) continue;
    if (first == nullptr || std::tie(entry.due, entry.key) < std::tie(first->due, first->key)) {
      first = &entry;
    }
  }
  if (realigned > 0) {
    LogWarn("the clock was set back: rule groups go on at the present time",
            {{"groups", fmt::format("{}", realigned)}});
  }
  if (first == nullptr) return std::nullopt;
  const DurationMs interval = first->group->interval();
  Claim claim;
  claim.group = first->group;
  // One that was put off is not skipped because its successor has come meanwhile.
  const bool put_off = first->deferred_to != 0 && now < first->due + 2 * interval;
  claim.ts = put_off ? first->due : SlotAt(now, interval, first->offset);
  claim.due = put_off ? first->deferred_to : claim.ts;
  claim.missed = first->missed + static_cast<uint64_t>((claim.ts - first->due) / interval);
  first->due = claim.ts + interval;
  first->deferred_to = 0;
  first->missed = 0;
  first->taken = true;
  return claim;
}

void Scheduler::Release(const Claim& claim) {
  const absl::MutexLock lock(&mutex_);
  for (Entry& entry : entries_) {
    if (entry.group == claim.group) entry.taken = false;
  }
  released_.SignalAll();
}

void Scheduler::Defer(const Claim& claim, Timestamp until) {
  const absl::MutexLock lock(&mutex_);
  for (Entry& entry : entries_) {
    if (entry.group != claim.group) continue;
    entry.due = claim.ts;
    entry.deferred_to = until;
    entry.missed = claim.missed;
    entry.taken = false;
  }
  released_.SignalAll();
}

Timestamp Scheduler::NextDue() const {
  const absl::MutexLock lock(&mutex_);
  Timestamp next = std::numeric_limits<Timestamp>::max();
  for (const Entry& entry : entries_) {
    if (!entry.taken && !entry.withdrawn) next = std::min(next, entry.Wakes());
  }
  return next;
}

}  // namespace outrider
