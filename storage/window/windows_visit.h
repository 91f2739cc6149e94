// SPDX-License-Identifier: Apache-2.0
// How windows_query.cc and windows_feed.cc walk over series by their ids. Part of Windows.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "storage/window/windows.h"

namespace outrider {
namespace windows_visit {

inline constexpr uint32_t kPiece = 256;  // series read under one lock
inline constexpr uint32_t kAhead = 8;    // series of which memory is fetched ahead

template <uint32_t kShards>
struct ByShard {
  std::array<uint32_t, kShards + 1> begin{};  // of each shard's part of `order`
  std::vector<uint32_t> order;                // places in the list of ids
};
template <uint32_t kShards, typename ShardOf>
ByShard<kShards> OrderByShard(const std::vector<uint32_t>& ids, ShardOf shard_of) {
  ByShard<kShards> sorted;
  auto& begin = sorted.begin;
  for (const uint32_t id : ids) ++begin[shard_of(id) + 1];
  for (uint32_t shard = 0; shard < kShards; ++shard) begin[shard + 1] += begin[shard];
  std::array<uint32_t, kShards + 1> next = begin;
  sorted.order.resize(ids.size());
  for (uint32_t i = 0; i < ids.size(); ++i) sorted.order[next[shard_of(ids[i])]++] = i;
  return sorted;
}

// Whether the slot's series was there before.
inline bool IsOf(const SeriesSlots& slots, uint32_t slot, uint64_t born_before) {
  return slot < slots.size() && slots[slot].birth != 0 && slots[slot].birth < born_before;
}

}  // namespace windows_visit

// Shard by shard: locks are taken for many series, and what is needed next is fetched ahead.
template <typename Visit, typename Pause>
void Windows::ForEach(const std::vector<uint32_t>& ids, uint64_t born_before, Visit visit,
                      Pause pause) const {
  using windows_visit::kAhead;
  using windows_visit::kPiece;
  const auto [begin, order] = windows_visit::OrderByShard<kShards>(ids, ShardOf);
  for (uint32_t at = 0; at < kShards; ++at) {
    const Shard& shard = shards_[at];
    for (uint32_t i = begin[at]; i < begin[at + 1];) {
      Go go = Go::kOn;
      {
        const uint32_t end = std::min(i + kPiece, begin[at + 1]);
        const absl::ReaderMutexLock lock(&shard.mutex);
        const absl::MutexLock decoded_lock(&shard.decoded.mutex);
        const auto slot_at = [&, &places = order](uint32_t k) {
          return k < end ? SlotOf(ids[places[k]]) : UINT32_MAX;
        };
        for (uint32_t k = i; k < i + 3 * kAhead; ++k) shard.decoded.PrefetchPlace(slot_at(k));
        for (uint32_t k = i; k < i + 2 * kAhead; ++k) PrefetchSeries(shard, slot_at(k));
        for (; i < end && go == Go::kOn; ++i) {
          shard.decoded.PrefetchPlace(slot_at(i + 3 * kAhead));
          PrefetchSeries(shard, slot_at(i + 2 * kAhead));
          PrefetchSamples(shard, slot_at(i + kAhead));
          const uint32_t slot = slot_at(i);
          if (windows_visit::IsOf(shard.series, slot, born_before)) {
            go = visit(shard, order[i], shard.series[slot]);
          }
        }
      }
      if (go == Go::kEnd || !pause()) return;
    }
  }
}

}  // namespace outrider
