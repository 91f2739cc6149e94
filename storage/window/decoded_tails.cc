// SPDX-License-Identifier: Apache-2.0
#include "storage/window/decoded_tails.h"

#include <algorithm>
#include <utility>

namespace outrider {
namespace {

constexpr size_t kMaxSamples = 1024;  // of a tail: what is read further back is decoded anew
constexpr uint32_t kSweepsKept = 20;  // unread; a sweep is a quarter of a minute
constexpr DurationMs kFarthest = 365 * kDay;
constexpr DurationMs kNearEnd = 10 * kMinute;

// Room for some more samples, so that few of them are moved and little is left free.
template <typename T>
void Reserve(std::vector<T>* vector, size_t size) {
  if (size > vector->capacity()) vector->reserve(size + size / 8 + 8);
}

size_t SamplesFrom(const Series& series, Timestamp from) {
  size_t samples = series.open.count();
  for (const SealedChunk& chunk : series.chunks()) samples += chunk.end >= from ? chunk.count : 0;
  return samples;
}

// What is worth a tail: not the distant past, and not what is about to go or has been rewritten.
bool IsUseful(const Series& series, const TimeRange& range) {
  return !series.rewritten && series.open.count() > 0 &&
         range.to >= series.open.last_time() - kNearEnd &&
         SamplesFrom(series, range.from) <= kMaxSamples;
}

}  // namespace

bool DecodedTails::Tail::Decode(std::span<const uint8_t> bytes, uint32_t count) {
  const uint32_t more = count - read_;
  const size_t before = times_.size();
  Reserve(&times_, before + more);
  Reserve(&values_, before + more);
  times_.resize(before + more);
  values_.resize(before + more);
  FloatChunkReader reader(bytes, count);
  if (read_ > 0) reader.Resume(place_, count - read_);
  const uint32_t got =
      reader.Read(std::span(times_).subspan(before), std::span(values_).subspan(before));
  place_ = reader.place();
  read_ = count;
  return got == more && reader.ok();
}

bool DecodedTails::Tail::Restart(const Series& series, Timestamp from) {
  times_.clear();
  values_.clear();
  birth_ = series.birth;
  complete_from_ = from;
  for (const SealedChunk& chunk : series.chunks()) {
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
  wanted = std::max(wanted, from > newest - kFarthest ? newest - from : kFarthest);
  if (birth_ != series.birth || from < complete_from_) return Restart(series, from);
  const Timestamp open_start = series.open.first_time();
  if (chunk_start_ != open_start) {
    // The chunk that was read has been sealed since, and maybe others behind it.
    const auto chunks = series.chunks();
    auto chunk = std::find_if(chunks.begin(), chunks.end(), [&](const SealedChunk& one) {
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
  // Readers mostly want the newest ones.
  auto end = times_.end();
  while (end != times_.begin() && *(end - 1) > range.to) --end;
  const auto begin = std::lower_bound(times_.begin(), end, range.from);
  times->insert(times->end(), begin, end);
  values->insert(values->end(), values_.begin() + (begin - times_.begin()),
                 values_.begin() + (end - times_.begin()));
}

void DecodedTails::Tail::Trim() {
  const DurationMs reach = std::max(wanted, wanted_before);
  wanted_before = std::exchange(wanted, 0);
  if (times_.empty()) return;
  const Timestamp from = times_.back() - reach;
  const auto begin = std::lower_bound(times_.begin(), times_.end(), from);
  values_.erase(values_.begin(), values_.begin() + (begin - times_.begin()));
  times_.erase(times_.begin(), begin);
  complete_from_ = std::max(complete_from_, from);
}

size_t DecodedTails::Tail::bytes() const {
  return sizeof(Tail) + times_.capacity() * sizeof(Timestamp) + values_.capacity() * sizeof(double);
}

void DecodedTails::Tail::Prefetch() const {
  constexpr size_t kLine = 8;  // samples
  for (size_t back = 0; back < 4 * kLine && back < times_.size(); back += kLine) {
    __builtin_prefetch(times_.data() + times_.size() - back - 1);
    __builtin_prefetch(values_.data() + values_.size() - back - 1);
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
    if (sweeps_ - tail->last_read <= kSweepsKept) continue;
    budget->Remove(tail->counted);
    tail.reset();
  }
  was_read_.assign(tails_.size(), false);
}

}  // namespace outrider
