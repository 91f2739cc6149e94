// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/chunk_files.h"

#include <algorithm>

#include "exporter/ingest/snappy_body.h"
#include "storage/base/log.h"
#include "storage/wal/log_reader.h"

namespace outrider {
namespace {

constexpr DurationMs kFileSpan =
    2 * kHour;  // of sample time, so that files grow old and can be deleted

}  // namespace

StatusOr<std::unique_ptr<ChunkFiles>> ChunkFiles::Open(const LogOptions& options) {
  std::unique_ptr<LogWriter> writer = TRY(LogWriter::Open(options));
  return std::unique_ptr<ChunkFiles>(new ChunkFiles(options.directory, std::move(writer)));
}

void ChunkFiles::Note(uint32_t segment, Timestamp newest) {
  const auto [it, first] = files_.try_emplace(segment, File{newest, newest});
  it->second.newest = std::max(it->second.newest, newest);
}

Status ChunkFiles::Write(std::string_view block, Timestamp newest) {
  const std::string packed = SnappyCompress(block);
  const absl::MutexLock lock(&mutex_);
  const auto current = files_.find(writer_->CurrentSegment());
  if (current != files_.end() && newest - current->second.oldest_block > kFileSpan) {
    TRY(writer_->Rotate());
  }
  Note(TRY(writer_->Append({.type = RecordType::kChunks,
                            .verdict = Admission::kAdmitted,
                            .time = newest,
                            .sender = {},
                            .body = packed})),
       newest);
  return absl::OkStatus();
}

StatusOr<ChunkLoadStats> ChunkFiles::Load(Windows* windows, const std::atomic<bool>& stop) {
  const absl::MutexLock lock(&mutex_);
  ChunkLoadStats stats;
  LogReader reader(directory_);
  LogRecord record;
  uint32_t segment = 0;
  while (TRY(reader.Next(&record))) {
    if (stop) return absl::AbortedError("the start was given up");
    if (segment != 0 && reader.segment() != segment) {
      windows->Expire();
      LogInfo("chunk file loaded", {{"file", SegmentFileName(segment)}});
    }
    segment = reader.segment();
    Note(segment, record.time);
    ++stats.blocks;
    const StatusOr<std::string> block = SnappyDecompress(record.body, UINT32_MAX);
    Status status = block.status();
    if (status.ok()) {
      stats.bytes += block->size();
      status = windows->LoadBlock(*block);
    }
    if (!status.ok()) ++stats.damaged;
  }
  reader.End();
  for (const std::string& problem : reader.report().problems) {
    LogWarn("chunk file is damaged", {{"problem", problem}});
  }
  return stats;
}

Status ChunkFiles::DropBefore(Timestamp oldest) {
  const absl::MutexLock lock(&mutex_);
  const uint32_t current = writer_->CurrentSegment();
  for (auto it = files_.begin(); it != files_.end();) {
    if (it->second.newest >= oldest || it->first == current) {
      ++it;
      continue;
    }
    TRY(writer_->Drop(it->first));
    it = files_.erase(it);
  }
  return absl::OkStatus();
}

}  // namespace outrider
