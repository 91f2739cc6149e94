// SPDX-License-Identifier: Apache-2.0
// A set of series ids, cut by their upper 16 bits into containers: a sorted list of the lower
// halves while there are few, a bitmap beyond. About 2 bytes an id, cheap to insert anywhere, cheap
// to ask.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

namespace outrider {

// Not thread-safe.
class Postings {
 public:
  void Add(uint32_t id);     // no-op when there
  void Remove(uint32_t id);  // no-op when absent
  bool Contains(uint32_t id) const;
  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Appends all ids in ascending order.
  void AppendTo(std::vector<uint32_t>* out) const;

 private:
  static constexpr size_t kMaxList = 4096;  // a longer list would take more than a bitmap
  using Bitmap = std::array<uint64_t, 1024>;
  struct Container {
    uint16_t key = 0;
    uint32_t count = 0;
    std::vector<uint16_t> list;  // sorted; unused once there are bits
    std::unique_ptr<Bitmap> bitmap;
  };
  static void Insert(Container* container, uint16_t low, uint32_t* size);
  std::vector<Container>::iterator Find(uint16_t key);

  std::vector<Container> containers_;  // by key
  uint32_t size_ = 0;
};

}  // namespace outrider
