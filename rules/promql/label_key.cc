// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/label_key.h"

#include <algorithm>
#include <utility>

#include "rules/promql/evaluator.h"

namespace outrider::promql {
namespace {

// In kept_of_name_.
constexpr uint8_t kKnown = 1;
constexpr uint8_t kKept = 2;
constexpr uint8_t kKeptWhenGone = 4;

void AppendSized(std::string* out, std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  out->append(reinterpret_cast<const char*>(&size), sizeof size);
  out->append(text);
}

}  // namespace

LabelKey::LabelKey(Mode mode, std::vector<std::string> names)
    : mode_(mode), names_(std::move(names)) {
  if (mode_ == Mode::kAllBut) names_.emplace_back(kMetricName);
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

bool LabelKey::Keeps(std::string_view name, bool name_gone) const {
  if (name_gone && IsMetadataLabel(name)) return false;
  const bool named = std::binary_search(names_.begin(), names_.end(), name, std::less<>());
  return named == (mode_ == Mode::kOnly);
}

bool LabelKey::Keeps(const LabelPair& pair, bool name_gone) {
  if (pair.name >= kept_of_name_.size()) kept_of_name_.resize(pair.name + 1);
  uint8_t& known = kept_of_name_[pair.name];
  if (known == 0) {
    const std::string_view name = pair.name_text();
    known = static_cast<uint8_t>(kKnown | (Keeps(name, false) ? kKept : 0) |
                                 (Keeps(name, true) ? kKeptWhenGone : 0));
  }
  return (known & (name_gone ? kKeptWhenGone : kKept)) != 0;
}

bool LabelKey::IsOneLabel() const {
  return mode_ == Mode::kOnly && names_.size() == 1 && !IsMetadataLabel(names_[0]);
}

std::string_view LabelKey::Of(const Row& row, bool name_gone) {
  key_.clear();
  if (mode_ == Mode::kOnly && names_.empty()) return key_;
  row.labels->ForEach([&](const LabelView& label) {
    if (!Keeps(label.name, name_gone)) return;
    AppendSized(&key_, label.name);
    AppendSized(&key_, label.value);
  });
  return key_;
}

std::span<const PairId> LabelKey::PairsOf(const Row& row, bool name_gone) {
  pairs_.clear();
  if (mode_ == Mode::kOnly && names_.empty()) return pairs_;
  const PairList& all = row.labels->pairs();
  const LabelTable& table = *row.labels->table();
  // Neighbours mostly have their labels at the same places; all the names cannot be there twice.
  if (mode_ == Mode::kOnly && places_.size() == names_.size()) {
    for (const uint32_t place : places_) {
      if (place >= all.size() || !Keeps(table.At(all[place]), name_gone)) break;
      pairs_.push_back(all[place]);
    }
    if (pairs_.size() == names_.size()) return pairs_;
    pairs_.clear();
  }
  places_.clear();
  for (uint32_t place = 0; place < all.size(); ++place) {
    if (!Keeps(table.At(all[place]), name_gone)) continue;
    pairs_.push_back(all[place]);
    places_.push_back(place);
  }
  return pairs_;
}

Labels LabelKey::LabelsOf(const Row& row, bool name_gone) const {
  std::vector<LabelView> kept;
  row.labels->ForEach([&](const LabelView& label) {
    if (Keeps(label.name, name_gone)) kept.push_back(label);
  });
  return Labels::FromSorted(kept);
}

const SeriesLabels* LabelKey::Own(Evaluator& evaluator, const Row& row, bool name_gone) {
  if (row.labels->table() == nullptr) return evaluator.Own(LabelsOf(row, name_gone));
  return evaluator.Own(*row.labels->table(), PairsOf(row, name_gone));
}

}  // namespace outrider::promql
