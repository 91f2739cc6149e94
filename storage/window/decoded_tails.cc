// SPDX-License-Identifier: Apache-2.0
#include "storage/window/decoded_tails.h"

#include <algorithm>
#include <array>
#include <utility>

namespace outrider {
namespace {

constexpr size_t kMaxSamples = 1024;  // of a tail: what is read further back is decoded anew
constexpr size_t kSlack = 16;         // samples of room that are not worth giving back
constexpr uint32_t kSweepsKept = 20;  // unread; a sweep is a quarter of a minute
constexpr uint64_t kFarthest = 365 * kDay;
constexpr uint64_t kNearEnd = 10 * kMinute;

// How far `later` lies behind; times may be any.
uint64_t Distance(Timestamp earlier, Timestamp later) {
  return static_cast<uint64_t>(later) - static_cast<uint64_t>(earlier);
}

// Room for some more samples, so that few of them are moved and little is left free.
template <typename T>
void Reserve(std::vector<T>* vector, size_t size) {
  if (size > vector->capacity()) vector->reserve(size + size / 16 + 6);
}

size_t SamplesFrom(const Series& series, Timestamp from) {
  size_t samples = series.open.count();
  for (const ChunkView& chunk : series.sealed.Since(from))
    samples += chunk.end >= from ? chunk.count : 0;
  return samples;
}

// What is worth a tail: not the distant past, and not what is about to go or has been rewritten.
bool IsUseful(const Series& series, const TimeRange& range) {
  if (series.rewritten || series.open.count() == 0) return false;
  const Timestamp newest = series.open.last_time();
  return (range.to >= newest || Distance(range.to, newest) <= kNearEnd) &&
         SamplesFrom(series, range.from) <= kMaxSamples;
}

}  // namespace

bool DecodedTails::Tail::Decode(std::span<const uint8_t> bytes, uint32_t count) {
  const uint32_t more = count - read_;
  Reserve(&values_, values_.size() + more);
  FloatChunkReader reader(bytes, count);
  if (read_ > 0) reader.Resume(place_, more);
  std::array<Timestamp, kMaxChunkSamples> times;
  std::array<double, kMaxChunkSamples> values;
  uint32_t got = 0;
  while (const uint32_t n = reader.Read(times, values)) {
    if (!Take(std::span(times).first(n), std::span(values).first(n))) return false;
    got += n;
  }
  place_ = reader.place();
  read_ = count;
  return got == more && reader.ok();
}

// False where the times lie too far apart to be kept here.
bool DecodedTails::Tail::Take(std::span<const Timestamp> times, std::span<const double> values) {
  for (size_t i = 0; i < times.size(); ++i) {
    if (values_.empty()) base_ = times[i];
    if (times[i] < base_ || Distance(base_, times[i]) >= kAny) return false;
    const auto distance = static_cast<uint32_t>(times[i] - base_);
    if (!GoesOn(distance)) KeepTimes();
    if (spacing_ == 0) times_.push_back(distance);
    values_.push_back(values[i]);
  }
  return true;
}

bool DecodedTails::Tail::GoesOn(uint32_t distance) {
  if (spacing_ == 0 || values_.empty()) return true;
  if (values_.size() == 1) spacing_ = distance;
  return distance != 0 && distance == values_.size() * uint64_t{spacing_};
}

void DecodedTails::Tail::KeepTimes() {
  Reserve(&times_, values_.capacity());
  for (size_t i = 0; i < values_.size(); ++i) {
    times_.push_back(static_cast<uint32_t>(i * spacing_));
  }
  spacing_ = 0;
}

size_t DecodedTails::Tail::Before(Timestamp time) const {
  if (time <= base_) return 0;
  if (Distance(base_, time) >= kAny) return values_.size();
  const auto offset = static_cast<uint32_t>(time - base_);
  if (spacing_ != 0) {
    return std::min<size_t>(values_.size(), offset / spacing_ + (offset % spacing_ != 0 ? 1 : 0));
  }
  return static_cast<size_t>(std::lower_bound(times_.begin(), times_.end(), offset) -
                             times_.begin());
}

bool DecodedTails::Tail::Restart(const Series& series, Timestamp from) {
  spacing_ = kAny;
  times_.clear();
  values_.clear();
  birth_ = series.birth;
  complete_from_ = from;
  for (const ChunkView& chunk : series.sealed.Since(from)) {
    if (chunk.end < from) continue;
    chunk_start_ = chunk.start;
    read_ = 0;
    if (!Decode(chunk.bytes(), chunk.count)) return false;
  }
  chunk_start_ = series.open.first_time();
  read_ = 0;
  return Decode(series.open.bytes(), series.open.count());
}

bool DecodedTails::Tail::Follow(const Series& series, Timestamp from) {
  const Timestamp newest = series.open.last_time();
  if (from < newest) {
    const uint64_t behind = std::min(Distance(from, newest), kFarthest);
    wanted = std::max(wanted, static_cast<DurationMs>(behind));
  }
  if (birth_ != series.birth || from < complete_from_) return Restart(series, from);
  const Timestamp open_start = series.open.first_time();
  if (chunk_start_ != open_start) {
    // The chunk that was read has been sealed since, and maybe others behind it.
    const auto chunks = series.sealed.Since(chunk_start_);
    auto chunk = std::find_if(chunks.begin(), chunks.end(), [&](const ChunkView& one) {
      return one.start == chunk_start_ && one.count >= read_;
    });
    if (chunk == chunks.end()) return Restart(series, from);
    if (!Decode(chunk->bytes(), chunk->count)) return false;
    for (++chunk; chunk != chunks.end(); ++chunk) {
      read_ = 0;
      if (!Decode(chunk->bytes(), chunk->count)) return false;
    }
    chunk_start_ = open_start;
    read_ = 0;
  }
  if (series.open.count() < read_) return Restart(series, from);
  return series.open.count() == read_ || Decode(series.open.bytes(), series.open.count());
}

void DecodedTails::Tail::Append(const TimeRange& range, std::vector<Timestamp>* times,
                                std::vector<double>* values) const {
  const size_t begin = Before(range.from);
  // Readers mostly want all of the newest.
  size_t end = values_.size();
  while (end > begin && TimeAt(end - 1) > range.to) --end;
  const size_t at = times->size();
  times->resize(at + end - begin);
  Timestamp* const out = times->data() + at;
  if (spacing_ != 0) {
    const Timestamp first = TimeAt(begin);
    for (size_t i = 0; i < end - begin; ++i) out[i] = first + static_cast<Timestamp>(i) * spacing_;
  } else {
    for (size_t i = 0; i < end - begin; ++i) out[i] = base_ + times_[begin + i];
  }
  values->insert(values->end(), values_.data() + begin, values_.data() + end);
}

void DecodedTails::Tail::DropFirst(size_t gone) {
  const Timestamp first = TimeAt(gone);
  values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(gone));
  if (spacing_ == 0) {
    times_.erase(times_.begin(), times_.begin() + static_cast<std::ptrdiff_t>(gone));
    for (uint32_t& time : times_) time -= static_cast<uint32_t>(first - base_);
  }
  base_ = first;
  if (values_.capacity() <= 2 * values_.size() + kSlack) return;
  values_.shrink_to_fit();
  times_.shrink_to_fit();
}

void DecodedTails::Tail::Trim() {
  const DurationMs reach = std::max(wanted, wanted_before);
  wanted_before = std::exchange(wanted, 0);
  if (values_.empty()) return;
  const Timestamp newest = TimeAt(values_.size() - 1);
  if (Distance(base_, newest) <= static_cast<uint64_t>(reach)) return;
  const Timestamp from = newest - reach;
  const size_t gone = Before(from);
  if (gone == 0) return;
  DropFirst(gone);
  complete_from_ = std::max(complete_from_, from);
}

size_t DecodedTails::Tail::bytes() const {
  return sizeof(Tail) + times_.capacity() * sizeof(uint32_t) + values_.capacity() * sizeof(double);
}

void DecodedTails::Tail::Prefetch() const {
  constexpr size_t kLine = 8;  // samples
  for (size_t back = 0; back < 4 * kLine && back < values_.size(); back += kLine) {
    __builtin_prefetch(values_.data() + values_.size() - back - 1);
  }
  if (spacing_ != 0) return;
  for (size_t back = 0; back < 4 * kLine && back < times_.size(); back += 2 * kLine) {
    __builtin_prefetch(times_.data() + times_.size() - back - 1);
  }
}

bool DecodedTails::LetIn(uint32_t slot, const DecodedBudget& budget) {
  if (!budget.HasRoom()) return false;
  if (slot >= tails_.size()) {
    tails_.resize(slot + slot / 8 + 1);
    was_read_.resize(tails_.size());
  }
  if (was_read_[slot]) tails_[slot] = std::make_unique<Tail>();
  was_read_[slot] = true;
  return tails_[slot] != nullptr;
}

bool DecodedTails::Read(uint32_t slot, const Series& series, const TimeRange& range,
                        std::vector<Timestamp>* times, std::vector<double>* values,
                        DecodedBudget* budget) {
  const bool is_known = slot < tails_.size() && tails_[slot];
  if (!IsUseful(series, range) || (!is_known && !LetIn(slot, *budget))) {
    return series.ReadChunks(range.from, range.to, times, values);
  }
  std::unique_ptr<Tail>& tail = tails_[slot];
  // What is there stays, but does not grow backwards for one that looks further back.
  if (is_known && !tail->Reaches(range.from) && !budget->HasRoom()) {
    return series.ReadChunks(range.from, range.to, times, values);
  }
  tail->last_read = sweeps_;
  const bool ok = tail->Follow(series, range.from);
  budget->Remove(tail->counted);
  tail->counted = tail->bytes();
  budget->Add(tail->counted);
  if (ok) {
    tail->Append(range, times, values);
    return true;
  }
  budget->Remove(tail->counted);
  tail.reset();
  return series.ReadChunks(range.from, range.to, times, values);
}

void DecodedTails::Sweep(DecodedBudget* budget) {
  if (++sweeps_ % kSweepsKept != 0) return;
  for (std::unique_ptr<Tail>& tail : tails_) {
    if (!tail) continue;
    tail->Trim();
    budget->Remove(tail->counted);
    tail->counted = tail->bytes();
    budget->Add(tail->counted);
    if (sweeps_ - tail->last_read <= kSweepsKept) continue;
    budget->Remove(tail->counted);
    tail.reset();
  }
  was_read_.assign(tails_.size(), false);
}

}  // namespace outrider
