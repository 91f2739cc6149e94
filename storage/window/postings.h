// SPDX-License-Identifier: Apache-2.0
// A set of series ids. Those of most label values follow each other (the series of one target, made
// together): then it is only where they begin and how many there are. Any others are cut by their
// upper 16 bits into containers: a sorted list of the lower halves while there are few, a bitmap
// beyond. About 2 bytes an id, cheap to insert anywhere, cheap to ask.
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
  void Add(uint32_t id) { AddRun(id, 1); }  // no-op when there
  void AddRun(uint32_t first, uint32_t count);
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
  using Containers = std::vector<Container>;  // by key

  static bool Insert(Container* container, uint16_t low);
  static Containers::iterator Find(Containers* containers, uint16_t key);
  bool InRun(uint32_t id) const { return id - first_ < size_; }
  // While there are no containers; false: the ids would not be a run any more.
  bool ExtendRun(uint32_t first, uint32_t count);
  bool RemoveFromRun(uint32_t id);
  void LeaveRun();
  void AddToContainers(uint32_t id);

  uint32_t first_ = 0;  // without containers: the ids are [first_, first_ + size_)
  uint32_t size_ = 0;
  std::unique_ptr<Containers> containers_;
};

}  // namespace outrider
