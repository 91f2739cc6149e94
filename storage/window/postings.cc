// SPDX-License-Identifier: Apache-2.0
#include "storage/window/postings.h"

#include <algorithm>

namespace outrider {
namespace {

constexpr uint16_t High(uint32_t id) { return static_cast<uint16_t>(id >> 16); }
constexpr uint16_t Low(uint32_t id) { return static_cast<uint16_t>(id & 0xffff); }

}  // namespace

Postings::Containers::iterator Postings::Find(Containers* containers, uint16_t key) {
  return std::lower_bound(containers->begin(), containers->end(), key,
                          [](const Container& c, uint16_t k) { return c.key < k; });
}

// False when it was there.
bool Postings::Insert(Container* container, uint16_t low) {
  if (!container->bitmap) {
    std::vector<uint16_t>& list = container->list;
    // New series have the highest ids.
    const auto at = list.empty() || list.back() < low
                        ? list.end()
                        : std::lower_bound(list.begin(), list.end(), low);
    if (at != list.end() && *at == low) return false;
    if (container->list.size() < kMaxList) {
      container->list.insert(at, low);
      ++container->count;
      return true;
    }
    container->bitmap = std::make_unique<Bitmap>();
    for (const uint16_t one : container->list) (*container->bitmap)[one / 64] |= 1ULL << (one % 64);
    container->list = {};
  }
  uint64_t& word = (*container->bitmap)[low / 64];
  const uint64_t bit = 1ULL << (low % 64);
  if ((word & bit) != 0) return false;
  word |= bit;
  ++container->count;
  return true;
}

bool Postings::ExtendRun(uint32_t first, uint32_t count) {
  if (size_ == 0 || first + count == first_) {
    first_ = first;
  } else if (first != first_ + size_) {
    return count == 1 && InRun(first);
  }
  size_ += count;
  return true;
}

bool Postings::RemoveFromRun(uint32_t id) {
  if (!InRun(id)) return true;
  if (id == first_) {
    ++first_;
  } else if (id != first_ + size_ - 1) {
    return false;
  }
  --size_;
  return true;
}

void Postings::LeaveRun() {
  auto containers = std::make_unique<Containers>();
  for (uint32_t i = 0; i < size_; ++i) {
    const uint32_t id = first_ + i;
    if (containers->empty() || containers->back().key != High(id)) {
      containers->reserve(containers->size() + 1);
      containers->emplace_back().key = High(id);
    }
    Insert(&containers->back(), Low(id));
  }
  containers_ = std::move(containers);
}

void Postings::AddRun(uint32_t first, uint32_t count) {
  if (!containers_) {
    if (ExtendRun(first, count)) return;
    LeaveRun();
  }
  for (uint32_t i = 0; i < count; ++i) AddToContainers(first + i);
}

void Postings::AddToContainers(uint32_t id) {
  Containers& all = *containers_;
  auto it = !all.empty() && all.back().key == High(id) ? all.end() - 1 : Find(&all, High(id));
  if (it == all.end() || it->key != High(id)) {
    // Most label values have few series: one container, no spare room.
    all.reserve(all.size() + 1);
    it = all.insert(Find(&all, High(id)), Container{});
    it->key = High(id);
  }
  if (Insert(&*it, Low(id))) ++size_;
}

void Postings::Remove(uint32_t id) {
  if (!containers_) {
    if (RemoveFromRun(id)) return;
    LeaveRun();
  }
  const auto it = Find(containers_.get(), High(id));
  if (it == containers_->end() || it->key != High(id)) return;
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
  if (--it->count == 0) containers_->erase(it);
  if (--size_ == 0) containers_.reset();
}

bool Postings::Contains(uint32_t id) const {
  if (!containers_) return InRun(id);
  const auto it = Find(containers_.get(), High(id));
  if (it == containers_->end() || it->key != High(id)) return false;
  const uint16_t low = Low(id);
  if (it->bitmap) return ((*it->bitmap)[low / 64] >> (low % 64) & 1) != 0;
  return std::binary_search(it->list.begin(), it->list.end(), low);
}

void Postings::AppendTo(std::vector<uint32_t>* out) const {
  if (!containers_) {
    for (uint32_t i = 0; i < size_; ++i) out->push_back(first_ + i);
    return;
  }
  for (const Container& container : *containers_) {
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
