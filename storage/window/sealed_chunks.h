// SPDX-License-Identifier: Apache-2.0
// The sealed float chunks of a series, oldest first, in few pieces of memory: a chunk of a series
// whose value hardly changes has some thirty bytes, less than a struct of its own and what the heap
// keeps beside would take. A pack holds some of them, each behind what is known of it:
//   flags (1: stands in a chunk file) · varint start, since the pack's base · varint end - start ·
//   varint number of samples · varint length + bytes
// A pack is no larger than kPackBytes unless one chunk is: sealing a chunk and dropping one move no
// more than that. The room of a dropped chunk stays for the next one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>

#include "storage/window/sealed_chunk.h"

namespace outrider {

// Guarded by the lock of the series it belongs to. Views are valid until the next change.
class SealedChunks {
 private:
  struct Pack;

 public:
  static constexpr uint32_t kPackBytes = 1024;

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = ChunkView;
    using difference_type = std::ptrdiff_t;
    using reference = const ChunkView&;
    using pointer = const ChunkView*;
    Iterator() = default;
    reference operator*() const { return view_; }
    pointer operator->() const { return &view_; }
    Iterator& operator++() {
      at_ = next_;
      Load();
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.pack_ == b.pack_ && a.at_ == b.at_;
    }

   private:
    friend class SealedChunks;
    explicit Iterator(const Pack* pack) : pack_(pack) { Load(); }
    void Load();  // what stands at `at_`, in the next pack if this one ends there

    const Pack* pack_ = nullptr;  // null: the end
    uint32_t at_ = 0;
    uint32_t next_ = 0;
    ChunkView view_;
  };
  class Range {
   public:
    explicit Range(const Pack* first) : first_(first) {}
    Iterator begin() const { return Iterator(first_); }
    Iterator end() const { return {}; }

   private:
    const Pack* first_;
  };

  SealedChunks() = default;
  ~SealedChunks() { Clear(); }
  SealedChunks(SealedChunks&& other) noexcept : first_(std::exchange(other.first_, nullptr)) {}
  SealedChunks& operator=(SealedChunks&& other) noexcept {
    std::swap(first_, other.first_);
    return *this;
  }

  bool empty() const { return first_ == nullptr; }
  Range All() const { return Range(first_); }
  // Without some that end before `from`.
  Range Since(Timestamp from) const;
  bool HasUnwritten() const;  // the newest is in no chunk file

  // Copies the bytes. It begins behind the end of the one before.
  void Append(const ChunkView& chunk);
  // Drops those that end before.
  void DropBefore(Timestamp cutoff);
  // Those that end at `end` at the latest stand in chunk files.
  void MarkPersisted(Timestamp end);
  void Clear();

 private:
  // The first of its chunks to stay begins here; the size of the pack if none does.
  static uint32_t FirstKept(const Pack& pack, Timestamp cutoff);
  void DropFirstPack();

  Pack* first_ = nullptr;
};

}  // namespace outrider
