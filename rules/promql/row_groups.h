// SPDX-License-Identifier: Apache-2.0
// Numbers rows so that those with equal labels, as far as a LabelKey keeps them, have one number.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "rules/promql/block.h"
#include "rules/promql/label_key.h"
#include "rules/promql/pair_arena.h"
#include "storage/base/hash.h"

namespace outrider::promql {

class RowGroups {
 public:
  // Of the rows of these blocks, or of rows that have label numbers where all of theirs do.
  RowGroups(LabelKey key, const Block& rows) : RowGroups(std::move(key), rows, rows) {}
  RowGroups(LabelKey key, const Block& rows, const Block& more);
  // Numbers count upwards from 0 as new groups are met.
  uint32_t Of(const Row& row, bool name_gone);
  uint32_t size() const { return size_; }

 private:
  struct PairsHash {
    size_t operator()(std::span<const PairId> pairs) const {
      uint64_t hash = pairs.size();
      for (const PairId id : pairs) hash = (hash ^ id) * 0x9e3779b97f4a7c15ULL ^ hash >> 29;
      return static_cast<size_t>(hash ^ hash >> 32);
    }
  };
  struct PairsEqual {
    bool operator()(std::span<const PairId> a, std::span<const PairId> b) const {
      return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }
  };

  uint32_t OfPairs(std::span<const PairId> pairs);
  // Groups of one label that were met lately, by its number: most rows are of one of these.
  struct Recent {
    PairId pair = UINT32_MAX;
    uint32_t group = 0;
  };
  static constexpr size_t kRecent = 128;

  LabelKey key_;
  const bool numbered_;  // all rows have label numbers: then equal labels have equal ones
  const bool one_label_;
  uint32_t size_ = 0;
  StringMap<uint32_t> by_text_;
  absl::flat_hash_map<std::span<const PairId>, uint32_t, PairsHash, PairsEqual> by_pairs_;
  PairArena arena_;  // of the keys
  std::array<Recent, kRecent> recent_;
};

}  // namespace outrider::promql
