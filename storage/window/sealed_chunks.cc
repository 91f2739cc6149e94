// SPDX-License-Identifier: Apache-2.0
#include "storage/window/sealed_chunks.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

namespace outrider {
namespace {

constexpr uint8_t kPersistedFlag = 1;
constexpr size_t kMostHead = 32;  // bytes before those of a chunk

uint64_t ReadVarint(const uint8_t** at) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const uint8_t byte = *(*at)++;
    value |= uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
}

uint8_t* WriteVarint(uint64_t value, uint8_t* at) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<uint8_t>(value | 0x80);
  *at++ = static_cast<uint8_t>(value);
  return at;
}

// Times may be any.
uint64_t Distance(Timestamp from, Timestamp to) {
  return static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
}
Timestamp After(Timestamp from, uint64_t distance) {
  return static_cast<Timestamp>(static_cast<uint64_t>(from) + distance);
}

}  // namespace

// From malloc, grown by realloc.
struct SealedChunks::Pack {
  Pack* next;
  Timestamp base;  // no chunk of it begins before, and each of those in packs before it ends before
  uint32_t size;   // of what follows right behind

  // Not sizeof: what pads the struct is used too.
  static constexpr size_t kHead = sizeof(Pack*) + sizeof(Timestamp) + sizeof(uint32_t);
  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this) + kHead; }
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(this) + kHead; }
  // Keeps the room it has, for the chunk after the one that was dropped: moved each time, millions
  // of packs would leave holes that fit no other. Gives it back where half is not used.
  static Pack* Resize(Pack* pack, size_t size) {
    const size_t room = pack == nullptr ? 0 : malloc_usable_size(pack);
    if (kHead + size <= room && kHead + size > room / 2) return pack;
    void* const grown = std::realloc(static_cast<void*>(pack), kHead + size);
    if (grown == nullptr) throw std::bad_alloc();
    return static_cast<Pack*>(grown);
  }
};

void SealedChunks::Iterator::Load() {
  if (pack_ != nullptr && at_ == pack_->size) {
    pack_ = pack_->next;
    at_ = 0;
  }
  if (pack_ == nullptr) return;
  const uint8_t* at = pack_->bytes() + at_;
  view_.persisted = (*at++ & kPersistedFlag) != 0;
  view_.start = After(pack_->base, ReadVarint(&at));
  view_.end = After(view_.start, ReadVarint(&at));
  view_.count = static_cast<uint16_t>(ReadVarint(&at));
  const auto size = static_cast<uint32_t>(ReadVarint(&at));
  view_.data = {at, size};
  next_ = static_cast<uint32_t>(at - pack_->bytes()) + size;
}

SealedChunks::Range SealedChunks::Since(Timestamp from) const {
  const Pack* pack = first_;
  while (pack != nullptr && pack->next != nullptr && pack->next->base <= from) pack = pack->next;
  return Range(pack);
}

bool SealedChunks::HasUnwritten() const {
  const Pack* last = first_;
  while (last != nullptr && last->next != nullptr) last = last->next;
  bool unwritten = false;
  for (const ChunkView& chunk : Range(last)) unwritten = !chunk.persisted;
  return unwritten;
}

void SealedChunks::Append(const ChunkView& chunk) {
  Pack** last = &first_;
  while (*last != nullptr && (*last)->next != nullptr) last = &(*last)->next;
  const auto bytes = static_cast<uint32_t>(chunk.data.size());
  if (*last != nullptr && (*last)->size + kMostHead + bytes > kPackBytes) last = &(*last)->next;
  const Timestamp base = *last != nullptr ? (*last)->base : chunk.start;
  const uint32_t had = *last != nullptr ? (*last)->size : 0;

  std::array<uint8_t, kMostHead> head{};
  uint8_t* end = head.data();
  *end++ = chunk.persisted ? kPersistedFlag : 0;
  end = WriteVarint(Distance(base, chunk.start), end);
  end = WriteVarint(Distance(chunk.start, chunk.end), end);
  end = WriteVarint(chunk.count, end);
  end = WriteVarint(bytes, end);
  const auto head_size = static_cast<uint32_t>(end - head.data());

  const bool is_new = *last == nullptr;
  Pack* const pack = Pack::Resize(*last, had + head_size + bytes);
  if (is_new) {
    pack->next = nullptr;
    pack->base = base;
  }
  *last = pack;
  uint8_t* const to = std::copy_n(head.data(), head_size, pack->bytes() + had);
  std::copy_n(chunk.data.data(), bytes, to);  // none: the chunk's data may be null
  pack->size = had + head_size + bytes;
}

uint32_t SealedChunks::FirstKept(const Pack& pack, Timestamp cutoff) {
  Iterator it(&pack);
  while (it.pack_ == &pack && it->end < cutoff) ++it;
  return it.pack_ == &pack ? it.at_ : pack.size;
}

void SealedChunks::DropFirstPack() {
  Pack* const next = first_->next;
  std::free(first_);
  first_ = next;
}

void SealedChunks::DropBefore(Timestamp cutoff) {
  uint32_t kept = 0;
  while (first_ != nullptr && (kept = FirstKept(*first_, cutoff)) == first_->size) DropFirstPack();
  if (first_ == nullptr || kept == 0) return;
  first_->size -= kept;
  std::memmove(first_->bytes(), first_->bytes() + kept, first_->size);
  first_ = Pack::Resize(first_, first_->size);
}

void SealedChunks::MarkPersisted(Timestamp end) {
  for (Pack* pack = first_; pack != nullptr; pack = pack->next) {
    for (Iterator it(pack); it.pack_ == pack; ++it) {
      if (it->end <= end) pack->bytes()[it.at_] |= kPersistedFlag;
    }
  }
}

void SealedChunks::Clear() {
  while (first_ != nullptr) DropFirstPack();
}

}  // namespace outrider
