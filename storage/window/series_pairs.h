// SPDX-License-Identifier: Apache-2.0
// The lists of labels of all series, by id.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "storage/window/block_list.h"
#include "storage/window/pair_list.h"
#include "storage/window/small_blocks.h"

namespace outrider {

// One writer, under a lock. What Of() gave under that lock is read without it, until the list goes
// back to GiveBack().
class SeriesPairs {
 public:
  size_t size() const { return places_.size(); }  // ids are below
  bool Has(uint32_t id) const { return id < size() && places_[id].list() != nullptr; }
  PairList Of(uint32_t id) const {
    return Has(id) ? PairList(places_[id].list() + kUses, places_[id].own) : PairList();
  }
  // The id has none yet. The list is one that neighbours which differ at the place `hole` share.
  void Set(uint32_t id, std::span<const PairId> pairs, uint32_t hole);
  // As of a neighbour that differs in one label.
  void SetLike(uint32_t id, uint32_t neighbour, uint32_t place, PairId pair);
  // The id has none any more. Returns the list if nobody has it any more, for GiveBack().
  PairId* Remove(uint32_t id);
  void GiveBack(PairId* list);

 private:
  static constexpr size_t kUses = 1;  // how many series have a list stands before it
  // 12 bytes: a pointer would be aligned to 8.
  struct Place {
    std::array<uint32_t, 2> address{};
    PairId own = 0;
    PairId* list() const { return std::bit_cast<PairId*>(address); }
    void SetList(PairId* list) { address = std::bit_cast<std::array<uint32_t, 2>>(list); }
  };

  BlockList<Place> places_;
  SmallBlocks memory_;
};

}  // namespace outrider
