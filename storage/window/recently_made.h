// SPDX-License-Identifier: Apache-2.0
// The ids of the series that were made last, by birth number: who asks again for what is new need
// not look at everything that is there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace outrider {

// Not thread-safe.
class RecentlyMade {
 public:
  static constexpr uint64_t kMost = 32 * 1024;  // 128 KiB

  // Birth numbers ascend; of one that was left out nothing is known.
  void Add(uint64_t birth, uint32_t id) {
    if (ids_.empty()) {
      ids_.assign(kMost, kNone);
      first_ = next_ = birth;
    }
    for (; next_ < birth; ++next_) ids_[next_ % kMost] = kNone;
    ids_[birth % kMost] = id;
    next_ = birth + 1;
    first_ = std::max(first_, next_ - std::min(next_, kMost));
  }
  // Appends those of [from, to); false: they are too many, or too long ago.
  bool AppendTo(uint64_t from, uint64_t to, std::vector<uint32_t>* out) const {
    if (from < first_ || to > next_) return from >= to;
    for (uint64_t birth = from; birth < to; ++birth) {
      if (const uint32_t id = ids_[birth % kMost]; id != kNone) out->push_back(id);
    }
    return true;
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  std::vector<uint32_t> ids_;
  uint64_t first_ = 0;  // known are [first_, next_)
  uint64_t next_ = 0;
};

}  // namespace outrider
