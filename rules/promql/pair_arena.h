// SPDX-License-Identifier: Apache-2.0
// Keeps short lists of label numbers, as PairList has them, until it goes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "storage/window/pair_list.h"

namespace outrider::promql {

class PairArena {
 public:
  std::span<const PairId> Copy(std::span<const PairId> pairs) {
    const size_t size = pairs.size() + PairList::kHeader;
    if (size > left_) {
      left_ = std::max(size, kBlock);
      next_ = blocks_.emplace_back(std::make_unique<PairId[]>(left_)).get();
    }
    PairId* copy = next_;
    next_ += size;
    left_ -= size;
    copy[0] = static_cast<PairId>(pairs.size());
    copy[1] = PairList::kNoHole;
    std::copy(pairs.begin(), pairs.end(), copy + PairList::kHeader);
    return {copy + PairList::kHeader, pairs.size()};
  }
  PairList List(std::span<const PairId> pairs) {
    return PairList(Copy(pairs).data() - PairList::kHeader);
  }

 private:
  static constexpr size_t kBlock = 1024;
  std::vector<std::unique_ptr<PairId[]>> blocks_;
  PairId* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace outrider::promql
