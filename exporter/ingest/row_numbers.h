// SPDX-License-Identifier: Apache-2.0
// Hands out the numbers by which the log names series (rows_by_number.h). They grow with the log,
// so a number holds in the current segment if it is not below the first one given there.
#pragma once

#include <atomic>
#include <cstdint>

namespace outrider {

class RowNumbers {
 public:
  explicit RowNumbers(uint32_t first) : next_(first) {}

  // Which numbers may be used, and in which segment; no segment (0): none. From any thread.
  struct Valid {
    uint32_t segment = 0;
    uint32_t least = 0;
  };
  Valid valid() const {
    const uint64_t both = valid_.load(std::memory_order_acquire);
    return {static_cast<uint32_t>(both >> 32), static_cast<uint32_t>(both)};
  }

  // The others are for one thread at a time, which logs in the order in which it asks.
  // The number of the first of so many rows; 0: there are not enough left.
  uint32_t Next(uint64_t rows) const { return rows < UINT32_MAX - next_ ? next_ : 0; }
  // These rows, from Next(), stand in that segment.
  void Gave(uint32_t rows, uint32_t segment) {
    if (valid().segment != segment) {
      valid_.store(uint64_t{segment} << 32 | next_, std::memory_order_release);
    }
    next_ += rows;
  }
  // Whether to begin anew before the numbers come to an end: when nobody uses any.
  bool IsWorn() const { return next_ > kWorn; }
  void Restart() {
    next_ = 1;
    valid_.store(0, std::memory_order_release);
  }

 private:
  static constexpr uint32_t kWorn = 1U << 31;
  uint32_t next_;
  std::atomic<uint64_t> valid_{0};
};

}  // namespace outrider
