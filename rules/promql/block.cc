// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/block.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/promql/label_key.h"
#include "rules/promql/limits.h"
#include "rules/promql/row_groups.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

bool AnySample(const Block& block, size_t row) {
  const std::span<const double> values = block.Of(row);
  if (std::any_of(values.begin(), values.end(), [](double v) { return !IsAbsent(v); })) return true;
  if (!block.HasHistograms(row)) return false;
  const auto& histograms = block.histograms[row];
  return std::any_of(histograms.begin(), histograms.end(),
                     [](const auto* h) { return h != nullptr; });
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

bool HasTypeOrUnit(const SeriesLabels& labels) {
  if (labels.table() != nullptr && !labels.table()->HasTypeOrUnit()) return false;
  bool has = false;
  labels.ForEach([&](const LabelView& label) {
    has = has || label.name == "__type__" || label.name == "__unit__";
  });
  return has;
}

Labels EffectiveLabels(const Row& row, bool name_gone) {
  if (!name_gone && row.labels->table() == nullptr) return row.labels->All();
  std::vector<LabelView> kept;
  row.labels->ForEach([&](const LabelView& label) {
    if (!name_gone || !IsMetadataLabel(label.name)) kept.push_back(label);
  });
  return Labels::FromSorted(kept);
}

Status CheckUnique(const Block& block) {
  RowGroups seen(LabelKey(LabelKey::Mode::kExcept, {}), block);
  for (uint32_t r = 0; r < block.rows.size(); ++r) {
    if (seen.Of(block.rows[r], /*name_gone=*/true) != r) return SameLabelset();
  }
  return {};
}

Status MergeDuplicates(Block* block, bool delayed) {
  if (block->rows.size() < 2) return {};
  RowGroups seen(LabelKey(LabelKey::Mode::kExcept, {}), *block);
  std::vector<size_t> first_of;  // by group
  for (size_t r = 0; r < block->rows.size(); ++r) {
    const Row& row = block->rows[r];
    const uint32_t group = seen.Of(row, row.drop_name && !delayed);
    if (group == first_of.size()) {
      first_of.push_back(r);
      continue;
    }
    const size_t first = first_of[group];
    // Whether a name goes at the end is decided by the first sample of the two, as in Prometheus.
    if (delayed && FirstSample(*block, r) < FirstSample(*block, first)) {
      block->rows[first].drop_name = row.drop_name;
    }
    TRY(MergeInto(block, first, r));
  }
  if (first_of.size() < block->rows.size()) block->RemoveEmptyRows();
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
