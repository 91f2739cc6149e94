// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/row_groups.h"

#include <algorithm>
#include <utility>

namespace outrider::promql {
namespace {

bool AreNumbered(const Block& block) {
  return std::all_of(block.rows.begin(), block.rows.end(),
                     [](const Row& row) { return row.labels->table() != nullptr; });
}

}  // namespace

RowGroups::RowGroups(LabelKey key, const Block& rows, const Block& more)
    : key_(std::move(key)),
      numbered_(AreNumbered(rows) && AreNumbered(more)),
      one_label_(numbered_ && key_.IsOneLabel()) {}

uint32_t RowGroups::Of(const Row& row, bool name_gone) {
  if (!numbered_) {
    const std::string_view text = key_.Of(row, name_gone);
    if (const auto it = by_text_.find(text); it != by_text_.end()) return it->second;
    by_text_.emplace(text, size_);
    return size_++;
  }
  PairId guess = UINT32_MAX;
  if (one_label_ && key_.GuessPair(row, &guess)) {
    const Recent& recent = recent_[guess % kRecent];
    if (recent.pair == guess) return recent.group;
  }
  const std::span<const PairId> pairs = key_.PairsOf(row, name_gone);
  const uint32_t group = OfPairs(pairs);
  // A row without the label has no number for it.
  if (one_label_ && pairs.size() == 1) recent_[pairs[0] % kRecent] = {pairs[0], group};
  return group;
}

uint32_t RowGroups::OfPairs(std::span<const PairId> pairs) {
  if (const auto it = by_pairs_.find(pairs); it != by_pairs_.end()) return it->second;
  by_pairs_.emplace(arena_.Copy(pairs), size_);
  return size_++;
}

}  // namespace outrider::promql
