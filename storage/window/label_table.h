// SPDX-License-Identifier: Apache-2.0
// The labels of an index by number. A label never moves, so whoever learned a number under the
// index's lock reads it without: the lock that gave the number also showed the label.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "storage/model/labels.h"

namespace outrider {

using PairId = uint32_t;

struct LabelPair {
  uint32_t name = 0;      // number of the name: equal where names are
  uint32_t value_at = 0;  // in `packed`
  std::string packed;     // the label as Labels::packed() has it
  std::string_view value() const { return std::string_view(packed).substr(value_at); }
  std::string_view name_text() const { return FirstNameOfPacked(packed); }
  LabelView view() const { return {name_text(), value()}; }
};

// One writer, under a lock; readers of labels that were there when they held it need none.
class LabelTable {
 public:
  const LabelPair& At(PairId id) const {
    const Place place = PlaceOf(id);
    return blocks_[place.block][place.offset];
  }
  LabelPair& At(PairId id) {
    const Place place = PlaceOf(id);
    return blocks_[place.block][place.offset];
  }
  PairId Add() {
    const Place place = PlaceOf(size_);
    if (!blocks_[place.block]) {
      blocks_[place.block] = std::make_unique<LabelPair[]>(kFirst << place.block);
    }
    return size_++;
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

  std::array<std::unique_ptr<LabelPair[]>, kBlocks> blocks_;
  uint32_t size_ = 0;
  std::atomic<bool> has_type_or_unit_{false};
};

}  // namespace outrider
