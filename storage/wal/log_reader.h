// SPDX-License-Identifier: Apache-2.0
// Reads the records of a log directory in the order they were written, as far as they are whole. A
// segment's torn tail (the process died while writing) ends that segment; damage in its middle is
// skipped up to the next whole record; both are reported and later segments are still read.
//
// A log that is being written can be followed: Next() returns false at its present end and
// continues when asked again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/status.h"
#include "storage/wal/log_format.h"

namespace outrider {

// The numbers of the segments in a directory, ascending; a missing directory has none.
StatusOr<std::vector<uint32_t>> ListSegments(const std::string& directory);

struct LogReadReport {
  uint64_t records = 0;
  uint64_t bytes = 0;          // of whole records
  uint64_t torn_segments = 0;  // ended by a part of a record
  uint64_t damaged_places =
      0;                    // in the middle of a segment, or a segment that cannot be read at all
  uint64_t lost_bytes = 0;  // in both
  std::vector<std::string> problems;  // the first 20, for the log: `path: at byte 123: …`
};

// Not thread-safe; may run beside a LogWriter of the same directory.
class LogReader {
 public:
  explicit LogReader(std::string directory, uint32_t first_segment = 0)
      : directory_(std::move(directory)), segment_(first_segment) {}

  // False at the end. The record's views hold until the next call. FailedPrecondition when another
  // version of the program wrote a segment: its records must be neither lost nor guessed at.
  StatusOr<bool> Next(LogRecord* record);
  // Called at the end, when no record is on its way: what is left is none and is told as such.
  void End();
  uint32_t segment() const { return segment_; }  // of the last record
  const LogReadReport& report() const { return report_; }

 private:
  // Reads on in the file; false when there is no more of it.
  StatusOr<bool> Refill();
  // Moves to the next segment there is; false if there is none.
  StatusOr<bool> NextSegment();
  // Checks the segment's header once it is there; false when there is no record to read yet, or
  // ever.
  StatusOr<bool> StartSegment();
  // Whether a whole record follows, skipping damage; `record` receives it.
  bool Parse(LogRecord* record);
  void EndSegment();
  void Problem(uint64_t offset, const std::string& text);

  const std::string directory_;
  uint32_t segment_;
  bool opened_ = false;      // segment_ names a segment that was found
  bool unreadable_ = false;  // its header cannot be used
  uint64_t salt_ = 0;
  uint64_t offset_ = 0;  // of buffer_'s first unread byte in the file
  std::string buffer_;   // bytes from offset_ - used_ on
  size_t used_ = 0;
  LogReadReport report_;
};

}  // namespace outrider
