// SPDX-License-Identifier: Apache-2.0
// Rows sorted by the shard of their series, so that a lock is taken once a shard.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace outrider {

inline constexpr uint32_t kNoShard = UINT32_MAX;

template <uint32_t kShards>
class ShardOrder {
 public:
  // `shard_of(row)`: kNoShard adds the row to `without`. `order` holds the result and outlives
  // this.
  template <typename ShardOf>
  ShardOrder(uint32_t rows, ShardOf shard_of, std::vector<uint32_t>* without,
             std::vector<uint32_t>* order)
      : order_(*order) {
    order_.resize(rows);
    for (uint32_t row = 0; row < rows; ++row) {
      const uint32_t shard = shard_of(row);
      if (shard == kNoShard) {
        without->push_back(row);
      } else {
        ++begin_[shard + 1];
      }
    }
    for (uint32_t shard = 0; shard < kShards; ++shard) begin_[shard + 1] += begin_[shard];
    std::array<uint32_t, kShards + 1> next = begin_;
    for (uint32_t row = 0; row < rows; ++row) {
      const uint32_t shard = shard_of(row);
      if (shard != kNoShard) order_[next[shard]++] = row;
    }
  }
  // The rows of a shard, ascending.
  std::span<const uint32_t> Of(uint32_t shard) const {
    return std::span(order_).subspan(begin_[shard], begin_[shard + 1] - begin_[shard]);
  }

 private:
  std::vector<uint32_t>& order_;
  std::array<uint32_t, kShards + 1> begin_{};
};

}  // namespace outrider
