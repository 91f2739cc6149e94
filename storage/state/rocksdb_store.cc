// SPDX-License-Identifier: Apache-2.0
// Memory: one write-buffer manager for all families, counted outside the strict block cache.
// A batch with requirements is checked and written under an exclusive lock, sync included: nothing
// that is not yet durable may pass a check. Batches without share the lock, and RocksDB joins their
// syncs.
#include "storage/state/rocksdb_store.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/slice.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "absl/synchronization/mutex.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/state/migration.h"
#include "storage/state/row_codec.h"
#include "storage/state/schema.h"

namespace outrider {
namespace {

using rocksdb::ColumnFamilyHandle;

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

constexpr size_t kVersionBytes = 8;
constexpr int kRunsToMerge = 16;
constexpr size_t kBlockBytes = 16 << 10;
constexpr size_t kReadAhead = 256 << 10;  // of each run that is merged
constexpr size_t kWriteOverhead = 24;     // of a row in a batch: version, lengths, kind

Status FromRocks(const rocksdb::Status& status, const std::string& directory) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = status.ToString();
  if (status.IsNoSpace() || Contains(text, "No space left")) {
    return absl::ResourceExhaustedError(
        fmt::format("the disk of {} is full: make room, nothing else is needed", directory));
  }
  if (Contains(text, "lock") && status.IsIOError()) {
    return absl::FailedPreconditionError(
        fmt::format("{} is in use by another process: stop that one, or use another --storage.path",
                    directory));
  }
  if (Contains(text, "Permission denied")) {
    return absl::PermissionDeniedError(fmt::format("{} cannot be written: {}", directory, text));
  }
  if (status.IsCorruption()) {
    return absl::DataLossError(fmt::format(
        "the state in {} is corrupt ({}): restore a backup, or move the directory away to start "
        "afresh",
        directory, text));
  }
  if (status.IsInvalidArgument() && Contains(text, "olumn famil")) {
    return absl::FailedPreconditionError(
        fmt::format("the state in {} was written by a newer Outrider ({})", directory, text));
  }
  return absl::UnavailableError(fmt::format("state in {}: {}", directory, text));
}

class RocksDbStore final : public StateStore {
 public:
  RocksDbStore(std::string directory, std::shared_ptr<rocksdb::Cache> cache,
               std::shared_ptr<rocksdb::WriteBufferManager> memtables)
      : directory_(std::move(directory)),
        cache_(std::move(cache)),
        memtables_(std::move(memtables)) {}

  ~RocksDbStore() override {
    for (ColumnFamilyHandle* handle : handles_) {
      if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    }
    if (db_) db_->Close().PermitUncheckedError();
  }

  Status Open(const RocksDbOptions& limits);
  StatusOr<std::optional<Row>> Get(Family family, std::string_view key) const override;
  Status Scan(Family family, std::string_view prefix, std::string_view from,
              const std::function<bool(const Row&)>& visit) const override;
  Status Commit(const Batch& batch, Durability durability) override;
  StoreStats Stats() const override;

 private:
  ColumnFamilyHandle* Handle(Family family) const { return handles_[static_cast<size_t>(family)]; }
  Status LoadNextVersion();
  Status CheckRequirements(const Batch& batch) const;
  // What is to be written, under a new version.
  Status Fill(const Batch& batch, rocksdb::WriteBatch* writes);
  Status Write(const Batch& batch, Durability durability);

  const std::string directory_;
  const std::shared_ptr<rocksdb::Cache> cache_;
  const std::shared_ptr<rocksdb::WriteBufferManager> memtables_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<ColumnFamilyHandle*, kFamilyCount> handles_{};

  absl::Mutex
      preconditions_;  // shared: plain commits; exclusive: those that check before they write
  std::atomic<uint64_t> next_version_ = 1;
  std::atomic<uint64_t> commits_ = 0;
  std::atomic<uint64_t> synced_ = 0;
  std::atomic<uint64_t> failed_ = 0;
};

// Keys begin with a hash, so every flush has rows of the whole range: with levels each would be
// merged into all there is. Runs of about the same size are merged instead, each row some few times
// in its life.
void SetCompaction(rocksdb::ColumnFamilyOptions* options) {
  options->compaction_style = rocksdb::kCompactionStyleUniversal;
  options->level0_file_num_compaction_trigger = kRunsToMerge;
  options->level0_slowdown_writes_trigger = 2 * kRunsToMerge;
  options->level0_stop_writes_trigger = 3 * kRunsToMerge;
  // What was just flushed is read once more soon.
  options->compression_per_level = {rocksdb::kNoCompression, rocksdb::kSnappyCompression};
}

rocksdb::ColumnFamilyOptions FamilyOptions(const RocksDbOptions& limits,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.block_size = kBlockBytes;
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = std::max<uint64_t>(limits.memtable_bytes / 8, 64 << 10);
  options.arena_block_size = 32 << 10;  // a family must not take a megabyte when idle
  options.max_write_buffer_number = 2;
  // A batch is written in the order of its keys: the search for a key's place begins where the one
  // before it went.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(0));
  SetCompaction(&options);
  return options;
}

rocksdb::DBOptions DatabaseOptions(const std::shared_ptr<rocksdb::WriteBufferManager>& memtables) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.write_buffer_manager = memtables;
  // Families are flushed together or not at all as far as a reader of the log can tell.
  options.atomic_flush = false;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_total_wal_size = 64 << 20;
  options.max_background_jobs = 2;
  options.compaction_readahead_size = kReadAhead;
  options.max_open_files = 256;
  options.max_file_opening_threads = 1;  // else a start makes 16 threads a family, for a few files
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1 << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

Status RocksDbStore::Open(const RocksDbOptions& limits) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, FamilyOptions(limits, cache_));
  for (int i = 0; i < kFamilyCount; ++i) {
    families.emplace_back(std::string(FamilyName(static_cast<Family>(i))),
                          FamilyOptions(limits, cache_));
  }
  rocksdb::DB* db = nullptr;
  std::vector<ColumnFamilyHandle*> handles;
  TRY(FromRocks(rocksdb::DB::Open(DatabaseOptions(memtables_), directory_, families, &handles, &db),
                directory_));
  db_.reset(db);
  db_->DestroyColumnFamilyHandle(handles[0]).PermitUncheckedError();
  for (size_t i = 0; i < kFamilyCount; ++i) handles_[i] = handles[i + 1];
  return LoadNextVersion();
}

// A version is the number of this opening of the store and a counter within it, so that none ever
// comes back.
Status RocksDbStore::LoadNextVersion() {
  constexpr std::string_view kOpens = "opens";
  const std::optional<Row> row = TRY(Get(Family::kMeta, kOpens));
  const uint64_t opens = (row ? ReadBigEndian64(row->value) : 0) + 1;
  next_version_ = (opens << 40) + 1;
  Batch batch;
  batch.Put(Family::kMeta, std::string(kOpens), BigEndian64(opens));
  return Write(batch, Durability::kSynced);
}

Row MakeRow(std::string_view key, std::string_view stored) {
  return {std::string(key), std::string(stored.substr(kVersionBytes)), ReadBigEndian64(stored)};
}

Status TooShort(Family family) {
  return absl::DataLossError(
      fmt::format("a row of {} is shorter than its version", FamilyName(family)));
}

StatusOr<std::optional<Row>> RocksDbStore::Get(Family family, std::string_view key) const {
  std::string stored;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), Handle(family), ToSlice(key), &stored);
  if (status.IsNotFound()) return std::optional<Row>();
  TRY(FromRocks(status, directory_));
  if (stored.size() < kVersionBytes) return TooShort(family);
  return std::optional<Row>(MakeRow(key, stored));
}

Status RocksDbStore::Scan(Family family, std::string_view prefix, std::string_view from,
                          const std::function<bool(const Row&)>& visit) const {
  const std::unique_ptr<rocksdb::Iterator> it(
      db_->NewIterator(rocksdb::ReadOptions(), Handle(family)));
  for (it->Seek(ToSlice(std::max(prefix, from))); it->Valid(); it->Next()) {
    const std::string_view key = ToView(it->key());
    if (!key.starts_with(prefix)) break;
    const std::string_view stored = ToView(it->value());
    if (stored.size() < kVersionBytes) return TooShort(family);
    if (!visit(MakeRow(key, stored))) break;
  }
  return FromRocks(it->status(), directory_);
}

Status RocksDbStore::CheckRequirements(const Batch& batch) const {
  for (const Batch::Requirement& requirement : batch.requirements()) {
    const std::optional<Row> row = TRY(Get(requirement.family, requirement.key));
    if ((row ? row->version : 0) != requirement.version) {
      return absl::AbortedError(
          fmt::format("a row of {} was changed by somebody else", FamilyName(requirement.family)));
    }
  }
  return absl::OkStatus();
}

// The writes in the order of their families and keys; those of one key stay as they came.
std::vector<const Batch::Write*> InKeyOrder(const Batch& batch) {
  struct Place {
    uint64_t head;  // family and what the key begins with
    const Batch::Write* write;
  };
  std::vector<Place> places;
  places.reserve(batch.writes().size());
  for (const Batch::Write& write : batch.writes()) {
    uint64_t head = static_cast<uint64_t>(write.family);
    for (size_t i = 0; i < 7; ++i) {
      head = head << 8 | (i < write.key.size() ? static_cast<uint8_t>(write.key[i]) : 0);
    }
    places.push_back({head, &write});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    if (a.head != b.head) return a.head < b.head;
    const int order = a.write->key.compare(b.write->key);
    return order != 0 ? order < 0 : a.write < b.write;
  });
  std::vector<const Batch::Write*> writes;
  writes.reserve(places.size());
  for (const Place& place : places) writes.push_back(place.write);
  return writes;
}

Status RocksDbStore::Fill(const Batch& batch, rocksdb::WriteBatch* writes) {
  const std::string version = BigEndian64(next_version_.fetch_add(1));
  for (const Batch::Write* write : InKeyOrder(batch)) {
    const rocksdb::Slice key = ToSlice(write->key);
    if (!write->value) {
      TRY(FromRocks(writes->Delete(Handle(write->family), key), directory_));
      continue;
    }
    const std::array<rocksdb::Slice, 2> value = {ToSlice(version), ToSlice(*write->value)};
    TRY(FromRocks(writes->Put(Handle(write->family), rocksdb::SliceParts(&key, 1),
                              rocksdb::SliceParts(value.data(), value.size())),
                  directory_));
  }
  return absl::OkStatus();
}

Status RocksDbStore::Write(const Batch& batch, Durability durability) {
  // RocksDB counts every comparison of keys for the thread, unless told not to.
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  size_t bytes = 0;
  for (const Batch::Write& write : batch.writes()) {
    bytes += write.key.size() + (write.value ? write.value->size() : 0) + kWriteOverhead;
  }
  rocksdb::WriteBatch writes(bytes + kWriteOverhead);
  TRY(Fill(batch, &writes));
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kSynced;
  rocksdb::Status written = db_->Write(options, &writes);
  if (!written.ok() && db_->Resume().ok()) {
    // A full disk leaves RocksDB in a read-only state; with room again, one more try does it.
    written = db_->Write(options, &writes);
  }
  return FromRocks(written, directory_);
}

Status RocksDbStore::Commit(const Batch& batch, Durability durability) {
  Status status;
  if (batch.requirements().empty()) {
    absl::ReaderMutexLock lock(&preconditions_);
    status = Write(batch, durability);
  } else {
    absl::MutexLock lock(&preconditions_);
    status = CheckRequirements(batch);
    if (status.ok()) status = Write(batch, durability);
  }
  if (!status.ok()) {
    ++failed_;
    return status;
  }
  ++commits_;
  if (durability == Durability::kSynced) ++synced_;
  return status;
}

StoreStats RocksDbStore::Stats() const {
  StoreStats stats;
  stats.commits = commits_;
  stats.synced_commits = synced_;
  stats.failed_commits = failed_;
  stats.memory_bytes = memtables_->memory_usage() + cache_->GetUsage();
  for (int i = 0; i < kFamilyCount; ++i) {
    const auto family = static_cast<Family>(i);
    uint64_t bytes = 0;
    db_->GetIntProperty(Handle(family), rocksdb::DB::Properties::kTotalSstFilesSize, &bytes);
    stats.family_bytes.emplace_back(FamilyName(family), bytes);
  }
  return stats;
}

}  // namespace

StatusOr<std::unique_ptr<StateStore>> OpenRocksDbStore(const std::string& directory,
                                                       const RocksDbOptions& options) {
  TRY(MakeDirectories(directory));
  auto cache = rocksdb::NewLRUCache(options.block_cache_bytes, /*num_shard_bits=*/2,
                                    /*strict_capacity_limit=*/true);
  auto memtables = std::make_shared<rocksdb::WriteBufferManager>(options.memtable_bytes);
  auto store = std::make_unique<RocksDbStore>(directory, std::move(cache), std::move(memtables));
  TRY(store->Open(options));
  TRY(Annotate(MigrateSchema(*store, kSchemaVersion, AllMigrations()), directory));
  return std::unique_ptr<StateStore>(std::move(store));
}

}  // namespace outrider
