// SPDX-License-Identifier: Apache-2.0
// What selectors matched, kept for the next time they are asked: rules ask the same ones at every
// evaluation. Entries follow the series that come and go since they were made.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "storage/model/matcher.h"

namespace outrider {

// NoteChange() under the exclusive lock of the index, the rest under its shared one.
class MatchCache {
 public:
  static constexpr size_t kMostIds = 4096;  // of an entry: beyond, matching is not what costs
  static constexpr size_t kMostBytes = size_t{8} << 20;  // of all entries

  // What an entry is found by: all of the matchers, in their order.
  static std::string KeyOf(std::span<const Matcher> matchers);

  // A series came or went.
  void NoteChange(uint32_t id);

  struct Found {
    std::vector<uint32_t> ids;      // as they were
    std::vector<uint32_t> changed;  // since: each may match, or not any more; sorted, each once
  };
  // nullopt: not known, or so much has changed that asking the index is cheaper.
  std::optional<Found> Find(const std::string& key);
  // `ids`: what matches now.
  void Put(const std::string& key, std::span<const uint32_t> ids);

  size_t bytes() const {
    const absl::MutexLock lock(&mutex_);
    return bytes_;
  }

 private:
  static constexpr size_t kRemembered = 4096;  // changes; a power of two
  struct Entry {
    std::vector<uint32_t> ids;
    uint64_t changes = 0;  // it knows of
    bool used = false;     // again, since the last sweep
  };
  static size_t CostOf(const std::string& key, std::span<const uint32_t> ids);
  void Sweep() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // The newest changes; number n stands at n % kRemembered. Guarded by the index's lock.
  std::vector<uint32_t> log_;
  uint64_t changes_ = 0;

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t sweep_after_ ABSL_GUARDED_BY(mutex_) = 0;  // so many that found no room
};

}  // namespace outrider
