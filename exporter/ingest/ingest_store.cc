// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/ingest_store.h"

#include "fmt/format.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/wal/log_reader.h"

namespace outrider {
namespace {

constexpr DurationMs kExpireEvery = 15 * kSecond;
constexpr DurationMs kSayEvery = kMinute;

void WarnOfDamage(const LogReadReport& report) {
  for (const std::string& problem : report.problems) {
    LogWarn("write-ahead log is not whole", {{"problem", problem}});
  }
}

}  // namespace

StatusOr<std::unique_ptr<IngestStore>> IngestStore::Open(const IngestStoreOptions& options,
                                                         const Clock& clock, Random& random) {
  std::unique_ptr<LogWriter> wal = TRY(LogWriter::Open({.directory = options.path + "/wal",
                                                        .segment_bytes = options.segment_bytes,
                                                        .min_free_bytes = options.min_free_bytes,
                                                        .salt = random.Next(),
                                                        .clock = &clock,
                                                        .sync_file = options.sync_file}));
  // Chunk files may use half of the reserve: writing them is what lets the log shrink.
  std::unique_ptr<ChunkFiles> chunks =
      TRY(ChunkFiles::Open({.directory = options.path + "/chunks",
                            .segment_bytes = options.segment_bytes,
                            .min_free_bytes = options.min_free_bytes / 2,
                            .salt = random.Next(),
                            .clock = &clock}));
  return std::unique_ptr<IngestStore>(
      new IngestStore(options, clock, random.Next(), std::move(wal), std::move(chunks)));
}

IngestStore::IngestStore(const IngestStoreOptions& options, const Clock& clock, uint64_t seed,
                         std::unique_ptr<LogWriter> wal, std::unique_ptr<ChunkFiles> chunks)
    : options_(options),
      clock_(clock),
      guard_(options.guard),
      windows_({.retention = options.retention,
                .unreferenced_retention = options.unreferenced_retention,
                .late_window = options.out_of_order_window,
                .seed = seed,
                .counter = &guard_.limits(),
                .decoded_cache = options.decoded_cache}),
      log_(std::move(wal), options.sync_writes, options.first_number),
      chunks_(std::move(chunks)),
      appender_(log_, windows_),
      receiver_(options.remote_write, clock, log_, targets()),
      otlp_(options.otlp, clock, log_, targets()),
      memory_{.limit = options.memory_limit,
              .unreferenced_retention = options.unreferenced_retention} {}

IngestStore::~IngestStore() {
  receiver_.Close();
  otlp_.Close();
  if (Status status = SyncLog(); !status.ok()) {
    LogError("write-ahead log could not be synced", {{"error", Message(status)}});
  }
}

Status IngestStore::Load(std::vector<SeriesReference> references) {
  windows_.SetReferences(std::move(references));
  windows_.BeginReplay();
  loaded_ = TRY(chunks_->Load(&windows_, given_up_));
  if (loaded_.damaged > 0) {
    LogWarn("some chunk blocks could not be read", {{"blocks", std::to_string(loaded_.damaged)}});
  }
  LogReader reader(options_.path + "/wal");
  // Replayed samples go into chunks of epoch 0, so that the second checkpoint from now frees the
  // old segments.
  ReplayState state;
  state.stop = &given_up_;
  TRY(ReplayRest(&reader, targets(), options_.otlp, &state, &replay_));
  TRY(log_.GoLive([&]() -> Status {
    TRY(ReplayRest(&reader, targets(), options_.otlp, &state, &replay_));
    reader.End();
    windows_.EndReplay();
    // Label limits are asked when a key is learned, and replay asked none.
    if (options_.guard.limits.LimitsLabels()) windows_.ForgetSenderKeys();
    return absl::OkStatus();
  }));
  windows_.Expire();
  // What chunk files brought may be more than the run before had kept.
  while (CheckMemory(clock_.Now())) {
  }
  WarnOfDamage(reader.report());
  damaged_log_places_ = reader.report().damaged_places;
  if (replay_.lost > 0) {
    LogWarn("samples are lost: a damaged place of the log named their series",
            {{"samples", std::to_string(replay_.lost)}});
  }
  LogInfo("samples loaded", {{"series", std::to_string(windows_.Stats().series)},
                             {"chunk_blocks", std::to_string(loaded_.blocks)},
                             {"log_records", std::to_string(replay_.records)},
                             {"log_samples", std::to_string(replay_.samples)}});
  return absl::OkStatus();
}

Status IngestStore::Maintain(Timestamp now) {
  const Status status = Sweep(now);
  if (!status.ok()) ++maintenance_failures_;
  return status;
}

Status IngestStore::Sweep(Timestamp now) {
  if (!Ready()) return absl::OkStatus();
  if (now - last_expire_ >= kExpireEvery || now < last_expire_) {
    last_expire_ = now;
    windows_.Expire();
    CheckMemory(now);
    if (windows_.Newest() != kNoTime) {
      TRY(chunks_->DropBefore(windows_.Newest() - windows_.LongestKeep()));
    }
  }
  TRY(windows_.FlushSealed(chunks_.get()));
  if (last_cut_time_ == 0) last_cut_time_ = now;
  return CheckpointDue(now) ? Checkpoint(now) : absl::OkStatus();
}

bool IngestStore::CheckMemory(Timestamp now) {
  const DurationMs current = windows_.Plan()->unreferenced();
  const uint64_t used = MemoryOf(windows_.Stats());
  const MemoryDecision decision = DecideMemory({.used = used,
                                                .limit = options_.memory_limit,
                                                .current = current,
                                                .configured = options_.unreferenced_retention,
                                                .since_change = now - last_retention_change_});
  const bool shortened = decision.verdict == MemoryVerdict::kShortened;
  const bool held = decision.verdict != MemoryVerdict::kCannotHold;
  if (decision.next != current) {
    last_retention_change_ = now;
    windows_.SetUnreferencedRetention(decision.next);
    if (shortened) windows_.Expire();
  }
  {
    const absl::MutexLock lock(&memory_mutex_);
    memory_.used = shortened ? MemoryOf(windows_.Stats()) : used;
    memory_.unreferenced_retention = decision.next;
    memory_.held = held;
    memory_.shortened += shortened ? 1 : 0;
  }
  if ((shortened || !held) && now - last_memory_words_ >= kSayEvery) {
    last_memory_words_ = now;
    LogWarn(WordsOf(decision.verdict),
            {{"held_bytes", std::to_string(used)},
             {"limit_bytes", std::to_string(options_.memory_limit)},
             {"kept_before", FormatDuration(current)},
             {"kept_now", FormatDuration(decision.next)},
             {"configured", FormatDuration(options_.unreferenced_retention)}});
  }
  return shortened;
}

bool IngestStore::CheckpointDue(Timestamp now) const {
  const LogWriterStats wal = log_.wal().Stats();
  const uint64_t written = wal.bytes - last_cut_bytes_;
  if (written >= options_.checkpoint_bytes) return true;
  if (written > 0 && now - last_cut_time_ >= options_.checkpoint_interval) return true;
  return wal.disk_bytes >=
         3 * options_.checkpoint_bytes;  // left by runs that ended too early to do it
}

// Order is what makes this safe: chunks are on the disk before the segments that hold their samples
// go.
Status IngestStore::Checkpoint(Timestamp now) {
  const uint32_t keep_from = last_cut_;
  const uint32_t cut = TRY(log_.Cut([&](uint32_t segment) {
    windows_.BeginEpoch(segment);
    if (log_.RestartNumbers()) windows_.ForgetNumbers();
  }));
  last_cut_ = cut;
  last_cut_time_ = now;
  last_cut_bytes_ = log_.wal().Stats().bytes;
  windows_.SealOpenedBefore(keep_from);
  TRY(windows_.FlushSealed(chunks_.get()));
  const Status synced = chunks_->Sync();
  chunks_untrusted_ = chunks_untrusted_ || !synced.ok();
  TRY(synced);
  if (chunks_untrusted_) {
    // Another sync would not tell whether the disk has what the one that failed was for.
    return Internal("chunk files could not be synced once: the log is kept until the next start");
  }
  TRY(log_.wal().DropBefore(keep_from));
  ++checkpoints_;
  return absl::OkStatus();
}

IngestStoreStats IngestStore::Stats() const {
  IngestStoreStats stats;
  stats.ready = Ready();
  stats.windows = windows_.Stats();
  stats.remote_write = receiver_.Stats();
  stats.otlp = otlp_.Stats();
  stats.senders = guard_.limits().Stats();
  stats.ha_clusters = guard_.ha().Clusters();
  {
    const absl::MutexLock lock(&memory_mutex_);
    stats.memory = memory_;
  }
  stats.wal = log_.wal().Stats();
  stats.chunk_files = chunks_->Stats();
  if (stats.ready) {  // written before, read-only since
    stats.replay = replay_;
    stats.loaded = loaded_;
    stats.damaged_log_places = damaged_log_places_;
  }
  stats.checkpoints = checkpoints_;
  stats.maintenance_failures = maintenance_failures_;
  stats.unlogged_batches = appender_.unlogged_batches();
  if (const StatusOr<uint64_t> free = FreeBytes(options_.path); free.ok()) stats.free_bytes = *free;
  stats.min_free_bytes = options_.min_free_bytes;
  return stats;
}

}  // namespace outrider
