// SPDX-License-Identifier: Apache-2.0
#include "storage/base/merge_keys.h"

#include <vector>

namespace outrider {
namespace {

void MergeEntries(const YamlNode& from, std::vector<YamlNode::Entry>* entries) {
  if (from.IsSequence()) {
    for (const YamlNode& item : from.items) MergeEntries(item, entries);
    return;
  }
  for (const auto& entry : from.entries) {
    bool present = false;
    for (const auto& own : *entries) present |= own.first.scalar == entry.first.scalar;
    if (!present) entries->push_back(entry);
  }
}

}  // namespace

// The tree is at most 64 deep (ParseYaml).
void FoldMergeKeys(YamlNode* node) {
  for (YamlNode& item : node->items) FoldMergeKeys(&item);
  std::vector<YamlNode::Entry> own;
  std::vector<YamlNode> merged;
  for (auto& [key, value] : node->entries) {
    FoldMergeKeys(&value);
    if (key.scalar == "<<" && !key.quoted && (value.IsMap() || value.IsSequence())) {
      merged.push_back(std::move(value));
    } else {
      own.emplace_back(std::move(key), std::move(value));
    }
  }
  for (const YamlNode& from : merged) MergeEntries(from, &own);
  node->entries = std::move(own);
}

}  // namespace outrider
