// SPDX-License-Identifier: Apache-2.0
#include "storage/window/postings.h"

#include <algorithm>

namespace outrider {
namespace {

constexpr uint16_t High(uint32_t id) { return static_cast<uint16_t>(id >> 16); }
constexpr uint16_t Low(uint32_t id) { return static_cast<uint16_t>(id & 0xffff); }

}  // namespace

std::vector<Postings::Container>::iterator Postings::Find(uint16_t key) {
  return std::lower_bound(containers_.begin(), containers_.end(), key,
                          [](const Container& c, uint16_t k) { return c.key < k; });
}

void Postings::Insert(Container* container, uint16_t low, uint32_t* size) {
  if (!container->bitmap) {
    std::vector<uint16_t>& list = container->list;
    // New series have the highest ids.
    const auto at = list.empty() || list.back() < low
                        ? list.end()
                        : std::lower_bound(list.begin(), list.end(), low);
    if (at != list.end() && *at == low) return;
    if (container->list.size() < kMaxList) {
      container->list.insert(at, low);
      ++container->count;
      ++*size;
      return;
    }
    container->bitmap = std::make_unique<Bitmap>();
    for (const uint16_t one : container->list) (*container->bitmap)[one / 64] |= 1ULL << (one % 64);
    container->list = {};
  }
  uint64_t& word = (*container->bitmap)[low / 64];
  const uint64_t bit = 1ULL << (low % 64);
  if ((word & bit) != 0) return;
  word |= bit;
  ++container->count;
  ++*size;
}

void Postings::Add(uint32_t id) {
  auto it = !containers_.empty() && containers_.back().key == High(id) ? containers_.end() - 1
                                                                       : Find(High(id));
  if (it == containers_.end() || it->key != High(id)) {
    // Most label values have few series: one container, no spare room.
    containers_.reserve(containers_.size() + 1);
    it = containers_.insert(Find(High(id)), Container{});
    it->key = High(id);
  }
  Insert(&*it, Low(id), &size_);
}

void Postings::Remove(uint32_t id) {
  const auto it = Find(High(id));
  if (it == containers_.end() || it->key != High(id)) return;
  const uint16_t low = Low(id);
  if (it->bitmap) {
    uint64_t& word = (*it->bitmap)[low / 64];
    const uint64_t bit = 1ULL << (low % 64);
    if ((word & bit) == 0) return;
    word &= ~bit;
  } else {
    const auto at = std::lower_bound(it->list.begin(), it->list.end(), low);
    if (at == it->list.end() || *at != low) return;
    it->list.erase(at);
  }
  --size_;
  if (--it->count == 0) containers_.erase(it);
}

bool Postings::Contains(uint32_t id) const {
  const auto it = std::lower_bound(containers_.begin(), containers_.end(), High(id),
                                   [](const Container& c, uint16_t k) { return c.key < k; });
  if (it == containers_.end() || it->key != High(id)) return false;
  const uint16_t low = Low(id);
  if (it->bitmap) return ((*it->bitmap)[low / 64] >> (low % 64) & 1) != 0;
  return std::binary_search(it->list.begin(), it->list.end(), low);
}

void Postings::AppendTo(std::vector<uint32_t>* out) const {
  for (const Container& container : containers_) {
    const uint32_t high = uint32_t{container.key} << 16;
    for (const uint16_t low : container.list) out->push_back(high | low);
    if (!container.bitmap) continue;
    for (uint32_t i = 0; i < container.bitmap->size(); ++i) {
      for (uint64_t word = (*container.bitmap)[i]; word != 0; word &= word - 1) {
        out->push_back(high | (i * 64 + static_cast<uint32_t>(std::countr_zero(word))));
      }
    }
  }
}

}  // namespace outrider
