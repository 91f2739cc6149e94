// SPDX-License-Identifier: Apache-2.0
// Following series. Most have had no sample or one since they were looked at: the open chunk knows
// its newest without being decoded.
#include <algorithm>
#include <array>

#include "storage/window/windows.h"
#include "storage/window/windows_visit.h"

namespace outrider {
namespace {

constexpr size_t kPieceSamples = 32 * 1024;  // handed over at once, about

constexpr uint32_t kPiece = 512;  // series read under one lock
// Places in the order of shards of which cursors and series are fetched ahead.
constexpr uint32_t kFarAhead = 48;
constexpr uint32_t kAhead = 24;

// Samples that were read under a lock and wait to be handed over without it.
struct Piece {
  struct Part {
    size_t cursor;
    size_t begin;  // its samples end where those of the next begin
    uint32_t late;
  };
  std::vector<Part> parts;
  std::vector<Timestamp> times;
  std::vector<double> values;
  std::vector<FollowedSamples> ready;

  void HandOver(const SampleFeed::UseFollowed& use) {
    for (size_t i = 0; i < parts.size(); ++i) {
      const Part& part = parts[i];
      const size_t end = i + 1 < parts.size() ? parts[i + 1].begin : times.size();
      ready.push_back({.cursor = part.cursor,
                       .times = std::span(times).subspan(part.begin, end - part.begin),
                       .values = std::span(values).subspan(part.begin, end - part.begin),
                       .late = part.late});
    }
    if (!ready.empty()) use(ready);
    ready.clear();
    parts.clear();
    times.clear();
    values.clear();
  }
};

// A few ids; what is not among them is mostly told by one bit.
class IdSet {
 public:
  explicit IdSet(std::vector<uint32_t> ids) : ids_(std::move(ids)) {
    std::ranges::sort(ids_);
    for (const uint32_t id : ids_) bits_[id % kBits / 64] |= uint64_t{1} << id % 64;
  }
  bool Contains(uint32_t id) const {
    return (bits_[id % kBits / 64] >> id % 64 & 1) != 0 && std::ranges::binary_search(ids_, id);
  }

 private:
  static constexpr uint32_t kBits = 64 * 1024;
  std::vector<uint32_t> ids_;  // sorted
  std::vector<uint64_t> bits_ = std::vector<uint64_t>(kBits / 64);
};

// A cursor's place in the list and its series' slot.
struct Place {
  uint32_t cursor;
  uint32_t slot;
};
// By shard; `begin`: where each one's places begin.
template <size_t kBounds, typename ShardOf, typename SlotOf>
std::vector<Place> PlacesByShard(std::span<const SeriesCursor> cursors, ShardOf shard_of,
                                 SlotOf slot_of, std::array<uint32_t, kBounds>* begin) {
  begin->fill(0);
  for (const SeriesCursor& cursor : cursors) ++(*begin)[shard_of(cursor.id) + 1];
  for (size_t shard = 0; shard + 1 < kBounds; ++shard) (*begin)[shard + 1] += (*begin)[shard];
  std::array<uint32_t, kBounds> next = *begin;
  std::vector<Place> places(cursors.size());
  for (uint32_t i = 0; i < cursors.size(); ++i) {
    places[next[shard_of(cursors[i].id)]++] = {i, slot_of(cursors[i].id)};
  }
  return places;
}

uint16_t LateFloats(const Series& series) {
  if (!series.aside) return 0;
  size_t count = series.aside->late.open().size();
  for (const SealedChunk& chunk : series.aside->late.sealed()) count += chunk.count;
  return static_cast<uint16_t>(std::min<size_t>(count, SeriesCursor::kMostLate));
}

// How many late ones came since; some may have been dropped for their age meanwhile.
uint32_t NewLate(const Series& series, SeriesCursor* cursor) {
  const uint16_t late = LateFloats(series);
  const uint32_t more = late > cursor->late ? uint32_t{late} - cursor->late : 0;
  cursor->late = late;
  return more;
}

struct Wanted {
  SampleFeed::Want want;
  Timestamp to;
};

bool ReadNewer(const Series& series, Wanted wanted, SeriesCursor* cursor, Piece* piece) {
  const auto [want, to] = wanted;
  const FloatChunkWriter& open = series.open;
  // What was read last is in this chunk, or the number of it would be of another: unless chunks
  // were made anew of other samples.
  const bool one_more = !series.rewritten && open.count() > 1 &&
                        open.count() == cursor->chunk_read + 1U &&
                        open.first_time() <= cursor->after;
  bool ok = true;
  const bool newest_will_do = want == SampleFeed::Want::kNewest && open.count() > 0;
  if ((one_more || newest_will_do) && open.last_time() <= to) {
    piece->times.push_back(open.last_time());
    piece->values.push_back(open.last_value());
  } else {
    const size_t begin = piece->times.size();
    ok = series.ReadChunks(cursor->after + 1, to, &piece->times, &piece->values);
    if (piece->times.size() == begin) return ok;
  }
  cursor->after = std::max(cursor->after, piece->times.back());
  const bool all = open.count() > 0 && cursor->after == open.last_time();
  cursor->chunk_read = all ? static_cast<uint16_t>(open.count()) : 0;
  return ok;
}

// What a cursor has not read yet. False on a damaged chunk.
bool ReadPart(const Series& series, Wanted wanted, size_t number, SeriesCursor* cursor,
              Piece* piece) {
  const size_t begin = piece->times.size();
  bool ok = true;
  if (series.open.last_time() > cursor->after) ok = ReadNewer(series, wanted, cursor, piece);
  const uint32_t late = series.aside ? NewLate(series, cursor) : 0;
  if (piece->times.size() > begin || late > 0) piece->parts.push_back({number, begin, late});
  return ok;
}

// What ReadPart() looks at.
void PrefetchNewest(const SeriesSlots& slots, uint32_t slot) {
  if (slot >= slots.size()) return;
  const auto* series = reinterpret_cast<const char*>(&slots[slot]);
  __builtin_prefetch(series);
  __builtin_prefetch(series + sizeof(Series) - 1);
}

}  // namespace

// Series are made under the directory's lock, index included: who reads the number under it finds
// all of them.
uint64_t Windows::SeriesMade() const {
  const absl::ReaderMutexLock lock(&directory_.mutex);
  return next_birth_;
}

std::vector<SeriesCursor> Windows::CursorsOf(const std::vector<uint32_t>& ids, uint64_t since,
                                             uint64_t before) const {
  std::vector<SeriesCursor> found;
  found.reserve(ids.size());
  const auto add = [&](const Shard& /*shard*/, size_t i, const Series& series) {
    if (series.birth < since) return Go::kOn;
    SeriesCursor cursor;
    cursor.birth = series.birth;
    cursor.id = ids[i];
    cursor.late = LateFloats(series);
    found.push_back(cursor);
    return Go::kOn;
  };
  ForEach(ids, before, add, [] { return true; });
  return found;
}

std::vector<SeriesCursor> Windows::Find(std::span<const Matcher> matchers) const {
  const uint64_t before = next_birth_;
  return CursorsOf(index_.Match(matchers), 0, before);
}

std::vector<SeriesCursor> Windows::FindMadeSince(std::span<const Matcher> matchers, uint64_t birth,
                                                 size_t* all) const {
  uint64_t before = 0;
  std::vector<uint32_t> fresh;
  bool known = false;
  {
    const absl::ReaderMutexLock lock(&directory_.mutex);
    before = next_birth_;
    known = directory_.recent.AppendTo(birth, before, &fresh);
  }
  std::vector<uint32_t> ids = index_.Match(matchers);
  *all = ids.size();
  if (known) {
    const IdSet made(std::move(fresh));
    std::erase_if(ids, [&](uint32_t id) { return !made.Contains(id); });
  }
  return CursorsOf(ids, birth, before);
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

uint64_t Windows::FollowAs(Want want, std::span<SeriesCursor> cursors, Timestamp to,
                           const UseFollowed& use) const {
  const Wanted wanted = {want, to};
  std::array<uint32_t, kShards + 1> begin{};
  const std::vector<Place> places = PlacesByShard(cursors, ShardOf, SlotOf, &begin);
  Piece piece;
  uint64_t damaged = 0;
  std::vector<size_t> gone;
  for (uint32_t at = 0; at < kShards; ++at) {
    const Shard& shard = shards_[at];
    for (uint32_t i = begin[at]; i < begin[at + 1]; piece.HandOver(use)) {
      const absl::ReaderMutexLock lock(&shard.mutex);
      const uint32_t end = std::min(i + kPiece, begin[at + 1]);
      for (uint32_t k = i; k < std::min(i + kAhead, end); ++k) {
        PrefetchNewest(shard.series, places[k].slot);
      }
      for (; i < end && piece.times.size() < kPieceSamples; ++i) {
        if (i + kFarAhead < end) __builtin_prefetch(&cursors[places[i + kFarAhead].cursor], 1);
        if (i + kAhead < end) PrefetchNewest(shard.series, places[i + kAhead].slot);
        const auto [number, slot] = places[i];
        SeriesCursor& cursor = cursors[number];
        if (slot >= shard.series.size() || shard.series[slot].birth != cursor.birth) {
          gone.push_back(number);
        } else if (!ReadPart(shard.series[slot], wanted, number, &cursor, &piece)) {
          ++damaged;
        }
      }
    }
  }
  for (const size_t number : gone) {
    piece.ready.push_back({.cursor = number, .times = {}, .values = {}, .late = 0, .gone = true});
  }
  piece.HandOver(use);
  damaged_chunks_ += damaged;
  return damaged;
}

}  // namespace outrider
