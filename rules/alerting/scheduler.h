// SPDX-License-Identifier: Apache-2.0
// When groups are due, and who evaluates them. A group's slots lie on a grid of its own (slot.h). A
// slot whose data is not there yet is put off, which moves neither its time nor those after it.
// Source: specs/prometheus.md §3.2.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/alerting/group.h"
#include "storage/base/clock.h"

namespace outrider {

// Thread-safe. At most one thread has a group at a time.
class Scheduler {
 public:
  struct Claim {
    std::shared_ptr<Group> group;
    Timestamp ts = 0;     // the slot; on the grid
    uint64_t missed = 0;  // slots that went by before it
    Timestamp due = 0;    // the slot, or until when it was put off
  };

  // A slot that a withdrawn group has not evaluated yet.
  struct Outstanding {
    Timestamp slot = 0;
    DurationMs interval = 0;
    uint64_t missed = 0;  // slots that went by before it
  };

  // First due at the next slot after `now`; what its predecessor of the same key left `outstanding`
  // is due at once.
  void Add(std::shared_ptr<Group> group, Timestamp now,
           const std::optional<Outstanding>& outstanding = {});
  // The group is not handed out any more; returns when nobody has it. A slot before `now` that it
  // waited for, or had not come to yet, is handed back.
  std::optional<Outstanding> Withdraw(const Group* group, Timestamp now);

  // The group that has been due longest (ties: by key), if any is due and free. Its next slot is
  // the one after `now`, also when `now` is long before the last. Give it back with Release.
  std::optional<Claim> ClaimDue(Timestamp now);
  void Release(const Claim& claim);
  // Gives it back unevaluated: the same slot is claimed again from `until` on.
  void Defer(const Claim& claim, Timestamp until);
  // The earliest time a group that is not taken is due; the largest Timestamp if there is none.
  Timestamp NextDue() const;

 private:
  struct Entry {
    std::shared_ptr<Group> group;
    std::string key;
    DurationMs offset = 0;
    Timestamp due = 0;
    Timestamp deferred_to = 0;  // 0: not put off
    uint64_t missed = 0;        // slots that went by before the one put off
    bool taken = false;
    bool withdrawn = false;
    Timestamp Wakes() const { return deferred_to != 0 ? deferred_to : due; }
  };
  static bool Realign(Timestamp now, Entry* entry);

  mutable absl::Mutex mutex_;
  absl::CondVar released_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
