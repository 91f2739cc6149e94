// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/row_edits.h"

#include "exporter/ingest/ha_dedup.h"
#include "exporter/ingest/series_check.h"
#include "storage/window/chunk_block.h"
#include "storage/window/series_identity.h"

namespace outrider {
namespace {

constexpr uint64_t kMaxRows = 64U << 20;  // no body holds more

void PutText(std::string_view text, std::string* out) {
  PutVarint(text.size(), out);
  out->append(text);
}

bool GetText(std::string_view* bytes, std::string* text) {
  uint64_t size = 0;
  if (!GetVarint(bytes, &size) || size > bytes->size()) return false;
  *text = bytes->substr(0, size);
  bytes->remove_prefix(size);
  return true;
}

bool GetLeftOut(std::string_view* bytes, RowEdits* edits) {
  uint64_t rows = 0;
  uint64_t runs = 0;
  if (!GetVarint(bytes, &rows) || !GetVarint(bytes, &runs) || rows > kMaxRows) return false;
  edits->rows = static_cast<uint32_t>(rows);
  uint64_t next = 0;
  for (uint64_t i = 0; i < runs; ++i) {
    uint64_t gap = 0;
    uint64_t length = 0;
    if (!GetVarint(bytes, &gap) || !GetVarint(bytes, &length) || length == 0) return false;
    if (gap > rows - next || length > rows - next - gap) return false;
    for (next += gap; length > 0; --length)
      edits->left_out.push_back(static_cast<uint32_t>(next++));
  }
  return true;
}

// With the label taken off, the bytes of a sender's key name another series than without.
Hash128 KeyWithout(const Hash128& key, std::string_view label, uint64_t seed) {
  const Hash128 other = HashBytes128(label, seed);
  return {key.low ^ other.low, key.high ^ other.high};
}

}  // namespace

std::string EncodeEdits(const RowEdits& edits) {
  std::string out;
  PutText(edits.removed_label, &out);
  PutText(edits.beside_label, &out);
  PutVarint(edits.rows, &out);
  std::string runs;
  uint64_t count = 0;
  uint64_t next = 0;
  const std::vector<uint32_t>& rows = edits.left_out;
  for (size_t i = 0; i < rows.size();) {
    size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    PutVarint(rows[i] - next, &runs);
    PutVarint(end - i, &runs);
    next = uint64_t{rows[end - 1]} + 1;
    i = end;
    ++count;
  }
  PutVarint(count, &out);
  return out + runs;
}

StatusOr<RowEdits> CutEdits(std::string_view* bytes) {
  RowEdits edits;
  const bool whole = GetText(bytes, &edits.removed_label) && GetText(bytes, &edits.beside_label) &&
                     GetLeftOut(bytes, &edits);
  if (!whole) return absl::DataLossError("the edits of a log record are not whole");
  return edits;
}

Status EditedRows::Build(const WriteRows& rows, const RowEdits& edits, uint64_t seed) {
  Clear();
  source_.clear();
  pairs_.clear();
  rows_of_ = &rows;
  removed_label_ = edits.removed_label;
  beside_label_ = edits.beside_label;
  const bool fits = edits.rows == rows.rows().size();
  auto out = edits.left_out.begin();
  for (uint32_t row = 0; row < rows.rows().size(); ++row) {
    if (fits && out != edits.left_out.end() && *out == row) {
      ++out;
      continue;
    }
    TRY(Take(row, seed));
  }
  return absl::OkStatus();
}

Status EditedRows::Take(uint32_t row, uint64_t seed) {
  const KeyedRow& from = rows_of_->rows()[row];
  KeyedRow to{.key = from.key, .begin = static_cast<uint32_t>(samples_.size()), .end = 0};
  const std::vector<Sample>& samples = rows_of_->samples();
  samples_.insert(samples_.end(), samples.begin() + from.begin, samples.begin() + from.end);
  to.end = static_cast<uint32_t>(samples_.size());
  if (const std::vector<Timestamp>& starts = rows_of_->starts(); !starts.empty()) {
    starts_.insert(starts_.end(), starts.begin() + from.begin, starts.begin() + from.end);
  }
  rows_.push_back(to);
  special_.push_back(rows_of_->special(row) ? 1 : 0);
  source_.push_back(row);
  if (removed_label_.empty()) return absl::OkStatus();
  TRY(rows_of_->Decode(row, &series_));
  const auto pair = FindReplica(beside_label_, removed_label_, series_.labels);
  if (!pair) return absl::OkStatus();
  if (pairs_.empty() || pairs_.back().first != pair->cluster ||
      pairs_.back().second != pair->replica) {
    pairs_.emplace_back(pair->cluster, pair->replica);
  }
  Hash128& key = rows_.back().key;
  if (key == Hash128()) return absl::OkStatus();
  if (rows_of_->kind() == KeyKind::kSender) {
    key = KeyWithout(key, removed_label_, seed);
    return absl::OkStatus();
  }
  RemoveLabel(removed_label_, &series_.labels);
  const SeriesVerdict verdict = CheckSeries(&series_);
  key = verdict == SeriesVerdict::kFine ? IdentityOf(series_.labels, seed) : Hash128();
  return absl::OkStatus();
}

Status EditedRows::Decode(uint32_t row, IncomingSeries* out) const {
  TRY(rows_of_->Decode(source_[row], out));
  if (!removed_label_.empty() && FindReplica(beside_label_, removed_label_, out->labels)) {
    RemoveLabel(removed_label_, &out->labels);
  }
  return absl::OkStatus();
}

}  // namespace outrider
