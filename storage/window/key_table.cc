// SPDX-License-Identifier: Apache-2.0
// Linear probing with backward-shift deletion: no tombstones, so that churn does not slow it down.
#include "storage/window/key_table.h"

#include <algorithm>

namespace outrider {
namespace {

constexpr size_t kFirstSlots = 64;

}  // namespace

uint32_t KeyTable::Find(const Hash128& key) const {
  if (slots_.empty()) return kNoSeries;
  for (uint64_t at = key.low & mask_; slots_[at].id != kNoSeries; at = (at + 1) & mask_) {
    if (slots_[at].tag == TagOf(key) && keys_[slots_[at].id] == key) return slots_[at].id;
  }
  return kNoSeries;
}

uint32_t KeyTable::Guess(const Hash128& key) const {
  if (slots_.empty()) return kNoSeries;
  for (uint64_t at = key.low & mask_; slots_[at].id != kNoSeries; at = (at + 1) & mask_) {
    if (slots_[at].tag == TagOf(key)) return slots_[at].id;
  }
  return kNoSeries;
}

void KeyTable::Place(uint32_t id) {
  uint64_t at = keys_[id].low & mask_;
  while (slots_[at].id != kNoSeries) at = (at + 1) & mask_;
  slots_[at] = {.tag = TagOf(keys_[id]), .id = id};
}

void KeyTable::Grow() {
  slots_.assign(std::max(kFirstSlots, slots_.size() * 2), Slot());
  mask_ = slots_.size() - 1;
  for (uint32_t id = 0; id < keys_.size(); ++id) {
    if (keys_[id] != Hash128()) Place(id);
  }
}

void KeyTable::Set(uint32_t id, const Hash128& key) {
  Erase(id);
  if (key == Hash128()) return;
  if ((uint64_t{size_} + 1) * 5 > slots_.size() * 4) Grow();
  keys_.Reach(id);
  keys_[id] = key;
  ++size_;
  Place(id);
}

void KeyTable::Erase(uint32_t id) {
  if (id >= keys_.size() || keys_[id] == Hash128()) return;
  uint64_t hole = keys_[id].low & mask_;
  while (slots_[hole].id != id) hole = (hole + 1) & mask_;
  for (uint64_t at = (hole + 1) & mask_; slots_[at].id != kNoSeries; at = (at + 1) & mask_) {
    const uint64_t home = keys_[slots_[at].id].low & mask_;
    // Whoever would still be found from its home without passing the hole stays.
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = Slot();
  keys_[id] = Hash128();
  --size_;
}

}  // namespace outrider
