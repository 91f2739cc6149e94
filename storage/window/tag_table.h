// SPDX-License-Identifier: Apache-2.0
// A set of numbers found by 32 bits of a hash: open addressing, 8 bytes a slot. The table knows no
// keys: whoever asks tells whether a number with the same bits is the right one. The bits say where
// a slot is at home too, so growing and erasing look at nothing else.
//
// Linear probing with backward-shift deletion: no tombstones, so that churn does not slow it down.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace outrider {

// Not thread-safe; look-ups beside each other are fine.
class TagTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;  // no number; never inserted

  // The first number with this tag for which `is_it(number)` holds, or kNone.
  template <typename IsIt>
  uint32_t Find(uint32_t tag, IsIt is_it) const {
    if (slots_.empty()) return kNone;
    for (size_t at = HomeOf(tag); slots_[at].number != kNone; at = Next(at)) {
      if (slots_[at].tag == tag && is_it(slots_[at].number)) return slots_[at].number;
    }
    return kNone;
  }
  void Prefetch(uint32_t tag) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[HomeOf(tag)]);
  }
  void Insert(uint32_t tag, uint32_t number) {
    if ((size_t{size_} + 1) * 5 > slots_.size() * 4) Grow();
    Place({.tag = tag, .number = number});
    ++size_;
  }
  // The number was inserted with this tag.
  void Erase(uint32_t tag, uint32_t number) {
    size_t hole = HomeOf(tag);
    while (slots_[hole].number != number) hole = Next(hole);
    for (size_t at = Next(hole); slots_[at].number != kNone; at = Next(at)) {
      const size_t home = HomeOf(slots_[at].tag);
      // Whoever would still be found from its home without passing the hole stays.
      if (((at - home) & Mask()) < ((at - hole) & Mask())) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = Slot();
    --size_;
  }
  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.number != kNone) visit(slot.number);
    }
  }

 private:
  static constexpr size_t kFirstSlots = 4;
  struct Slot {
    uint32_t tag = 0;
    uint32_t number = kNone;
  };
  size_t Mask() const { return slots_.size() - 1; }
  size_t HomeOf(uint32_t tag) const { return tag & Mask(); }
  size_t Next(size_t at) const { return (at + 1) & Mask(); }
  void Place(const Slot& slot) {
    size_t at = HomeOf(slot.tag);
    while (slots_[at].number != kNone) at = Next(at);
    slots_[at] = slot;
  }
  void Grow() {
    const std::vector<Slot> before(std::move(slots_));
    slots_.assign(std::max(kFirstSlots, before.size() * 2), Slot());
    for (const Slot& slot : before) {
      if (slot.number != kNone) Place(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two, at most 4/5 full
  uint32_t size_ = 0;
};

}  // namespace outrider
