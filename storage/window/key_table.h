// SPDX-License-Identifier: Apache-2.0
// Which series has a key: a table of series ids by 32 bits of the key (tag_table.h), with the keys
// in an array by id. A look-up touches one slot and one key; both can be fetched ahead for a whole
// request.
//
// An id can be in the table without its key, where somebody can tell the key of an id: 16 bytes
// less for what is hardly ever looked up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "storage/base/hash.h"
#include "storage/window/tag_table.h"

namespace outrider {

inline constexpr uint32_t kNoSeries = TagTable::kNone;

// Not thread-safe; look-ups beside each other are fine. Keys are hashes already. The all-zero key
// means "none" and is never found.
class KeyTable {
 public:
  // The id with this key, or kNoSeries; not those without their keys.
  uint32_t Find(const Hash128& key) const {
    return ids_.Find(TagOf(key), [&](uint32_t id) { return Has(id, key); });
  }
  // The same, and of the ids without their keys the one for which `is_it(id)` holds.
  template <typename IsIt>
  uint32_t FindAny(const Hash128& key, IsIt is_it) const {
    if (key == Hash128()) return kNoSeries;
    return ids_.Find(TagOf(key), [&](uint32_t id) {
      const Hash128 of_id = KeyOf(id);
      return of_id == key || (of_id == Hash128() && is_it(id));
    });
  }
  // An id without its key for which `is_it(id)` holds, asked only of those that probably have it.
  template <typename IsIt>
  uint32_t FindBare(const Hash128& key, IsIt is_it) const {
    if (key == Hash128()) return kNoSeries;
    return ids_.Find(TagOf(key), [&](uint32_t id) { return KeyOf(id) == Hash128() && is_it(id); });
  }
  // The id that probably has this key (its tag fits), or kNoSeries; confirm with KeyOf().
  uint32_t Guess(const Hash128& key) const {
    return ids_.Find(TagOf(key), [](uint32_t) { return true; });
  }
  void PrefetchSlot(const Hash128& key) const { ids_.Prefetch(TagOf(key)); }
  void PrefetchKey(uint32_t id) const {
    if (const Hash128* place = PlaceOf(id); place != nullptr) __builtin_prefetch(place);
  }
  // Zero: it has none here.
  Hash128 KeyOf(uint32_t id) const {
    const Hash128* place = PlaceOf(id);
    return place != nullptr ? *place : Hash128();
  }
  bool Has(uint32_t id, const Hash128& key) const { return key != Hash128() && KeyOf(id) == key; }

  // Gives the id the key, in place of one it may have. The key must not be another id's.
  void Set(uint32_t id, const Hash128& key) {
    Erase(id);
    if (key == Hash128()) return;
    Keep(id, key);
    ids_.Insert(TagOf(key), id);
  }
  // The id, which is not there, without its key.
  void SetBare(uint32_t id, const Hash128& key) { ids_.Insert(TagOf(key), id); }
  // The key of an id that is there without it.
  void Keep(uint32_t id, const Hash128& key) {
    if (blocks_.size() <= id / kBlock) blocks_.resize(id / kBlock + 1);
    std::unique_ptr<Hash128[]>& block = blocks_[id / kBlock];
    if (!block) block = std::make_unique<Hash128[]>(kBlock);
    block[id % kBlock] = key;
  }
  void Erase(uint32_t id) {  // no-op when it has no key here
    const Hash128 key = KeyOf(id);
    if (key == Hash128()) return;
    ids_.Erase(TagOf(key), id);
    blocks_[id / kBlock][id % kBlock] = Hash128();
  }
  void EraseBare(uint32_t id, const Hash128& key) { ids_.Erase(TagOf(key), id); }
  void ForgetKeys() { blocks_.clear(); }  // all ids stay, without their keys
  uint32_t size() const { return ids_.size(); }

 private:
  static constexpr size_t kBlock = 1024;
  static uint32_t TagOf(const Hash128& key) { return static_cast<uint32_t>(key.low); }
  const Hash128* PlaceOf(uint32_t id) const {
    const size_t block = id / kBlock;
    return block < blocks_.size() && blocks_[block] ? &blocks_[block][id % kBlock] : nullptr;
  }

  TagTable ids_;
  std::vector<std::unique_ptr<Hash128[]>> blocks_;  // keys by id; null: none of them has one
};

}  // namespace outrider
