// SPDX-License-Identifier: Apache-2.0
// The samples of one series: sealed chunks, one open chunk, what few series have beside them, and
// the rules of appending (specs/prometheus.md §1.2, contract.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/sample.h"
#include "storage/window/appender.h"
#include "storage/window/chunk_float.h"
#include "storage/window/chunk_limits.h"
#include "storage/window/histogram_window.h"
#include "storage/window/late_samples.h"
#include "storage/window/sealed_chunk.h"
#include "storage/window/sealed_chunks.h"
#include "storage/window/series_makers.h"
#include "storage/window/start_times.h"

namespace outrider {

inline constexpr DurationMs kMaxAhead = 10 * kMinute;  // Prometheus' maxAheadTime
// A local rule's claim on its label set ends when it has written nothing for so long (the rule is
// gone).
inline constexpr DurationMs kLocalClaim = kHour;
// With a retention of nothing, label sets are remembered so long (contract.md).
inline constexpr DurationMs kKeepLabels = kHour;

// Whole seconds, upwards.
inline uint32_t SecondsOf(DurationMs duration) {
  const DurationMs seconds = (duration + kSecond - 1) / kSecond;
  return static_cast<uint32_t>(std::clamp<DurationMs>(seconds, 0, UINT32_MAX));
}

// What an append is judged by.
struct AppendContext {
  Origin origin = Origin::kRemote;
  Timestamp now = 0;
  Timestamp newest = kNoTime;  // newest accepted sample of any series
  uint32_t epoch = 0;          // of the write-ahead log
  SenderId sender = kNoSender;
  DurationMs late_window = 0;  // how far behind a series' newest sample others may come
  // During replay: the newest of the series' samples that replay has met, or null. What the chunk
  // files already brought must not make a sample late that was on time.
  Timestamp* replayed = nullptr;
};

// What of a series stands in chunk files: its chunks up to these ends, and these late ones.
struct ChunksWritten {
  Timestamp end = kNoTime;
  Timestamp histograms_end = kNoTime;
  std::vector<ChunkName> late;
  std::vector<ChunkName> late_histograms;
};

enum class AppendVerdict {
  kStored,
  kStoredLate,
  kRepeat,
  kDuplicate,
  kOutOfOrder,
  kTooOld,
  kTooFarAhead,
  kLocalWins
};
void Count(AppendVerdict verdict, AppendCounts* counts);

// What few series have.
struct SeriesAside {
  LateSamples late;
  std::unique_ptr<HistogramWindow> histograms;  // null: none
  StartTimes starts;
};

// Guarded by its shard's lock.
struct Series {
  uint64_t birth = 0;                  // process-wide sequence number; 0: this slot is free
  SealedChunks sealed;                 // of floats
  std::unique_ptr<SeriesAside> aside;  // null: nothing there
  FloatChunkWriter open;               // knows the newest float too
  uint32_t keep_seconds = 0;
  uint32_t open_epoch = 0;     // when the open chunk got its first sample
  uint32_t plan = 0;           // generation of the retention plan that gave `keep_seconds`
  SenderId maker = kNoSender;  // who made it, or fed it first since the start
  bool local : 1 = false;      // a rule of ours writes this label set
  bool unwritten : 1 = false;  // has sealed chunks that are not in a chunk file
  bool queued : 1 = false;     // and is in the list of those that wait to be written
  bool rewritten : 1 = false;  // samples were taken back once

  DurationMs keep() const { return DurationMs{keep_seconds} * kSecond; }
  // Of the newest sample, be it a float or a histogram.
  Timestamp last_time() const {
    const HistogramWindow* window = histograms();
    return window == nullptr ? open.last_time() : std::max(open.last_time(), window->last_time());
  }
  const HistogramWindow* histograms() const { return aside ? aside->histograms.get() : nullptr; }
  SealedChunks::Range chunks() const { return sealed.All(); }

  AppendVerdict Append(const Sample& sample, const AppendContext& context);
  AppendVerdict Append(const HistogramSample& sample, const AppendContext& context);
  // What was appended as the newest sample counts since `start`; 0: not known.
  void NoteStart(Timestamp time, Timestamp start);
  void Seal();  // no-op when nothing is open
  // Seals what was opened before `epoch`; false when there was nothing.
  bool SealOpenedBefore(uint32_t epoch);
  void MarkPersisted(const ChunksWritten& written);
  // A chunk from a file; one that is there already is passed over.
  void Load(SealedChunk chunk, double last_value, bool is_late, std::span<const StartRun> starts);
  // Drops what is older than kept; true when nothing is left and the series may go.
  bool Expire(Timestamp newest);
  bool HasSampleIn(Timestamp from, Timestamp to) const;
  // The newest float, if it is kept (without looking into chunks).
  bool HasNewest(Timestamp from, Timestamp to) const {
    return open.count() > 0 && open.last_time() >= from && open.last_time() <= to;
  }
  // Appends the float samples of [from, to], sorted; false on a damaged chunk.
  bool Read(Timestamp from, Timestamp to, std::vector<Timestamp>* times,
            std::vector<double>* values) const;
  // The two parts of Read(): what came in order, then the late ones merged into what was appended
  // since `begin`.
  bool ReadChunks(Timestamp from, Timestamp to, std::vector<Timestamp>* times,
                  std::vector<double>* values) const;
  bool MergeLate(Timestamp from, Timestamp to, size_t begin, std::vector<Timestamp>* times,
                 std::vector<double>* values) const;

 private:
  enum class Known { kNo, kSame, kOther };
  template <typename KnownAt>
  AppendVerdict Judge(Timestamp time, const AppendContext& context, KnownAt known) const;
  template <typename KnownAt>
  AppendVerdict JudgeNotNewest(Timestamp time, const AppendContext& context, KnownAt known) const;
  Known KnownAs(const Sample& sample) const;
  Known KnownAs(const HistogramSample& sample) const;
  bool Find(Timestamp time, Sample* found) const;
  SeriesAside& Aside();
  HistogramWindow& Histograms();
  void TakeOver(Timestamp time, const AppendContext& context);
  bool ExpireAside(Timestamp cutoff);
  bool HasUnwritten() const;
  void Store(const Sample& sample, uint32_t epoch);
  void TruncateFrom(Timestamp time);
};
static_assert(sizeof(Series) <= 88, "a million series are a million of these");

}  // namespace outrider
