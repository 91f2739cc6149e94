// SPDX-License-Identifier: Apache-2.0
// A store that goes wrong at a chosen commit: stacked on another one by tests and the simulator.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/state/state_store.h"

namespace outrider {

enum class StoreFault : uint8_t {
  kNone,
  kFailOnce,    // the n-th commit is refused with `error`, later ones work
  kFailFrom,    // the n-th commit and all later ones are refused, until Repair()
  kCrashAfter,  // the n-th commit is written, then the process is dead: it and all later calls fail
  kCrashBefore,  // the n-th commit is lost, then the process is dead
  kFailBetween,  // `fail_from` .. `fail_to` refused (a full disk that is cleaned up)
};

struct StoreFaultPlan {
  StoreFault fault = StoreFault::kNone;
  uint64_t at = 0;     // 1-based number of the commit
  uint64_t until = 0;  // kFailBetween: the last refused commit
  Status error = absl::ResourceExhaustedError("no space left on device");
};

// Thread-safe. Does not own the store below.
class FaultyStore final : public StateStore {
 public:
  FaultyStore(StateStore& below, StoreFaultPlan plan) : below_(below), plan_(std::move(plan)) {}

  StatusOr<std::optional<Row>> Get(Family family, std::string_view key) const override;
  Status Scan(Family family, std::string_view prefix, std::string_view from,
              const std::function<bool(const Row&)>& visit) const override;
  Status Commit(const Batch& batch, Durability durability) override;
  StoreStats Stats() const override { return below_.Stats(); }

  uint64_t commits() const;  // tried so far
  bool crashed() const;      // the plan's crash has happened
  void Repair();             // no more faults

 private:
  StateStore& below_;
  mutable absl::Mutex mutex_;
  StoreFaultPlan plan_ ABSL_GUARDED_BY(mutex_);
  uint64_t commits_ ABSL_GUARDED_BY(mutex_) = 0;
  bool crashed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace outrider
