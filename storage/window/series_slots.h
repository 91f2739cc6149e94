// SPDX-License-Identifier: Apache-2.0
// The series of a shard by slot. Slots are made in blocks and never move.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "storage/window/series.h"

namespace outrider {

// Not thread-safe.
class SeriesSlots {
 public:
  static constexpr uint32_t kBlock = 64;

  Series& operator[](uint32_t slot) { return blocks_[slot / kBlock][slot % kBlock]; }
  const Series& operator[](uint32_t slot) const { return blocks_[slot / kBlock][slot % kBlock]; }
  // Slots ever made; free ones among them.
  uint32_t size() const { return size_; }
  bool HasFree() const { return !free_.empty(); }
  // Whether the next slot needs a block of its own.
  bool IsFull() const { return free_.empty() && size_ % kBlock == 0; }
  uint32_t Make() {
    if (!free_.empty()) {
      const uint32_t slot = free_.back();
      free_.pop_back();
      return slot;
    }
    if (size_ % kBlock == 0) blocks_.push_back(std::make_unique<Series[]>(kBlock));
    return size_++;
  }
  void Free(uint32_t slot) { free_.push_back(slot); }

 private:
  std::vector<std::unique_ptr<Series[]>> blocks_;
  std::vector<uint32_t> free_;
  uint32_t size_ = 0;
};

}  // namespace outrider
