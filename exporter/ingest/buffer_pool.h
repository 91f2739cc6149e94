// SPDX-License-Identifier: Apache-2.0
// Buffers for unpacked bodies, used again: half a megabyte a request would otherwise be mapped,
// zeroed and unmapped each time, or be left in pieces between long-lived chunks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace outrider {

// Thread-safe. Keeps at most kKept buffers of at most kLargest bytes.
class BufferPool {
 public:
  // A buffer with whatever it held last; goes back to the pool (which outlives it) at the end of
  // its life.
  class Lease {
   public:
    explicit Lease(BufferPool& pool) : pool_(pool), buffer_(pool.Take()) {}
    ~Lease() { pool_.GiveBack(std::move(buffer_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    std::string& operator*() { return buffer_; }
    std::string* operator->() { return &buffer_; }

   private:
    BufferPool& pool_;
    std::string buffer_;
  };

 private:
  static constexpr size_t kKept = 4;
  static constexpr size_t kLargest = 4U << 20;

  std::string Take() {
    const absl::MutexLock lock(&mutex_);
    if (free_.empty()) return {};
    std::string buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  void GiveBack(std::string buffer) {
    if (buffer.capacity() > kLargest) return;
    const absl::MutexLock lock(&mutex_);
    if (free_.size() < kKept) free_.push_back(std::move(buffer));
  }

  absl::Mutex mutex_;
  std::vector<std::string> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
