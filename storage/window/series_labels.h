// SPDX-License-Identifier: Apache-2.0
// The labels of a selected series: as numbers of the index, put together as a label set only when
// somebody asks for it. Most queries ask for few: groups are found by the numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "storage/model/labels.h"
#include "storage/window/label_table.h"
#include "storage/window/pair_list.h"

namespace outrider {

// Not thread-safe, not even for readers. Numbers must stay valid as long as it lives (LabelPin).
class SeriesLabels {
 public:
  SeriesLabels() = default;
  explicit SeriesLabels(Labels labels)
      : labels_(std::make_unique<const Labels>(std::move(labels))) {}
  SeriesLabels(const LabelTable* table, const PairList& pairs) : table_(table), pairs_(pairs) {}

  const Labels& All() const {
    if (labels_ == nullptr) Build();
    return *labels_;
  }
  // Without building: null where there are no numbers, but a label set.
  const LabelTable* table() const { return table_; }
  const PairList& pairs() const { return pairs_; }
  void Prefetch() const { pairs_.Prefetch(); }
  // The value, or "" when absent.
  std::string_view Get(std::string_view name) const;
  std::string_view MetricName() const { return Get(kMetricName); }
  // Calls `visit(LabelView)` for each label, by name, without building.
  template <typename Visit>
  void ForEach(Visit visit) const {
    if (table_ == nullptr) {
      for (const LabelView label : All()) visit(label);
    } else {
      for (const PairId id : pairs()) visit(table_->At(id).view());
    }
  }

 private:
  void Build() const;

  const LabelTable* table_ = nullptr;
  PairList pairs_;
  mutable std::unique_ptr<const Labels> labels_;  // null: not built yet
};

Labels LabelsOfPairs(const LabelTable& table, const PairList& pairs);

}  // namespace outrider
