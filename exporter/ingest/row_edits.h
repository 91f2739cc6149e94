// SPDX-License-Identifier: Apache-2.0
// What a request is stored without, decided when it came: rows that a limit or the election of HA
// replicas left out, and the replica label that others lose. It stands in the log before the body
// (Admission::kEdited, docs/formats.md), so that replay stores the same whatever is configured
// then.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/ingest/write_rows.h"
#include "storage/base/status.h"

namespace outrider {

struct RowEdits {
  // A series that has both labels, not empty, loses the first. Both or none.
  std::string removed_label;
  std::string beside_label;
  uint32_t rows = 0;               // of the whole request
  std::vector<uint32_t> left_out;  // ascending

  bool empty() const { return removed_label.empty() && left_out.empty(); }
  friend bool operator==(const RowEdits&, const RowEdits&) = default;
};

// In front of a record's body.
std::string EncodeEdits(const RowEdits& edits);
// Cuts them off the front. DataLoss when they are not whole or say what cannot be.
StatusOr<RowEdits> CutEdits(std::string_view* bytes);

// Another request's rows with edits. Not thread-safe.
class EditedRows final : public WriteRows {
 public:
  // `rows` outlive this. InvalidArgument when a row cannot be decoded. Edits that were made for
  // another number of rows (the body is translated differently today) leave nothing out: what was
  // acked comes back at least.
  Status Build(const WriteRows& rows, const RowEdits& edits, uint64_t seed);

  KeyKind kind() const override { return rows_of_->kind(); }
  bool wants_data() const override { return rows_of_->wants_data(); }
  uint32_t source(uint32_t row) const override { return source_[row]; }
  // Cluster and replica of the rows that lost a label; repeats beside each other are left out.
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }
  Status Decode(uint32_t row, IncomingSeries* out) const override;
  Status DecodeHistograms(uint32_t row, const IncomingSeries& series,
                          std::vector<IncomingHistogram>* out) const override {
    return rows_of_->DecodeHistograms(source_[row], series, out);
  }

 private:
  Status Take(uint32_t row, uint64_t seed);

  const WriteRows* rows_of_ = nullptr;
  std::string removed_label_;
  std::string beside_label_;
  std::vector<uint32_t> source_;
  std::vector<std::pair<std::string, std::string>> pairs_;
  IncomingSeries series_;  // scratch
};

}  // namespace outrider
