// SPDX-License-Identifier: Apache-2.0
// Following series. Most have had no sample or one since they were looked at: the open chunk knows
// its newest without being decoded.
#include <algorithm>

#include "storage/window/windows.h"
#include "storage/window/windows_visit.h"

namespace outrider {
namespace {

constexpr size_t kPieceSamples = 32 * 1024;  // handed over at once, about

// Samples that were read under a lock and wait to be handed over without it.
struct Piece {
  struct Part {
    size_t cursor;
    size_t begin;  // its samples end where those of the next begin
    uint32_t late;
    bool gone;
  };
  std::vector<Part> parts;
  std::vector<Timestamp> times;
  std::vector<double> values;

  void HandOver(const std::function<void(const FollowedSamples&)>& use) {
    for (size_t i = 0; i < parts.size(); ++i) {
      const Part& part = parts[i];
      const size_t end = i + 1 < parts.size() ? parts[i + 1].begin : times.size();
      use({.cursor = part.cursor,
           .times = std::span(times).subspan(part.begin, end - part.begin),
           .values = std::span(values).subspan(part.begin, end - part.begin),
           .late = part.late,
           .gone = part.gone});
    }
    parts.clear();
    times.clear();
    values.clear();
  }
};

uint32_t LateFloats(const Series& series) {
  if (!series.aside) return 0;
  size_t count = series.aside->late.open().size();
  for (const SealedChunk& chunk : series.aside->late.sealed()) count += chunk.count;
  return static_cast<uint32_t>(count);
}

// How many late ones came since; some may have been dropped for their age meanwhile.
uint32_t NewLate(const Series& series, SeriesCursor* cursor) {
  const uint32_t late = LateFloats(series);
  const uint32_t more = late > cursor->late ? late - cursor->late : 0;
  cursor->late = late;
  return more;
}

bool ReadNewer(const Series& series, Timestamp to, SeriesCursor* cursor, Piece* piece) {
  const FloatChunkWriter& open = series.open;
  const bool one_more = open.count() > 0 && open.first_time() == cursor->chunk_start &&
                        open.count() == cursor->chunk_read + 1;
  bool ok = true;
  if (one_more && open.last_time() <= to) {
    piece->times.push_back(open.last_time());
    piece->values.push_back(open.last_value());
  } else {
    const size_t begin = piece->times.size();
    ok = series.ReadChunks(cursor->after + 1, to, &piece->times, &piece->values);
    if (piece->times.size() == begin) return ok;
  }
  cursor->after = std::max(cursor->after, piece->times.back());
  const bool all = open.count() > 0 && cursor->after == open.last_time();
  cursor->chunk_start = all ? open.first_time() : kNoTime;
  cursor->chunk_read = all ? open.count() : 0;
  return ok;
}

}  // namespace

// Series are made under the directory's lock, index included: who reads the number under it finds
// all of them.
uint64_t Windows::SeriesMade() const {
  const absl::ReaderMutexLock lock(&directory_.mutex);
  return next_birth_;
}

std::vector<SeriesCursor> Windows::Find(std::span<const Matcher> matchers) const {
  const uint64_t born_before = next_birth_;
  const std::vector<uint32_t> ids = index_.Match(matchers);
  std::vector<SeriesCursor> found;
  found.reserve(ids.size());
  const auto add = [&](const Shard& /*shard*/, size_t i, const Series& series) {
    SeriesCursor cursor;
    cursor.birth = series.birth;
    cursor.id = ids[i];
    cursor.late = LateFloats(series);
    found.push_back(cursor);
    return Go::kOn;
  };
  ForEach(ids, born_before, add, [] { return true; });
  return found;
}

Labels Windows::LabelsOf(const SeriesCursor& cursor) const {
  Labels labels = index_.LabelsOf(cursor.id);
  const Shard& shard = shards_[ShardOf(cursor.id)];
  const absl::MutexLock lock(&shard.mutex);
  const uint32_t slot = SlotOf(cursor.id);
  // Another one may have taken the id before its labels were read.
  if (slot >= shard.series.size() || shard.series[slot].birth != cursor.birth) return {};
  return labels;
}

uint64_t Windows::Follow(std::span<SeriesCursor> cursors, Timestamp to,
                         const std::function<void(const FollowedSamples&)>& use) const {
  std::vector<uint32_t> ids;
  ids.reserve(cursors.size());
  for (const SeriesCursor& cursor : cursors) ids.push_back(cursor.id);
  std::vector<bool> seen(cursors.size());
  Piece piece;
  uint64_t damaged = 0;
  const auto read = [&](const Shard& /*shard*/, size_t i, const Series& series) {
    SeriesCursor& cursor = cursors[i];
    if (series.birth != cursor.birth) return Go::kOn;
    seen[i] = true;
    const size_t begin = piece.times.size();
    if (series.open.last_time() > cursor.after && !ReadNewer(series, to, &cursor, &piece)) {
      ++damaged;
    }
    const uint32_t late = series.aside ? NewLate(series, &cursor) : 0;
    if (piece.times.size() > begin || late > 0) piece.parts.push_back({i, begin, late, false});
    return piece.times.size() < kPieceSamples ? Go::kOn : Go::kPause;
  };
  const auto hand_over = [&] {
    piece.HandOver(use);
    return true;
  };
  ForEach(ids, next_birth_, read, hand_over);
  piece.HandOver(use);
  for (size_t i = 0; i < cursors.size(); ++i) {
    if (!seen[i]) use({.cursor = i, .times = {}, .values = {}, .late = 0, .gone = true});
  }
  damaged_chunks_ += damaged;
  return damaged;
}

}  // namespace outrider
