// SPDX-License-Identifier: Apache-2.0
// When groups are due, and who evaluates them. A group's slots lie on the grid of its interval,
// shifted by an offset of its own so that groups spread. Source: specs/prometheus.md §3.2.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "rules/alerting/group.h"
#include "storage/base/clock.h"

namespace outrider {

// In [0, interval), the same in every process.
DurationMs SlotOffset(std::string_view file, std::string_view name, DurationMs interval);
// The newest slot at or before `now`.
Timestamp SlotAt(Timestamp now, DurationMs interval, DurationMs offset);

// Thread-safe. At most one thread has a group at a time.
class Scheduler {
 public:
  struct Claim {
    std::shared_ptr<Group> group;
    Timestamp ts = 0;     // the slot; on the grid
    uint64_t missed = 0;  // slots that went by before it
  };

  // First due at the next slot after `now`.
  void Add(std::shared_ptr<Group> group, Timestamp now);
  // The group is not handed out any more; returns when nobody has it.
  void Withdraw(const Group* group);

  // The group that has been due longest (ties: by key), if any is due and free. Its next slot is
  // the one after `now`. Give it back with Release.
  std::optional<Claim> ClaimDue(Timestamp now);
  void Release(const Claim& claim);
  // The earliest time a group that is not taken is due; the largest Timestamp if there is none.
  Timestamp NextDue() const;

 private:
  struct Entry {
    std::shared_ptr<Group> group;
    std::string key;
    DurationMs offset = 0;
    Timestamp due = 0;
    bool taken = false;
    bool withdrawn = false;
  };
  mutable absl::Mutex mutex_;
  absl::CondVar released_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
