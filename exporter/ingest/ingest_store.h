// SPDX-License-Identifier: Apache-2.0
// Everything the daemon needs of ingestion in one object: windows, log, chunk files, the receiver
// and the appender of the rules.
//
//     auto store = TRY(IngestStore::Open(options, clock, random));   // writes may arrive from here
//     on: logged, acked TRY(store->Load(references));                                  // chunk
//     files, then the log; blocks store->Maintain(clock.Now());                                  //
//     every few seconds, from one thread
//
// Disk and replay stay bounded: the log keeps what is still in open chunks. Every 64 MiB of it (or
// every hour) the log is cut; chunks that were opened before the last cut but one are sealed and
// written to the chunk files, and the segments that only they needed are deleted.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exporter/ingest/chunk_files.h"
#include "exporter/ingest/ingest_guard.h"
#include "exporter/ingest/ingest_log.h"
#include "exporter/ingest/logged_appender.h"
#include "exporter/ingest/memory_limit.h"
#include "exporter/ingest/otlp_receiver.h"
#include "exporter/ingest/remote_write.h"
#include "exporter/ingest/replay.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/base/status.h"
#include "storage/window/windows.h"

namespace outrider {

struct IngestStoreOptions {
  std::string path = "data";                      // storage.path: `wal` and `chunks` live in it
  DurationMs retention = 24 * kHour;              // storage.retention
  DurationMs unreferenced_retention = 6 * kHour;  // storage.unreferenced_retention
  DurationMs out_of_order_window = 5 * kMinute;   // ingest.out_of_order_window
  uint64_t memory_limit = 0;                      // storage.memory_limit; 0: none
  uint64_t decoded_cache = 0;                     // storage.decoded_cache; 0: none
  uint64_t min_free_bytes = 256U << 20;           // storage.min_free
  bool sync_writes = false;                       // storage.wal_sync is 0s
  uint64_t segment_bytes = 64U << 20;             // of log and chunk files
  uint64_t checkpoint_bytes = 64U << 20;          // of log between two cuts
  DurationMs checkpoint_interval = kHour;
  RemoteWriteOptions remote_write = {};
  OtlpOptions otlp = {};
  GuardOptions guard = {};
  uint32_t first_number = 1;               // of a series in the log (row_numbers.h), for tests
  std::function<int(int)> sync_file = {};  // of the log, in place of fdatasync(2), for tests
};

struct IngestStoreStats {
  bool ready = false;
  WindowsStats windows;
  MemoryStats memory;
  RemoteWriteStats remote_write;
  OtlpStats otlp;
  std::vector<SenderStats> senders;
  std::vector<HaCluster> ha_clusters;
  LogWriterStats wal;
  LogWriterStats chunk_files;
  ReplayStats replay;               // of this start
  ChunkLoadStats loaded;            // of this start
  uint64_t damaged_log_places = 0;  // found at this start
  uint64_t checkpoints = 0;
  uint64_t maintenance_failures = 0;
  uint64_t unlogged_batches = 0;
  // Of the disk that samples and decisions are on; none: the file system does not say.
  std::optional<uint64_t> free_bytes;
  uint64_t min_free_bytes = 0;  // below it no sample is taken
};

// Thread-safe, but Load and Maintain are for one thread.
class IngestStore {
 public:
  static StatusOr<std::unique_ptr<IngestStore>> Open(const IngestStoreOptions& options,
                                                     const Clock& clock, Random& random);
  // A clean end: what the log holds is on the disk.
  ~IngestStore();

  // `references`: what the loaded rules read, so that loading keeps neither too much nor too
  // little.
  Status Load(std::vector<SeriesReference> references);
  // Load() returns soon, with an error. From any thread.
  void GiveUp() { given_up_ = true; }
  bool Ready() const { return log_.live(); }  // queries may be answered
  // Retention, chunk files, checkpoints. An error (a full disk) is for the log; the next call tries
  // again.
  Status Maintain(Timestamp now);
  // What was logged so far survives the machine once it returns. Costs nothing when it already did.
  // From any thread.
  Status SyncLog() { return log_.wal().Sync(); }

  Windows& windows() { return windows_; }
  const Windows& windows() const { return windows_; }
  const ExemplarStore& exemplars() const { return exemplars_; }
  const MetadataStore& metadata() const { return metadata_; }
  const IngestGuard& guard() const { return guard_; }
  Appender& appender() { return appender_; }
  RemoteWriteReceiver& receiver() { return receiver_; }
  OtlpReceiver& otlp() { return otlp_; }
  IngestStoreStats Stats() const;

 private:
  IngestStore(const IngestStoreOptions& options, const Clock& clock, uint64_t seed,
              std::unique_ptr<LogWriter> wal, std::unique_ptr<ChunkFiles> chunks);
  bool CheckpointDue(Timestamp now) const;
  Status Checkpoint(Timestamp now);
  Status Sweep(Timestamp now);
  // Shortens or lengthens what is kept of unreferenced series; true when it was shortened.
  bool CheckMemory(Timestamp now);

  const IngestStoreOptions options_;
  const Clock& clock_;
  WriteTargets targets() { return {&windows_, &exemplars_, &metadata_, &guard_}; }

  IngestGuard guard_;  // counts the series of the windows
  Windows windows_;
  ExemplarStore exemplars_;
  MetadataStore metadata_;
  IngestLog log_;
  const std::unique_ptr<ChunkFiles> chunks_;
  LoggedAppender appender_;
  RemoteWriteReceiver receiver_;
  OtlpReceiver otlp_;

  // Of the thread of Load and Maintain; written before Ready() or atomic.
  ReplayStats replay_;
  ChunkLoadStats loaded_;
  std::atomic<uint64_t> damaged_log_places_{0};
  std::atomic<bool> given_up_{false};
  bool chunks_untrusted_ = false;  // a sync of the chunk files failed
  uint32_t last_cut_ = 0;  // segments below: only chunks opened before the last cut need them
  Timestamp last_cut_time_ = 0;
  uint64_t last_cut_bytes_ = 0;  // written to the log by then
  Timestamp last_expire_ = 0;
  Timestamp last_retention_change_ = 0;
  Timestamp last_memory_words_ = 0;
  std::atomic<uint64_t> checkpoints_{0};
  std::atomic<uint64_t> maintenance_failures_{0};
  mutable absl::Mutex memory_mutex_;
  MemoryStats memory_ ABSL_GUARDED_BY(memory_mutex_);
};

}  // namespace outrider
