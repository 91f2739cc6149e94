// SPDX-License-Identifier: Apache-2.0
// Which series has a key: an open-addressing table of series ids, 8 bytes a slot, with the keys in
// an array by id. A look-up touches one slot and one key; both can be fetched ahead for a whole
// request.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/base/hash.h"
#include "storage/window/block_list.h"

namespace outrider {

inline constexpr uint32_t kNoSeries = UINT32_MAX;

// Not thread-safe; look-ups beside each other are fine. Keys are hashes already. The all-zero key
// means "none" and is never found.
class KeyTable {
 public:
  // The id with this key, or kNoSeries.
  uint32_t Find(const Hash128& key) const;
  // The id that probably has this key (its 32-bit tag fits), or kNoSeries; confirm with KeyOf().
  uint32_t Guess(const Hash128& key) const;
  void PrefetchSlot(const Hash128& key) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[key.low & mask_]);
  }
  void PrefetchKey(uint32_t id) const {
    if (id < keys_.size()) __builtin_prefetch(&keys_[id]);
  }
  Hash128 KeyOf(uint32_t id) const { return id < keys_.size() ? keys_[id] : Hash128(); }

  bool Has(uint32_t id, const Hash128& key) const { return key != Hash128() && KeyOf(id) == key; }

  // Gives the id the key, in place of one it may have. The key must not be another id's.
  void Set(uint32_t id, const Hash128& key);
  void Erase(uint32_t id);  // no-op when it has none
  uint32_t size() const { return size_; }

 private:
  struct Slot {
    uint32_t tag = 0;
    uint32_t id = kNoSeries;
  };
  static uint32_t TagOf(const Hash128& key) { return static_cast<uint32_t>(key.high); }
  void Grow();
  void Place(uint32_t id);

  std::vector<Slot> slots_;  // a power of two, at most 4/5 full
  BlockList<Hash128> keys_;  // by id
  uint64_t mask_ = 0;
  uint32_t size_ = 0;
};

}  // namespace outrider
