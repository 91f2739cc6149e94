// SPDX-License-Identifier: Apache-2.0
// The labels of a series as numbers of the index, by label name. Neighbours mostly differ in one
// label (the metrics of a target in their name, the buckets of a histogram in `le`): those share a
// list with a hole, and each has the label in the hole itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "storage/window/label_table.h"

namespace outrider {

// A view. Where it comes from says how long it is valid.
class PairList {
 public:
  // How a list begins: the number of labels, the place of the hole; the others follow.
  static constexpr size_t kHeader = 2;
  static constexpr uint32_t kNoHole = UINT32_MAX;

  class Iterator {
   public:
    using value_type = PairId;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(const PairList* list, size_t at) : list_(list), at_(at) {}
    PairId operator*() const { return (*list_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++at_;
      return old;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    const PairList* list_ = nullptr;
    size_t at_ = 0;
  };

  PairList() = default;
  explicit PairList(const PairId* list, PairId own = 0) : list_(list), own_(own) {}

  bool empty() const { return size() == 0; }
  size_t size() const { return list_ == nullptr ? 0 : list_[0]; }
  PairId operator[](size_t i) const {
    const uint32_t hole = list_[1];
    if (i == hole) return own_;
    return list_[kHeader + i - (i > hole ? 1 : 0)];
  }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }
  void Prefetch() const { __builtin_prefetch(list_); }

 private:
  const PairId* list_ = nullptr;  // null: no labels
  PairId own_ = 0;
};

}  // namespace outrider
