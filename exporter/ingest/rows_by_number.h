// SPDX-License-Identifier: Apache-2.0
// Requests in the log by number. A request that brings a sender's series in their full form is
// logged as it came, behind the number of its first row: the series of row i is number first + i
// from then on (Admission::kNumbering). Later requests of the same series are logged as runs of
// numbers, times and values (RecordType::kRows). The page for readers is docs/formats.md:
//
//   body of kNumbering = number of the first row (4), the request
//   body of kRows = flags (1) · varint number of runs · run* · [varint samples]* · time* · value*
//   run   = zigzag: first number - the one behind the run before (at first: 0) · varint rows, not 0
//   flags 1: a number of samples for each row, otherwise each has one
//         2: a time for each sample, otherwise they share one
//   time  = zigzag: time - the one before (at first: the record's)
//   value = 8 bytes, IEEE 754
//
// Numbers grow with the log and hold in the segment in which they were given.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/ingest/write_rows.h"
#include "storage/base/status.h"

namespace outrider {

// Bytes in front of a request that numbers its rows.
inline constexpr size_t kFirstNumberBytes = 4;
void PutFirstNumber(uint32_t first, std::string* body);
// Cuts it off the front. DataLoss when it is not there.
StatusOr<uint32_t> CutFirstNumber(std::string_view* body);

// `numbers`: of each row. The rows have neither start times nor anything special.
void EncodeByNumber(const WriteRows& rows, std::span<const uint32_t> numbers, Timestamp record_time,
                    std::string* body);

// A body of kRows, read. Holds a copy of it; used again from record to record.
class RowsByNumber {
 public:
  struct Run {
    uint32_t first;
    uint32_t rows;
  };
  // DataLoss when the bytes are no such body.
  Status Parse(std::string_view body, Timestamp record_time);

  const std::vector<Run>& runs() const { return runs_; }
  size_t rows() const { return rows_; }
  uint32_t samples_of(size_t row) const { return counts_.empty() ? 1 : counts_[row]; }
  bool one_each() const { return counts_.empty(); }
  size_t samples() const { return samples_; }
  // Null: all are of time().
  const Timestamp* times(size_t i) const { return times_.size() == 1 ? nullptr : &times_[i]; }
  Timestamp time() const { return times_[0]; }
  const char* values(size_t i) const { return values_.data() + i * sizeof(double); }
  Sample sample(size_t i) const {
    Sample sample{.time = times_.size() == 1 ? times_[0] : times_[i]};
    std::memcpy(&sample.value, values(i), sizeof sample.value);
    return sample;
  }
  Timestamp oldest() const { return oldest_; }
  Timestamp newest() const { return newest_; }

 private:
  bool ParseRuns(std::string_view* body);
  bool ParseCounts(std::string_view* body);
  bool ParseTimes(std::string_view* body, size_t times, Timestamp record_time);

  std::vector<Run> runs_;
  std::vector<uint32_t> counts_;  // by row, or empty: one each
  std::vector<Timestamp> times_;  // by sample, or one
  std::string values_;
  size_t rows_ = 0;
  size_t samples_ = 0;
  Timestamp oldest_ = 0;
  Timestamp newest_ = 0;
};

}  // namespace outrider
