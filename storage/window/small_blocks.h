// SPDX-License-Identifier: Apache-2.0
// Many small pieces of memory that never move: side by side, without what the heap keeps beside
// each. Pieces of about one size come from a slab; a slab that nobody has a piece of any more
// serves another size, or goes back to the heap when there are many.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/container/flat_hash_map.h"

namespace outrider {

// Not thread-safe. All of it is freed at its end.
class SmallBlocks {
 public:
  SmallBlocks() = default;
  ~SmallBlocks();
  SmallBlocks(const SmallBlocks&) = delete;
  SmallBlocks& operator=(const SmallBlocks&) = delete;

  // Aligned for 32-bit numbers.
  void* Take(size_t size);
  // What Take() gave for this size.
  void GiveBack(const void* piece, size_t size);

 private:
  static constexpr size_t kStep = 4;       // bytes
  static constexpr size_t kLargest = 512;  // others come from the heap, one by one
  struct Slab;
  // By size: slabs with free pieces, and full ones.
  struct Slabs {
    Slab* open = nullptr;
    Slab* full = nullptr;
  };
  // At least the number of the next free piece fits.
  static size_t StepsOf(size_t size) { return size == 0 ? 1 : (size + kStep - 1) / kStep; }
  static void Link(Slab* slab, Slab** list);
  static void Unlink(Slab* slab, Slab** list);
  Slab* NewSlab(size_t steps);
  void Retire(Slab* slab);
  static void FreeAll(Slab* list);

  std::array<Slabs, kLargest / kStep + 1> slabs_{};  // by steps
  Slab* empty_ = nullptr;
  size_t empty_count_ = 0;
  size_t count_ = 0;  // of slabs with pieces
  absl::flat_hash_map<const void*, std::unique_ptr<std::byte[]>> large_;
};

}  // namespace outrider
