// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/block.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "rules/promql/limits.h"
#include "storage/base/hash.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

void AppendSized(std::string* out, std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  out->append(reinterpret_cast<const char*>(&size), sizeof size);
  out->append(text);
}

bool AnySample(std::span<const double> values) {
  return std::any_of(values.begin(), values.end(), [](double v) { return !IsAbsent(v); });
}

// Bytes that are equal when the labels are.
std::string RowKey(const Row& row, bool name_gone) {
  std::string key;
  for (const LabelView label : *row.labels) {
    if (name_gone && IsMetadataLabel(label.name)) continue;
    AppendSized(&key, label.name);
    AppendSized(&key, label.value);
  }
  return key;
}

Status SameLabelset() {
  return ExecutionError("vector cannot contain metrics with the same labelset");
}

ptrdiff_t FirstSample(std::span<const double> values) {
  return std::find_if(values.begin(), values.end(), [](double v) { return !IsAbsent(v); }) -
         values.begin();
}

Status MergeInto(std::span<double> into, std::span<const double> from) {
  for (size_t i = 0; i < into.size(); ++i) {
    if (IsAbsent(from[i])) continue;
    if (!IsAbsent(into[i])) return SameLabelset();
    into[i] = from[i];
  }
  return {};
}

}  // namespace

Block Block::Scalar(size_t steps, double value) {
  Block block;
  block.type = ValueType::kScalar;
  block.steps = steps;
  block.rows.resize(1);
  block.values.assign(steps, value);
  return block;
}

void Block::RemoveEmptyRows() {
  size_t kept = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    if (!AnySample(Of(r))) continue;
    if (kept != r) {
      rows[kept] = rows[r];
      std::copy_n(Of(r).begin(), steps, Of(kept).begin());
    }
    ++kept;
  }
  rows.resize(kept);
  values.resize(kept * steps);
}

bool HasTypeOrUnit(const Labels& labels) {
  for (const LabelView label : labels) {
    if (label.name > "__unit__") return false;
    if (label.name == "__type__" || label.name == "__unit__") return true;
  }
  return false;
}

Labels EffectiveLabels(const Row& row, bool name_gone) {
  if (!name_gone) return *row.labels;
  std::vector<LabelView> kept;
  for (const LabelView label : *row.labels) {
    if (!IsMetadataLabel(label.name)) kept.push_back(label);
  }
  return Labels::FromSorted(kept);
}

LabelKey::LabelKey(Mode mode, std::vector<std::string> names)
    : mode_(mode), names_(std::move(names)) {
  if (mode_ == Mode::kAllBut) names_.emplace_back(kMetricName);
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

bool LabelKey::Keeps(std::string_view name) const {
  const bool named = std::binary_search(names_.begin(), names_.end(), name, std::less<>());
  return named == (mode_ == Mode::kOnly);
}

std::string_view LabelKey::Of(const Row& row, bool name_gone) {
  key_.clear();
  if (mode_ == Mode::kOnly && names_.empty()) return key_;
  for (const LabelView label : *row.labels) {
    if (!Keeps(label.name) || (name_gone && IsMetadataLabel(label.name))) continue;
    AppendSized(&key_, label.name);
    AppendSized(&key_, label.value);
  }
  return key_;
}

Labels LabelKey::LabelsOf(const Row& row, bool name_gone) const {
  std::vector<LabelView> kept;
  for (const LabelView label : *row.labels) {
    if (Keeps(label.name) && !(name_gone && IsMetadataLabel(label.name))) kept.push_back(label);
  }
  return Labels::FromSorted(kept);
}

Status CheckUnique(const Block& block) {
  absl::flat_hash_set<std::string> seen;
  seen.reserve(block.rows.size());
  for (const Row& row : block.rows) {
    if (!seen.insert(RowKey(row, /*name_gone=*/true)).second) return SameLabelset();
  }
  return {};
}

Status MergeDuplicates(Block* block, bool delayed) {
  if (block->rows.size() < 2) return {};
  absl::flat_hash_map<std::string, size_t> seen;
  seen.reserve(block->rows.size());
  bool merged = false;
  for (size_t r = 0; r < block->rows.size(); ++r) {
    const Row& row = block->rows[r];
    const auto [it, inserted] = seen.try_emplace(RowKey(row, row.drop_name && !delayed), r);
    if (inserted) continue;
    // Whether a name goes at the end is decided by the first sample of the two, as in Prometheus.
    Row& into = block->rows[it->second];
    if (delayed && FirstSample(block->Of(r)) < FirstSample(block->Of(it->second))) {
      into.drop_name = row.drop_name;
    }
    TRY(MergeInto(block->Of(it->second), block->Of(r)));
    std::fill(block->Of(r).begin(), block->Of(r).end(), kAbsent);
    merged = true;
  }
  if (merged) block->RemoveEmptyRows();
  return {};
}

std::string BraceText(const Labels& labels) {
  std::vector<std::string> parts;
  for (const LabelView label : labels) {
    const bool plain = IsLegacyLabelName(label.name);
    parts.push_back(fmt::format("{}={}", plain ? std::string(label.name) : Quote(label.name),
                                Quote(label.value)));
  }
  return fmt::format("{{{}}}", Join(parts, ", "));
}

}  // namespace outrider::promql
