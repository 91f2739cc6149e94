// SPDX-License-Identifier: Apache-2.0
// The rolling windows: every series of the last hours in memory, written by several connections
// while rules and queries read. Series live in 64 shards, each with its own lock, those that were
// made together side by side: who sends them together appends to neighbours. SeriesIndex knows the
// labels. A series is identified by a seeded 128-bit hash of its
// label set: without the seed nobody can make two collide. A directory finds a series by that
// identity, or by the key under which its sender writes it (keyed_rows.h).
//
// Nothing here does I/O: sealed chunks are handed to a ChunkSink when FlushSealed() asks for them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/window/appender.h"
#include "storage/window/block_list.h"
#include "storage/window/chunk_block.h"
#include "storage/window/decoded_tails.h"
#include "storage/window/key_table.h"
#include "storage/window/keyed_rows.h"
#include "storage/window/querier.h"
#include "storage/window/recently_made.h"
#include "storage/window/retention_plan.h"
#include "storage/window/sample_feed.h"
#include "storage/window/series.h"
#include "storage/window/series_index.h"
#include "storage/window/series_makers.h"
#include "storage/window/series_slots.h"

namespace outrider {

struct WindowsOptions {
  DurationMs retention = 24 * kHour;              // storage.retention
  DurationMs unreferenced_retention = 6 * kHour;  // storage.unreferenced_retention
  DurationMs late_window = 0;                     // ingest.out_of_order_window
  uint64_t seed = 0;                              // random; hashes of label sets
  SeriesCounter* counter = nullptr;               // may be null; outlives the windows
  uint64_t decoded_cache = 0;                     // storage.decoded_cache, bytes
};

struct WindowsStats {
  uint64_t series = 0;
  uint64_t series_created = 0;  // of this run
  uint64_t series_removed = 0;  // of this run
  uint64_t samples = 0;         // held now
  uint64_t histograms = 0;      // of them: native histograms
  uint64_t late_samples = 0;    // of them: came behind a newer one
  uint64_t open_chunks = 0;
  uint64_t sealed_chunks = 0;
  uint64_t unwritten_chunks = 0;  // sealed, not yet in a chunk file
  uint64_t chunk_bytes = 0;       // of all chunks
  uint64_t local_series = 0;      // written by our rules
  uint64_t damaged_chunks = 0;    // could not be decoded (of this run)
  uint64_t decoded_bytes = 0;     // of samples kept decoded
  Timestamp newest = 0;           // newest sample; 0: none
  SeriesIndexStats index;
};

// A series by its labels.
struct LabeledRow {
  std::span<const LabelView> labels;  // sorted, unique, without empty values
  std::span<const Sample> samples = {};
  std::span<const Timestamp> starts = {};  // of each sample (start_times.h); empty: none was sent
  Hash128 key = {};                        // names it in later AppendKeyed calls; zero: none
  SeriesMaker maker = {};
};

// Samples of series that are there for certain: of neighbours, one each, or of one series.
struct FoundRun {
  uint32_t id = 0;    // of the first sample's series
  uint32_t step = 0;  // to that of the next sample: 1 or 0
  uint32_t count = 0;
  SenderId sender = kNoSender;
  Timestamp time = 0;                // of all, without
  const Timestamp* times = nullptr;  // one each
  const char* values = nullptr;      // doubles, anywhere
};

struct SeriesSize {
  uint32_t samples = 0;
  uint32_t bytes = 0;  // of its chunks
  bool exists = false;
};

// Thread-safe.
class Windows final : public Querier, public Appender, public SampleFeed {
 public:
  explicit Windows(const WindowsOptions& options);

  // Samples of one series; `labels` sorted, unique, without empty values. `now` judges the future.
  // Samples are judged one by one: a bad one never costs the others.
  AppendCounts Append(std::span<const LabelView> labels, std::span<const Sample> samples,
                      Origin origin, Timestamp now);
  // The same for rows of a sender that are probably new; `counts` receives a value for each, `ids`
  // its series or kNoSeries. A few hundred at a time: nobody else appends meanwhile.
  void AppendLabeled(std::span<const LabeledRow> rows, Timestamp now, SenderId sender,
                     std::vector<AppendCounts>* counts, std::vector<uint32_t>* ids = nullptr);
  // The same for native histograms, whose shapes are valid (ValidateShape).
  AppendCounts AppendHistograms(std::span<const LabelView> labels,
                                std::span<const HistogramSample> histograms,
                                std::span<const Timestamp> starts, Origin origin, Timestamp now,
                                const SeriesMaker& maker = {});
  // Whether there is a series with this identity.
  bool Has(const Hash128& identity) const;
  // Fills outcome->ids with the series of the rows, or kNoSeries.
  void FindKeyed(KeyKind kind, std::span<const KeyedRow> rows, KeyedOutcome* outcome) const;
  // Appends the samples of rows that FindKeyed found; rows that were not found, or whose
  // series went meanwhile, or (of a sender) that a rule of ours writes, are listed as unknown.
  void AppendKeyed(KeyKind kind, std::span<const KeyedRow> rows, const KeyedSamples& samples,
                   const KeyedWriter& writer, KeyedOutcome* outcome);
  AppendCounts AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                           Timestamp now) override;
  AppendCounts AppendKnown(std::span<const KnownSample> samples, Timestamp now) override;

  Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to, size_t max_samples,
                SeriesSet* out) const override;
  Status SelectInPieces(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                        size_t max_samples, SeriesSet* piece,
                        const std::function<Status(SeriesSet&)>& use) const override;
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> matchers, Timestamp from,
                                             Timestamp to) const override;
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> matchers, Timestamp from,
                                                Timestamp to) const override;
  StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                 std::span<const Matcher> matchers, Timestamp from,
                                                 Timestamp to) const override;
  std::vector<Timestamp> NewestOf(std::span<const uint32_t> ids) const override;
  Timestamp OldestKept() const override;
  KeptSince KeptSinceOf(std::span<const Matcher> matchers) const override;
  Timestamp AllKeptSince() const override;

  uint64_t SeriesMade() const override;
  std::vector<SeriesCursor> Find(std::span<const Matcher> matchers) const override;
  std::vector<SeriesCursor> FindMadeSince(std::span<const Matcher> matchers, uint64_t birth,
                                          size_t* all) const override;
  Labels LabelsOf(const SeriesCursor& cursor) const override;
  uint64_t FollowAs(Want want, std::span<SeriesCursor> cursors, Timestamp to,
                    const UseFollowed& use) const override;

  // The seed of identities (series_identity.h) and of senders' keys.
  uint64_t seed() const { return options_.seed; }

  // While the log is replayed, from one thread: what chunk files brought already makes no sample
  // late, and nothing that was acked is refused.
  void BeginReplay();
  void EndReplay();
  // Rows of KeyKind::kSender come by their labels again, once.
  void ForgetSenderKeys();
  // Samples of a sender, by id, during replay: no series goes then. They are appended in their
  // order; several threads may do so at once if none of them has the series of another. A run stays
  // within a block of neighbours.
  AppendCounts AppendFound(std::span<const FoundRun> runs, Timestamp now);
  // Ids of a block of neighbours are these many, from a multiple of it on.
  static constexpr uint32_t kNeighbours = SeriesSlots::kBlock;

  // The log's names for series (log numbers are above 0): row i of a request has `first` + i. Rows
  // without a series, and those whose series went, get none. A number goes with its series.
  void NoteNumbers(KeyKind kind, std::span<const KeyedRow> rows, std::span<const uint32_t> ids,
                   uint32_t first);
  // False when a row's series has no number, or one below `least`. `ids` are those of FindKeyed.
  bool NumbersOf(KeyKind kind, std::span<const KeyedRow> rows, std::span<const uint32_t> ids,
                 uint32_t least, std::vector<uint32_t>* numbers) const;
  void ForgetNumbers();

  // Replaces the set of references that keep series longer than the unreferenced retention.
  void SetReferences(std::vector<SeriesReference> references);
  // Another retention of unreferenced series than the configured one, while memory is short.
  void SetUnreferencedRetention(DurationMs unreferenced);
  // Drops what is older than kept, and series without samples. Called every few seconds.
  void Expire();

  // Chunks opened from now on belong to `epoch`. The caller sees to it that no append runs
  // meanwhile.
  void BeginEpoch(uint32_t epoch) { epoch_ = epoch; }
  // Seals the open chunks of epochs before this one, so that FlushSealed writes them.
  void SealOpenedBefore(uint32_t epoch);
  // Writes every sealed chunk that is not written yet; one caller at a time. After an error the
  // rest waits for the next call.
  Status FlushSealed(ChunkSink* sink);
  // Takes the entries of a block that was written; chunks that are there already are passed over.
  // Before appends start.
  Status LoadBlock(std::string_view block);

  WindowsStats Stats() const;
  // For reports (kept_report.h): what every series takes, by id, and which ids are selected.
  std::vector<SeriesSize> AllSizes() const;
  std::vector<uint32_t> IdsOf(std::span<const Matcher> matchers) const {
    return index_.Match(matchers);
  }
  std::vector<std::string> AllValues(std::string_view name) const {
    return index_.ValuesOf(name, index_.Match({}));
  }
  std::shared_ptr<const RetentionPlan> Plan() const;  // in force
  // What any series is kept at most, by the plan in force.
  DurationMs LongestKeep() const { return Plan()->Longest(); }
  Timestamp Newest() const { return newest_; }  // kNoTime: no sample yet

 private:
  static constexpr uint32_t kShards = 64;
  struct Shard {
    mutable absl::Mutex mutex;
    SeriesSlots series ABSL_GUARDED_BY(mutex);
    std::vector<uint32_t> unwritten ABSL_GUARDED_BY(mutex);  // slots of series with Series::queued
    mutable DecodedTails decoded;
    uint64_t created ABSL_GUARDED_BY(mutex) = 0;
    uint64_t removed ABSL_GUARDED_BY(mutex) = 0;
  };
  // Locked before a shard. Series come and go only under its exclusive lock.
  struct Directory {
    mutable absl::Mutex mutex;
    // Identities of series that no key of a sender names are kept; those of others follow from
    // their labels.
    KeyTable by_identity ABSL_GUARDED_BY(mutex);
    KeyTable by_sender_key ABSL_GUARDED_BY(mutex);
    BlockList<uint32_t> numbers ABSL_GUARDED_BY(mutex);          // by id, see NoteNumbers; 0: none
    uint32_t shard_of_new ABSL_GUARDED_BY(mutex) = kShards - 1;  // the first is next
    uint32_t free_slots ABSL_GUARDED_BY(mutex) = 0;              // of all shards
    // Identities of series that are not in the index yet.
    std::vector<std::pair<uint32_t, Hash128>> not_indexed ABSL_GUARDED_BY(mutex);
    RecentlyMade recent ABSL_GUARDED_BY(mutex);
  };
  // A series' id: its slot and its shard. Ids of neighbours follow each other, so that what is kept
  // by id lies side by side too.
  static constexpr uint32_t kRun = SeriesSlots::kBlock;
  static uint32_t IdOf(uint32_t slot, uint32_t shard) {
    return (slot / kRun * kShards + shard) * kRun + slot % kRun;
  }
  static uint32_t ShardOf(uint32_t id) { return id / kRun % kShards; }
  static uint32_t SlotOf(uint32_t id) { return id / (kRun * kShards) * kRun + id % kRun; }

  // From the labels.
  Hash128 IdentityOfIndexed(uint32_t id) const ABSL_SHARED_LOCKS_REQUIRED(directory_.mutex);
  // As by_identity.Find(), and keeps the identity if it was not.
  uint32_t FindIdentity(const Hash128& identity) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(directory_.mutex);
  void FindKept(const KeyTable& table, std::span<const KeyedRow> rows,
                std::span<uint32_t> ids) const ABSL_SHARED_LOCKS_REQUIRED(directory_.mutex);
  const KeyTable& TableOf(KeyKind kind) const ABSL_SHARED_LOCKS_REQUIRED(directory_.mutex) {
    return kind == KeyKind::kIdentity ? directory_.by_identity : directory_.by_sender_key;
  }
  AppendContext ContextOf(Origin origin, Timestamp now, SenderId sender = kNoSender) const;
  template <typename AnySample>
  AppendCounts AppendTo(uint32_t id, std::span<const AnySample> samples,
                        std::span<const Timestamp> starts, const AppendContext& context)
      ABSL_SHARED_LOCKS_REQUIRED(directory_.mutex);
  template <typename AnySample>
  AppendCounts AppendOne(std::span<const LabelView> labels, std::span<const AnySample> samples,
                         std::span<const Timestamp> starts, const AppendContext& context,
                         const SeriesMaker& maker);
  // Samples that are all in one shard, by index; those whose series is not there (any more) are
  // added to `unknown`.
  struct KnownPart {
    std::span<const KnownSample> samples;
    std::span<const uint32_t> order;
  };
  void AppendKnownOf(uint32_t shard_index, const KnownPart& part, AppendContext* context,
                     AppendCounts* counts, std::vector<uint32_t>* unknown)
      ABSL_SHARED_LOCKS_REQUIRED(directory_.mutex);
  // All in one shard.
  void AppendRunsOf(uint32_t shard_index, std::span<const FoundRun> runs, AppendContext* context,
                    AppendCounts* counts) ABSL_SHARED_LOCKS_REQUIRED(directory_.mutex);
  void AppendRun(Shard* shard, const FoundRun& run, AppendContext* context, AppendCounts* counts)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard->mutex) ABSL_SHARED_LOCKS_REQUIRED(directory_.mutex);
  // By its labels; notes where it is.
  AppendCounts AppendMet(KnownSeries* series, const Sample& sample, Timestamp now);
  // How long new series are kept.
  struct NewSeriesPlan {
    uint32_t generation;
    std::shared_ptr<const RetentionPlan> plan;
  };
  NewSeriesPlan PlanOfNew() const {
    const uint32_t generation = plan_generation_;  // first: an older one is looked at again
    return {generation, Plan()};
  }
  // True when the row made a series, which is not in the index yet.
  bool AppendLabeledRow(const LabeledRow& row, const Hash128& identity, const NewSeriesPlan& plan,
                        const AppendContext& context, uint32_t* id, AppendCounts* counts)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(directory_.mutex);
  // Rows [begin, end) of outcome->order are of one shard.
  void AppendRows(uint32_t shard_index, std::span<const KeyedRow> rows,
                  std::span<const uint32_t> order, const KeyedSamples& samples,
                  AppendContext* context, KeyedOutcome* outcome)
      ABSL_SHARED_LOCKS_REQUIRED(directory_.mutex);
  // The caller adds it to the index.
  uint32_t Create(std::span<const LabelView> labels, const SeriesMaker& maker,
                  const NewSeriesPlan& plan) ABSL_EXCLUSIVE_LOCKS_REQUIRED(directory_.mutex);
  // The shard the next series go to when a run is full.
  uint32_t NextShardOfNew() ABSL_EXCLUSIVE_LOCKS_REQUIRED(directory_.mutex);
  // The id of a new slot, or kNoSeries when there is no room in what the shard has.
  enum class Room { kOld, kAny };
  uint32_t MakeSlot(uint32_t shard_index, Room room, const Series& like)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(directory_.mutex);
  void RemoveUnused(uint32_t id, const Hash128& identity)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(directory_.mutex);
  // The sender feeds a series of which nobody knew who made it.
  void Adopt(Series* series, SenderId sender) const;
  void TellCounter(bool added, SenderId sender) const;
  void RemoveSeries(uint32_t id, const Hash128& identity)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(directory_.mutex);
  void RemoveIfEmpty(std::span<const uint32_t> ids, Timestamp newest);
  static void NoteUnwritten(Shard* shard, Series* series, uint32_t slot)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard->mutex);
  void RaiseNewest(Timestamp time);
  enum class Go { kOn, kPause, kEnd };
  // Calls `visit(shard, index in ids, series)` for each id that is still the series that was
  // matched, under the lock of the series and of the tails that are kept decoded. After some, or
  // when it asks for a pause, `pause()` is called without locks; false ends it.
  template <typename Visit, typename Pause>
  void ForEach(const std::vector<uint32_t>& ids, uint64_t born_before, Visit visit,
               Pause pause) const;
  static void PrefetchSeries(const Shard& shard, uint32_t slot)
      ABSL_SHARED_LOCKS_REQUIRED(shard.mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.decoded.mutex);
  static void PrefetchSamples(const Shard& shard, uint32_t slot)
      ABSL_SHARED_LOCKS_REQUIRED(shard.mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.decoded.mutex);
  // Appends a row, if there is something in the range.
  void AddRow(const Shard& shard, uint32_t id, const PairList& pairs, const Series& series,
              const TimeRange& range, SeriesSet* out) const ABSL_SHARED_LOCKS_REQUIRED(shard.mutex)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.decoded.mutex);
  bool ReadSeries(const Shard& shard, uint32_t slot, const Series& series, const TimeRange& range,
                  SeriesSet* out) const ABSL_SHARED_LOCKS_REQUIRED(shard.mutex)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.decoded.mutex);
  // Cursors of those that were born in [since, before).
  std::vector<SeriesCursor> CursorsOf(const std::vector<uint32_t>& ids, uint64_t since,
                                      uint64_t before) const;
  // Series that match and have a sample in the range.
  std::vector<uint32_t> Live(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                             std::vector<Labels>* labels) const;
  void Replace(std::shared_ptr<const RetentionPlan> plan)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(plan_writer_);

  struct WrittenChunk {
    uint32_t slot;
    uint64_t birth;
    ChunksWritten chunks;
  };
  Status FlushShard(uint32_t shard_index, ChunkSink* sink);
  static void WriteChunks(const Series& series, std::string_view labels, std::string* block,
                          Timestamp* newest, ChunksWritten* written);
  // Encodes unwritten chunks up to the block size; false when there are none.
  bool FillBlock(uint32_t shard_index, std::string* block, Timestamp* newest,
                 std::vector<WrittenChunk>* chunks);
  void MarkWritten(uint32_t shard_index, const std::vector<WrittenChunk>& chunks);
  Status LoadEntry(const ChunkEntry& entry);

  const WindowsOptions options_;
  SeriesIndex index_;
  mutable Directory directory_;  // who looks for an identity may leave it there
  std::array<Shard, kShards> shards_;
  mutable DecodedBudget decoded_budget_;
  std::atomic<uint64_t> next_birth_{1};
  std::atomic<Timestamp> newest_{kNoTime};
  std::atomic<uint32_t> epoch_{0};
  std::atomic<uint32_t> plan_generation_{1};
  mutable std::atomic<uint64_t> damaged_chunks_{0};
  bool replaying_ = false;  // changes while nothing else runs
  std::vector<Timestamp> replayed_ ABSL_GUARDED_BY(directory_.mutex);  // by id
  // Unreferenced samples before this went because of a shortened retention.
  std::atomic<Timestamp> shortened_to_{kNoTime};
  absl::Mutex plan_writer_ ABSL_ACQUIRED_BEFORE(plan_mutex_);  // one new plan at a time
  mutable absl::Mutex plan_mutex_;
  std::shared_ptr<const RetentionPlan> plan_ ABSL_GUARDED_BY(plan_mutex_);
};

}  // namespace outrider
