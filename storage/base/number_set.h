// SPDX-License-Identifier: Apache-2.0
// A sorted set of 64-bit numbers that is cheap to copy: chunks of at most 128 numbers, shared by
// the copies. A change clones the one chunk it touches if somebody else has it too, so that one
// number more in a copy of a set of 10,000 costs some hundred bytes. 8 bytes a number. Most
// sets have one number, which needs no chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace outrider {

// A value; thread-compatible. Copies may live on different threads.
class NumberSet {
 private:
  using Chunk = std::vector<uint64_t>;
  using Chunks = std::vector<std::shared_ptr<Chunk>>;

 public:
  // Ascending; valid until the set changes.
  class Iterator {
   public:
    using value_type = uint64_t;
    using difference_type = std::ptrdiff_t;
    using reference = uint64_t;
    using pointer = const uint64_t*;
    using iterator_category = std::forward_iterator_tag;
    Iterator() = default;
    uint64_t operator*() const { return set_->NumbersOf(chunk_)[at_]; }
    Iterator& operator++() {
      if (++at_ == set_->NumbersOf(chunk_).size()) {
        ++chunk_;
        at_ = 0;
      }
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.chunk_ == b.chunk_ && a.at_ == b.at_;
    }

   private:
    friend class NumberSet;
    Iterator(const NumberSet* set, size_t chunk) : set_(set), chunk_(chunk) {}
    const NumberSet* set_ = nullptr;
    size_t chunk_ = 0;
    size_t at_ = 0;
  };
  using iterator = Iterator;
  using const_iterator = Iterator;
  using value_type = uint64_t;

  NumberSet() = default;
  NumberSet(const NumberSet&) = default;
  NumberSet& operator=(const NumberSet&) = default;
  NumberSet(NumberSet&& other) noexcept
      : chunks_(std::move(other.chunks_)),
        size_(std::exchange(other.size_, 0)),
        only_(other.only_) {
    other.chunks_.clear();
  }
  NumberSet& operator=(NumberSet&& other) noexcept {
    chunks_ = std::move(other.chunks_);
    size_ = std::exchange(other.size_, 0);
    only_ = other.only_;
    other.chunks_.clear();
    return *this;
  }
  ~NumberSet() = default;
  NumberSet(std::initializer_list<uint64_t> numbers);
  // Ascending and unique: taken as they are.
  static NumberSet FromSorted(std::span<const uint64_t> sorted);

  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size_ == 1 ? 1 : chunks_.size()}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool contains(uint64_t number) const;
  // Whether every number of `other` is in this set. What both share is passed over.
  bool Includes(const NumberSet& other) const;

  // Calls `visit(number)` for each that `before` does not have; what both share is passed over.
  template <typename Visit>
  void ForEachBeyond(const NumberSet& before, Visit&& visit) const {
    if (size_ == 1 && !before.contains(only_)) visit(only_);
    size_t known = 0;
    for (const std::shared_ptr<Chunk>& chunk : chunks_) {
      while (known < before.chunks_.size() && before.chunks_[known]->back() < chunk->front()) {
        ++known;
      }
      if (known < before.chunks_.size() && before.chunks_[known] == chunk) continue;
      for (const uint64_t number : *chunk) {
        if (!before.contains(number)) visit(number);
      }
    }
  }

  bool insert(uint64_t number);   // false: it was there
  size_t erase(uint64_t number);  // 1: it was there
  void clear();
  std::vector<uint64_t> ToVector() const;

  friend bool operator==(const NumberSet& a, const NumberSet& b);

 private:
  std::span<const uint64_t> NumbersOf(size_t chunk) const {
    if (size_ == 1) return {&only_, 1};
    return *chunks_[chunk];
  }
  // The chunk that holds `number` or is the place for it. There is one.
  size_t ChunkFor(uint64_t number) const;
  Chunk& Own(size_t chunk);

  Chunks chunks_;  // none is empty; ascending; none where there is one number
  size_t size_ = 0;
  uint64_t only_ = 0;  // where there is one number
};

}  // namespace outrider
