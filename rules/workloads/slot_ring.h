// SPDX-License-Identifier: Apache-2.0
// Means of equal spans of time ("slots": time / width), the newest kCapacity of them. A slot
// without data is NaN: no data is not zero.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "storage/state/row_codec.h"

namespace outrider {

// Not thread-safe.
template <size_t kCapacity>
class SlotRing {
 public:
  static constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

  // Beyond any time; so that no sum of slots overflows.
  static constexpr int64_t kLargestSlot = int64_t{1} << 40;

  // A slot behind the newest is filled only if it is missing there.
  void Add(int64_t slot, double value) {
    if (values_.empty()) newest_ = slot - 1;
    if (slot > newest_ + static_cast<int64_t>(kCapacity)) values_.clear();
    if (values_.empty()) newest_ = slot - 1;
    while (newest_ < slot) {
      if (values_.size() == kCapacity) values_.erase(values_.begin());
      values_.push_back(kMissing);
      ++newest_;
    }
    const int64_t behind = newest_ - slot;
    if (behind >= static_cast<int64_t>(values_.size())) return;
    float& place = values_[values_.size() - 1 - static_cast<size_t>(behind)];
    if (std::isnan(place)) place = static_cast<float>(value);
  }
  // Oldest first; the last one is the slot newest().
  std::span<const float> values() const { return values_; }
  int64_t newest() const { return newest_; }

  void Save(RowWriter& out) const {
    out.I64(newest_).U64(values_.size());
    for (const float value : values_) out.Double(value);
  }
  void Load(RowReader& in) {
    newest_ = in.I64();
    values_.clear();
    for (uint64_t left = in.Count(); left > 0; --left) {
      const double value = in.Double();
      if (values_.size() < kCapacity) values_.push_back(static_cast<float>(value));
    }
    if (newest_ < 0 || newest_ > kLargestSlot) *this = {};
  }

 private:
  std::vector<float> values_;
  int64_t newest_ = 0;
};

}  // namespace outrider
