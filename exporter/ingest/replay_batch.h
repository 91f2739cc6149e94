// SPDX-License-Identifier: Apache-2.0
// Replay of records by number (rows_by_number.h): what numbers mean, and many records appended at
// once, series by series instead of request by request, on two threads.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "exporter/ingest/rows_by_number.h"
#include "exporter/ingest/write_rows.h"
#include "storage/window/windows.h"

namespace outrider {

// What the numbers of a segment mean: a series, or, where the row had no samples or they were
// refused, its labels. Not thread-safe.
class ReplayNumbers {
 public:
  // Row i of a request is first + i; `ids` as ApplyRows left them.
  void Learn(uint32_t segment, uint32_t first, const WriteRows& rows,
             std::span<const uint32_t> ids);
  // Appends the ids of the rows, kNoSeries for those that have none.
  void Find(uint32_t segment, const RowsByNumber& rows, std::vector<uint32_t>* ids) const;
  // Null: nobody said.
  const Labels* LabelsOf(uint32_t segment, uint32_t number) const;
  void Met(uint32_t number, uint32_t id);

 private:
  struct Given {
    uint32_t first;
    std::vector<uint32_t> ids;
  };
  size_t FirstBehind(uint32_t number) const;
  // Of this number and those behind it; empty when it was not given.
  std::span<const uint32_t> IdsFrom(uint32_t number) const;

  uint32_t segment_ = 0;
  std::vector<Given> given_;  // ascending
  absl::flat_hash_map<uint32_t, Labels> without_series_;
};

// What is sorted of a batch, for each of two threads; used again.
struct ReplayHalf {
  std::vector<FoundRun> runs;
  std::vector<uint32_t> begin;  // of each block's runs
  std::vector<FoundRun> sorted;
};
using ReplayHalves = std::array<ReplayHalf, 2>;

// Records by number that follow each other in one segment. Used again.
class ReplayBatch {
 public:
  // False when the bytes are no such body; the batch is as before then.
  bool Add(std::string_view body, Timestamp time, SenderId sender);
  void Clear() { used_ = samples_ = 0; }
  bool empty() const { return used_ == 0; }
  // Whether a record of that time had better begin another batch.
  bool IsFull(Timestamp time) const {
    if (used_ == 0) return false;
    const Timestamp first = records_[0].time;
    return samples_ >= kSamples || time < first - kSpan || time > first + kSpan;
  }

  struct Outcome {
    AppendCounts counts;
    uint64_t lost = 0;  // samples whose series nobody named
  };
  // Appends all. The verdicts are those of one record after another.
  Outcome Apply(uint32_t segment, Windows* windows, ReplayNumbers* numbers, ReplayHalves* halves);

 private:
  static constexpr size_t kSamples = 1U << 19;
  // Below the hour in which no sample is too old: see OrderMatters.
  static constexpr DurationMs kSpan = 30 * kMinute;
  struct Record {
    RowsByNumber rows;
    Timestamp time = 0;
    SenderId sender = kNoSender;
    uint32_t segment = 0;
    std::vector<uint32_t> ids{};  // by row
  };
  std::span<Record> records() { return std::span(records_).first(used_); }
  bool OrderMatters(Timestamp newest);
  static void AddRuns(const Record& record, ReplayHalves* halves);
  static void ApplyAlone(Record* record, Windows* windows, ReplayNumbers* numbers,
                         Outcome* outcome);
  static bool ApplyByLabels(const Record& record, uint32_t number, std::span<const Sample> samples,
                            Windows* windows, ReplayNumbers* numbers, Outcome* outcome);
  AppendCounts ApplySorted(ReplayHalves* halves, Windows* windows);

  std::vector<Record> records_;
  size_t used_ = 0;
  size_t samples_ = 0;
};

}  // namespace outrider
