// SPDX-License-Identifier: Apache-2.0
// The state store in memory: for tests, trials and the simulator. It can be copied (a "disk image")
// and knows which of its commits were synced, so that a power cut can be played.
#pragma once

#include <array>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/state/state_store.h"

namespace outrider {

// Thread-safe.
class MemoryStore final : public StateStore {
 public:
  MemoryStore() = default;

  StatusOr<std::optional<Row>> Get(Family family, std::string_view key) const override;
  Status Scan(Family family, std::string_view prefix, std::string_view from,
              const std::function<bool(const Row&)>& visit) const override;
  Status Commit(const Batch& batch, Durability durability) override;
  StoreStats Stats() const override;

  // Everything committed since the last synced commit is forgotten, as after a power cut.
  void DropUnsynced();
  // The same rows in a new store.
  std::unique_ptr<MemoryStore> Clone() const;

 private:
  struct Cell {
    std::string value;
    uint64_t version = 0;
  };
  using Table = std::map<std::string, Cell, std::less<>>;
  using Tables = std::array<Table, kFamilyCount>;
  struct Undo {  // what a write of an un-synced commit replaced
    Family family;
    std::string key;
    std::optional<Cell> before;
  };

  mutable absl::Mutex mutex_;
  Tables tables_ ABSL_GUARDED_BY(mutex_);
  std::vector<Undo> unsynced_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_version_ ABSL_GUARDED_BY(mutex_) = 1;
  StoreStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
