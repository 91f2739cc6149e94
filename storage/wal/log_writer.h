// SPDX-License-Identifier: Apache-2.0
// Appends records to numbered segment files. Each record is one write(2): once Append returns it is
// in the kernel's hands and survives the death of the process; Sync() makes it survive the death of
// the machine too.
//
// Callers of Sync() share its fdatasync (group commit): one syncs for all who have appended by
// then, and whoever waited for it meanwhile finds that its records were taken along.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/wal/log_format.h"

namespace outrider {

struct LogOptions {
  std::string directory;               // made when missing
  uint64_t segment_bytes = 64U << 20;  // a new segment starts behind this size
  uint64_t min_free_bytes =
      256U << 20;                // less room on the disk: appends are refused (core.md rule 11)
  uint64_t salt = 0;             // random, seeds the checksums of this run's segments
  const Clock* clock = nullptr;  // measures how long syncs take; may be null
  std::function<int(int)> sync_file = {};  // in place of fdatasync(2), for tests
};

struct LogWriterStats {
  uint64_t records = 0;   // of this run
  uint64_t bytes = 0;     // of this run
  uint64_t failures = 0;  // appends that failed or were refused
  uint64_t segments = 0;  // files there now
  uint64_t disk_bytes = 0;
  uint64_t syncs = 0;          // of this run, failed ones too
  uint64_t sync_failures = 0;  // of them
  int64_t sync_nanos = 0;      // spent in them
};

// Thread-safe. One writer per directory.
class LogWriter {
 public:
  // Never continues an old segment: the first one is numbered behind those found. Writes nothing
  // yet: the first record makes it.
  static StatusOr<std::unique_ptr<LogWriter>> Open(const LogOptions& options);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // The segment the record went to. ResourceExhausted names the directory when the disk is (nearly)
  // full; nothing of a failed record stays behind. Aborted when the record was for another segment
  // than the one that is current by now.
  StatusOr<uint32_t> Append(const LogRecord& record);
  // Ends the current segment, unless it is empty; the number of the segment that takes the next
  // record.
  StatusOr<uint32_t> Rotate();
  // Everything appended so far is on the disk once it returns. Does nothing when it already was.
  Status Sync();
  // The same for a caller who asked SyncFailures() before it appended: a failure since then is its
  // own too. The kernel tells of lost pages only once; the sync after that succeeds without them.
  Status SyncSince(uint64_t failures);
  uint64_t SyncFailures() const;
  // Deletes the segments numbered below `segment` (never the current one).
  Status DropBefore(uint32_t segment);
  Status Drop(uint32_t segment);

  uint32_t CurrentSegment() const;
  LogWriterStats Stats() const;

 private:
  explicit LogWriter(const LogOptions& options) : options_(options) {}
  int SyncFiles(int current, const std::vector<int>& retired) const;  // an errno, or 0
  Status OpenSegment(uint32_t segment) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes the segment of the next record where there is none yet or the current one is full.
  Status ReachSegment() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status CheckRoom(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status WriteRecord(const LogRecord& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Status Remove(std::map<uint32_t, uint64_t>::iterator it) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const LogOptions options_;
  absl::Mutex sync_turn_ ABSL_ACQUIRED_BEFORE(mutex_);  // held during a sync
  mutable absl::Mutex mutex_;
  int fd_ ABSL_GUARDED_BY(mutex_) =
      -1;  // -1: no record yet; closed by nobody but the holder of sync_turn_
  std::vector<int> retired_ ABSL_GUARDED_BY(mutex_);  // ended segments that are not synced yet
  uint64_t synced_records_ ABSL_GUARDED_BY(mutex_) = 0;
  Status sync_error_ ABSL_GUARDED_BY(mutex_);  // the last one
  uint32_t segment_ ABSL_GUARDED_BY(mutex_) = 0;
  bool untrusted_ ABSL_GUARDED_BY(mutex_) = false;  // the segment: it could not be synced
  uint64_t unchecked_bytes_ ABSL_GUARDED_BY(mutex_) = UINT64_MAX;  // since the room was looked at
  std::map<uint32_t, uint64_t> sizes_ ABSL_GUARDED_BY(mutex_);     // of every segment file
  LogWriterStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
