// SPDX-License-Identifier: Apache-2.0
#include "storage/window/small_blocks.h"

#include <cstdlib>
#include <new>

namespace outrider {
namespace {

constexpr size_t kPage = 4096;
// What the heap keeps beside a page leaves so much: pages then lie side by side.
constexpr size_t kSlab = kPage - 16;
constexpr size_t kKeptEmpty = 16;  // slabs, and one in eight of those in use
constexpr uint16_t kNone = UINT16_MAX;

}  // namespace

// The head of a page; its pieces follow.
struct SmallBlocks::Slab {
  Slab* next = nullptr;
  Slab* before = nullptr;
  uint16_t steps = 0;     // of a piece
  uint16_t used = 0;      // pieces that somebody has
  uint16_t made = 0;      // steps: pieces up to here were given out once
  uint16_t free = kNone;  // the first piece given back, in steps; it names the next

  static constexpr size_t Head() { return (sizeof(Slab) + kStep - 1) / kStep; }
  uint32_t* At(size_t step) { return reinterpret_cast<uint32_t*>(this) + step; }
  bool IsFull() const { return free == kNone && (made + size_t{steps}) * kStep > kSlab; }
};

SmallBlocks::~SmallBlocks() {
  for (const Slabs& slabs : slabs_) {
    FreeAll(slabs.open);
    FreeAll(slabs.full);
  }
  FreeAll(empty_);
}

void SmallBlocks::FreeAll(Slab* list) {
  while (list != nullptr) {
    Slab* const next = list->next;
    std::free(list);
    list = next;
  }
}

void SmallBlocks::Link(Slab* slab, Slab** list) {
  slab->before = nullptr;
  slab->next = *list;
  if (*list != nullptr) (*list)->before = slab;
  *list = slab;
}

void SmallBlocks::Unlink(Slab* slab, Slab** list) {
  if (slab->next != nullptr) slab->next->before = slab->before;
  (slab->before != nullptr ? slab->before->next : *list) = slab->next;
}

SmallBlocks::Slab* SmallBlocks::NewSlab(size_t steps) {
  void* page = empty_;
  if (page != nullptr) {
    empty_ = empty_->next;
    --empty_count_;
  } else {
    if (posix_memalign(&page, kPage, kSlab) != 0) throw std::bad_alloc();
  }
  auto* const slab = new (page) Slab();
  slab->steps = static_cast<uint16_t>(steps);
  slab->made = static_cast<uint16_t>(Slab::Head());
  ++count_;
  return slab;
}

void SmallBlocks::Retire(Slab* slab) {
  --count_;
  if (empty_count_ >= kKeptEmpty + count_ / 8) {
    std::free(slab);
    return;
  }
  slab->next = empty_;
  empty_ = slab;
  ++empty_count_;
}

void* SmallBlocks::Take(size_t size) {
  if (size > kLargest) {
    std::unique_ptr<std::byte[]> piece(new std::byte[size]);
    void* const place = piece.get();
    large_.emplace(place, std::move(piece));
    return place;
  }
  const size_t steps = StepsOf(size);
  Slabs& slabs = slabs_[steps];
  if (slabs.open == nullptr) Link(NewSlab(steps), &slabs.open);
  Slab* const slab = slabs.open;
  uint32_t* place = nullptr;
  if (slab->free != kNone) {
    place = slab->At(slab->free);
    slab->free = static_cast<uint16_t>(*place);
  } else {
    place = slab->At(slab->made);
    slab->made = static_cast<uint16_t>(slab->made + steps);
  }
  ++slab->used;
  if (slab->IsFull()) {
    Unlink(slab, &slabs.open);
    Link(slab, &slabs.full);
  }
  return place;
}

void SmallBlocks::GiveBack(const void* piece, size_t size) {
  if (size > kLargest) {
    large_.erase(piece);
    return;
  }
  const auto address = reinterpret_cast<uintptr_t>(piece);
  auto* const slab = reinterpret_cast<Slab*>(address / kPage * kPage);
  Slabs& slabs = slabs_[slab->steps];
  if (slab->IsFull()) {
    Unlink(slab, &slabs.full);
    Link(slab, &slabs.open);
  }
  const auto place = static_cast<uint16_t>(address % kPage / kStep);
  *slab->At(place) = slab->free;
  slab->free = place;
  if (--slab->used > 0) return;
  Unlink(slab, &slabs.open);
  Retire(slab);
}

}  // namespace outrider
