// SPDX-License-Identifier: Apache-2.0
// Sealed chunks on disk: blocks of the windows, snappy-compressed, in log segments (storage/wal) of
// their own. Whole files are deleted once their newest sample is older than anything is kept.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/status.h"
#include "storage/wal/log_writer.h"
#include "storage/window/windows.h"

namespace outrider {

struct ChunkLoadStats {
  uint64_t blocks = 0;
  uint64_t bytes = 0;    // of blocks, unpacked
  uint64_t damaged = 0;  // blocks that could not be read whole
};

// Thread-safe.
class ChunkFiles final : public ChunkSink {
 public:
  static StatusOr<std::unique_ptr<ChunkFiles>> Open(const LogOptions& options);

  Status Write(std::string_view block, Timestamp newest) override;
  // Reads every file into the windows, dropping at once what the windows do not keep. Before the
  // first Write.
  StatusOr<ChunkLoadStats> Load(Windows* windows, const std::atomic<bool>& stop);
  // Deletes the files whose newest sample is older than `oldest`.
  Status DropBefore(Timestamp oldest);
  Status Sync() { return writer_->Sync(); }
  LogWriterStats Stats() const { return writer_->Stats(); }

 private:
  struct File {
    Timestamp oldest_block = 0;  // newest sample of its first block
    Timestamp newest = 0;
  };
  ChunkFiles(std::string directory, std::unique_ptr<LogWriter> writer)
      : directory_(std::move(directory)), writer_(std::move(writer)) {}
  void Note(uint32_t segment, Timestamp newest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string directory_;
  const std::unique_ptr<LogWriter> writer_;
  absl::Mutex mutex_;
  std::map<uint32_t, File> files_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
