// SPDX-License-Identifier: Apache-2.0
#include "storage/window/series_labels.h"

#include <array>
#include <vector>

namespace outrider {

std::string_view SeriesLabels::Get(std::string_view name) const {
  if (table_ == nullptr) return All().Get(name);
  for (const PairId id : pairs()) {
    const LabelPair& pair = table_->At(id);
    if (pair.name_text() == name) return pair.value();
  }
  return {};
}

void SeriesLabels::Build() const {
  labels_ = std::make_unique<const Labels>(table_ == nullptr ? Labels()
                                                             : LabelsOfPairs(*table_, pairs()));
}

Labels LabelsOfPairs(const LabelTable& table, const PairList& pairs) {
  constexpr size_t kUsual = 32;  // labels
  std::array<std::string_view, kUsual> parts;
  if (pairs.size() <= parts.size()) {
    for (size_t i = 0; i < pairs.size(); ++i) parts[i] = table.At(pairs[i]).packed();
    return Labels::FromParts(std::span(parts).first(pairs.size()));
  }
  std::vector<std::string_view> many;
  for (const PairId id : pairs) many.push_back(table.At(id).packed());
  return Labels::FromParts(many);
}

}  // namespace outrider
