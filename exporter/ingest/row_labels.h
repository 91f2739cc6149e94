// SPDX-License-Identifier: Apache-2.0
// Rows that were decoded before a request is logged (to see that it is whole) and are decoded no
// second time when it is applied.
#pragma once

#include <cstdint>
#include <vector>

#include "exporter/ingest/incoming.h"
#include "exporter/ingest/write_rows.h"

namespace outrider {

// For rows that have labels and samples only, in ascending order. Views go into the request's body.
class RowLabels {
 public:
  // Gives the memory of a crowd of new series back.
  void Clear() {
    if (labels_.capacity() > kKeptLabels) labels_ = {};
    labels_.clear();
    rows_.clear();
    next_ = 0;
  }
  void Keep(uint32_t row, const IncomingSeries& series) {
    labels_.insert(labels_.end(), series.labels.begin(), series.labels.end());
    rows_.push_back({.row = row,
                     .labels_end = labels_.size(),
                     .too_many_labels = series.too_many_labels,
                     .bad_refs = series.bad_refs});
  }
  // What rows.Decode(row, out) would give. False when it was not kept.
  bool Recall(const WriteRows& rows, uint32_t row, IncomingSeries* out) {
    while (next_ < rows_.size() && rows_[next_].row < row) ++next_;
    if (next_ == rows_.size() || rows_[next_].row != row) return false;
    const size_t begin = next_ == 0 ? 0 : rows_[next_ - 1].labels_end;
    const Kept& kept = rows_[next_];
    out->Clear();
    out->labels.assign(labels_.begin() + static_cast<ptrdiff_t>(begin),
                       labels_.begin() + static_cast<ptrdiff_t>(kept.labels_end));
    out->too_many_labels = kept.too_many_labels;
    out->bad_refs = kept.bad_refs;
    const KeyedRow& keyed = rows.rows()[row];
    out->samples.assign(rows.samples().begin() + keyed.begin, rows.samples().begin() + keyed.end);
    if (!rows.starts().empty()) {
      out->start_times.assign(rows.starts().begin() + keyed.begin,
                              rows.starts().begin() + keyed.end);
    }
    return true;
  }

 private:
  static constexpr size_t kKeptLabels = 1024;
  struct Kept {
    uint32_t row;
    size_t labels_end;  // behind its labels
    bool too_many_labels;
    bool bad_refs;
  };
  std::vector<LabelView> labels_;
  std::vector<Kept> rows_;
  size_t next_ = 0;
};

}  // namespace outrider
