// SPDX-License-Identifier: Apache-2.0
// Values by series id in blocks: growing copies nothing and leaves no half-empty room, and a value
// never moves.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace outrider {

// Not thread-safe.
template <typename T>
class BlockList {
 public:
  T& operator[](size_t at) { return blocks_[at / kBlock][at % kBlock]; }
  const T& operator[](size_t at) const { return blocks_[at / kBlock][at % kBlock]; }
  // What was never set is a value of T().
  size_t size() const { return blocks_.size() * kBlock; }
  // Makes room for the value at this place.
  void Reach(size_t at) {
    while (at >= size()) blocks_.push_back(std::make_unique<T[]>(kBlock));
  }

 private:
  static constexpr size_t kBlock = 1024;
  std::vector<std::unique_ptr<T[]>> blocks_;
};

}  // namespace outrider
