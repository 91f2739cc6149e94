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
    : key_(std::move(key)), numbered_(AreNumbered(rows) && AreNumbered(more)) {}

uint32_t RowGroups::Of(const Row& row, bool name_gone) {
  if (!numbered_) {
    const std::string_view text = key_.Of(row, name_gone);
    if (const auto it = by_text_.find(text); it != by_text_.end()) return it->second;
    by_text_.emplace(text, size_);
    return size_++;
  }
  const std::span<const PairId> pairs = key_.PairsOf(row, name_gone);
  if (const auto it = by_pairs_.find(pairs); it != by_pairs_.end()) return it->second;
  by_pairs_.emplace(arena_.Copy(pairs), size_);
  return size_++;
}

}  // namespace outrider::promql
