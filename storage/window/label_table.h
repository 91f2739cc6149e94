// SPDX-License-Identifier: Apache-2.0
// The labels of an index by number. A label never moves, so whoever learned a number under the
// index's lock reads it without: the lock that gave the number also showed the label.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "storage/model/labels.h"
#include "storage/window/small_blocks.h"

namespace outrider {

using PairId = uint32_t;

struct LabelPair {
  const char* text = nullptr;  // the label as Labels::packed() has it
  uint32_t size = 0;
  uint32_t value_at = 0;  // in it
  uint32_t name = 0;      // number of the name: equal where names are
  std::string_view packed() const { return {text, size}; }
  std::string_view value() const { return packed().substr(value_at); }
  std::string_view name_text() const { return FirstNameOfPacked(packed()); }
  LabelView view() const { return {name_text(), value()}; }
};

// One writer, under a lock; readers of labels that were there when they held it need none.
class LabelTable {
 public:
  const LabelPair& At(PairId id) const {
    const Place place = PlaceOf(id);
    return blocks_[place.block][place.offset];
  }
  // A number that is not in use.
  PairId Add() {
    const Place place = PlaceOf(size_);
    if (!blocks_[place.block]) {
      // From calloc: what is not used yet takes no memory.
      blocks_[place.block].reset(
          static_cast<LabelPair*>(std::calloc(kFirst << place.block, sizeof(LabelPair))));
      if (!blocks_[place.block]) throw std::bad_alloc();
    }
    return size_++;
  }
  void Set(PairId id, uint32_t name, const LabelView& label) {
    const std::string packed = Labels::FromSorted({&label, 1}).packed();
    const auto size = static_cast<uint32_t>(packed.size());
    auto* const text = static_cast<char*>(texts_.Take(size));
    std::memcpy(text, packed.data(), size);
    AtPlace(id) = {.text = text,
                   .size = size,
                   .value_at = size - static_cast<uint32_t>(label.value.size()),
                   .name = name};
  }
  void Clear(PairId id) {
    LabelPair& pair = AtPlace(id);
    texts_.GiveBack(pair.text, pair.size);
    pair = LabelPair();
  }
  uint32_t size() const { return size_; }

  // Whether any label ever had one of the names __type__ and __unit__; hardly anybody sends them.
  bool HasTypeOrUnit() const { return has_type_or_unit_.load(std::memory_order_relaxed); }
  void NoteTypeOrUnit() { has_type_or_unit_.store(true, std::memory_order_relaxed); }

 private:
  // Each block is twice as large as the one before.
  static constexpr uint32_t kFirst = 256;
  static constexpr uint32_t kBlocks = 32 - std::countr_zero(kFirst);
  struct Place {
    uint32_t block;
    uint32_t offset;
  };
  static Place PlaceOf(PairId id) {
    const uint64_t shifted = uint64_t{id} + kFirst;
    const auto block = static_cast<uint32_t>(std::bit_width(shifted / kFirst)) - 1;
    return {block, static_cast<uint32_t>(shifted - (uint64_t{kFirst} << block))};
  }

  LabelPair& AtPlace(PairId id) {
    const Place place = PlaceOf(id);
    return blocks_[place.block][place.offset];
  }

  struct FreeDeleter {
    void operator()(LabelPair* block) const { std::free(block); }
  };
  std::array<std::unique_ptr<LabelPair[], FreeDeleter>, kBlocks> blocks_;
  SmallBlocks texts_;
  uint32_t size_ = 0;
  std::atomic<bool> has_type_or_unit_{false};
};

}  // namespace outrider
