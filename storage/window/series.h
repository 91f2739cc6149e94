// SPDX-License-Identifier: Apache-2.0
// The samples of one series: sealed chunks, one open chunk, and the rules of appending.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/hash.h"
#include "storage/model/sample.h"
#include "storage/window/appender.h"
#include "storage/window/chunk_float.h"

namespace outrider {

inline constexpr uint32_t kMaxChunkSamples = 120;
inline constexpr DurationMs kMaxChunkSpan = 2 * kHour;
inline constexpr DurationMs kMaxAhead = 10 * kMinute;  // Prometheus' maxAheadTime
// A local rule's claim on its label set ends when it has written nothing for so long (the rule is
// gone).
inline constexpr DurationMs kLocalClaim = kHour;
// With a retention of nothing, label sets are remembered so long (contract.md).
inline constexpr DurationMs kKeepLabels = kHour;
inline constexpr Timestamp kNoTime = std::numeric_limits<Timestamp>::min() / 2;

struct SealedChunk {
  ChunkBytes data;
  uint32_t bytes = 0;
  uint16_t count = 0;
  bool persisted = false;
  Timestamp start = 0;
  Timestamp end = 0;
};

// What an append is judged by.
struct AppendContext {
  Origin origin = Origin::kRemote;
  Timestamp now = 0;
  Timestamp newest = kNoTime;  // newest accepted sample of any series
  uint32_t epoch = 0;          // of the write-ahead log
};

enum class AppendVerdict {
  kStored,
  kRepeat,
  kDuplicate,
  kOutOfOrder,
  kTooOld,
  kTooFarAhead,
  kLocalWins
};
void Count(AppendVerdict verdict, AppendCounts* counts);

// Guarded by its shard's lock.
struct Series {
  Hash128 identity;
  uint64_t birth = 0;  // process-wide sequence number; 0: this slot is free
  DurationMs keep = 0;
  Timestamp last_time = kNoTime;
  double last_value = 0;
  std::vector<SealedChunk> sealed;  // oldest first
  FloatChunkWriter open;
  uint32_t open_epoch = 0;  // when the open chunk got its first sample
  uint32_t plan = 0;        // generation of the retention plan that gave `keep`
  bool local = false;       // a rule of ours writes this label set
  bool queued = false;      // has sealed chunks that wait to be written

  AppendVerdict Append(const Sample& sample, const AppendContext& context);
  void Seal();  // no-op when nothing is open
  bool HasUnwritten() const { return !sealed.empty() && !sealed.back().persisted; }
  // Drops what is older than kept; true when nothing is left and the series may go.
  bool Expire(Timestamp newest);
  bool HasSampleIn(Timestamp from, Timestamp to) const;
  // Appends the samples of [from, to]; false on a damaged chunk.
  bool Read(Timestamp from, Timestamp to, std::vector<Timestamp>* times,
            std::vector<double>* values) const;

 private:
  AppendVerdict Judge(const Sample& sample, const AppendContext& context) const;
  void Store(const Sample& sample, uint32_t epoch);
  void TruncateFrom(Timestamp time);
};

}  // namespace outrider
