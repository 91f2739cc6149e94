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

bool AnySample(const Block& block, size_t row) {
  const std::span<const double> values = block.Of(row);
  if (std::any_of(values.begin(), values.end(), [](double v) { return !IsAbsent(v); })) return true;
  if (!block.HasHistograms(row)) return false;
  const auto& histograms = block.histograms[row];
  return std::any_of(histograms.begin(), histograms.end(),
                     [](const auto* h) { return h != nullptr; });
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

size_t FirstSample(const Block& block, size_t row) {
  size_t step = 0;
  while (step < block.steps && !block.HasSample(row, step)) ++step;
  return step;
}

// Moves the samples of one row to another.
Status MergeInto(Block* block, size_t into, size_t from) {
  const std::span<double> target = block->Of(into);
  const std::span<double> source = block->Of(from);
  for (size_t i = 0; i < target.size(); ++i) {
    if (!block->HasSample(from, i)) continue;
    if (block->HasSample(into, i)) return SameLabelset();
    target[i] = std::exchange(source[i], kAbsent);
    if (const NativeHistogram* histogram = block->HistogramAt(from, i)) {
      block->SetHistogram(into, i, histogram);
      block->SetHistogram(from, i, nullptr);
    }
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
    if (!AnySample(*this, r)) continue;
    if (kept != r) {
      rows[kept] = rows[r];
      std::copy_n(Of(r).begin(), steps, Of(kept).begin());
      if (r < histograms.size()) {
        histograms[kept] = std::move(histograms[r]);
      } else if (kept < histograms.size()) {
        histograms[kept].clear();
      }
    }
    ++kept;
  }
  rows.resize(kept);
  values.resize(kept * steps);
  if (histograms.size() > kept) histograms.resize(kept);
}

bool AnyHistogram(const Block& block) {
  return std::any_of(block.histograms.begin(), block.histograms.end(), [](const auto& row) {
    return std::any_of(row.begin(), row.end(), [](const auto* h) { return h != nullptr; });
  });
}

void Block::SetHistogram(size_t row, size_t step, const NativeHistogram* histogram) {
  if (histogram == nullptr && !HasHistograms(row)) return;
  if (histograms.size() <= row) histograms.resize(row + 1);
  if (histograms[row].empty()) histograms[row].resize(steps);
  histograms[row][step] = histogram;
}

void Block::CopyRow(const Block& from, size_t row) {
  rows.push_back(from.rows[row]);
  const std::span<const double> source = from.Of(row);
  values.insert(values.end(), source.begin(), source.end());
  if (!from.HasHistograms(row)) return;
  histograms.resize(rows.size());
  histograms.back() = from.histograms[row];
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

// Both the labels and the names are sorted: one walk over both.
template <typename Visit>
void LabelKey::ForEachKept(const Row& row, bool name_gone, Visit visit) const {
  const bool only = mode_ == Mode::kOnly;
  auto next = names_.begin();
  for (const LabelView label : *row.labels) {
    while (next != names_.end() && *next < label.name) ++next;
    if (only && next == names_.end()) return;
    const bool named = next != names_.end() && *next == label.name;
    if (named != only || (name_gone && IsMetadataLabel(label.name))) continue;
    visit(label);
  }
}

std::string_view LabelKey::Of(const Row& row, bool name_gone) {
  key_.clear();
  if (mode_ == Mode::kOnly && names_.empty()) return key_;
  ForEachKept(row, name_gone, [&](const LabelView& label) {
    AppendSized(&key_, label.name);
    AppendSized(&key_, label.value);
  });
  return key_;
}

Labels LabelKey::LabelsOf(const Row& row, bool name_gone) const {
  std::vector<LabelView> kept;
  ForEachKept(row, name_gone, [&](const LabelView& label) { kept.push_back(label); });
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
    if (delayed && FirstSample(*block, r) < FirstSample(*block, it->second)) {
      block->rows[it->second].drop_name = row.drop_name;
    }
    TRY(MergeInto(block, it->second, r));
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
