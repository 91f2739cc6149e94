// SPDX-License-Identifier: Apache-2.0
#include "storage/window/histogram_window.h"

#include <algorithm>

#include "storage/window/chunk_limits.h"

namespace outrider {

void HistogramWindow::Append(const HistogramSample& sample, uint32_t epoch) {
  if (open_.count() > 0 && IsChunkFull(open_.count(), open_.first_time(), sample.time)) Seal();
  if (!open_.Append(sample)) {
    Seal();
    (void)open_.Append(sample);
  }
  if (open_.count() == 1) open_epoch_ = epoch;
  last_time_ = sample.time;
}

void HistogramWindow::AddLate(const HistogramSample& sample, uint32_t epoch) {
  late_.Add(sample, epoch);
}

void HistogramWindow::Seal() {
  if (open_.count() > 0) sealed_.push_back(SealChunk<HistogramCodec>(&open_, last_time_));
}

bool HistogramWindow::SealOpenedBefore(uint32_t epoch) {
  bool any = false;
  if (open_.count() > 0 && open_epoch_ < epoch) {
    Seal();
    any = true;
  }
  if (!late_.open().empty() && late_.open_epoch() < epoch) {
    late_.Seal();
    any = true;
  }
  return any;
}

bool HistogramWindow::Find(Timestamp time, HistogramSample* found) const {
  if (late_.Find(time, found)) return true;
  if (open_.count() > 0 && time >= open_.first_time()) {
    return FindInChunk<HistogramCodec>(open_.bytes(), open_.count(), time, found);
  }
  return std::any_of(sealed_.begin(), sealed_.end(), [&](const SealedChunk& chunk) {
    return chunk.start <= time && time <= chunk.end &&
           FindInChunk<HistogramCodec>(chunk.bytes(), chunk.count, time, found);
  });
}

bool HistogramWindow::Read(Timestamp from, Timestamp to, std::vector<HistogramSample>* out) const {
  bool ok = true;
  const size_t begin = out->size();
  for (const SealedChunk& chunk : sealed_) {
    if (chunk.end < from || chunk.start > to) continue;
    ok &= CollectChunk<HistogramCodec>(chunk.bytes(), chunk.count, from, to, out);
  }
  if (open_.count() > 0 && last_time_ >= from && open_.first_time() <= to) {
    ok &= CollectChunk<HistogramCodec>(open_.bytes(), open_.count(), from, to, out);
  }
  if (late_.empty()) return ok;
  ok &= late_.Collect(from, to, out);
  std::sort(out->begin() + static_cast<long>(begin), out->end(),
            [](const HistogramSample& a, const HistogramSample& b) { return a.time < b.time; });
  return ok;
}

bool HistogramWindow::HasSampleIn(Timestamp from, Timestamp to) const {
  if (last_time_ >= from && last_time_ <= to) return true;
  std::vector<HistogramSample> found;
  (void)Read(from, to, &found);
  return !found.empty();
}

void HistogramWindow::Load(SealedChunk chunk, bool is_late) {
  if (is_late) return late_.Load(std::move(chunk));
  if (chunk.start <= last_time_) return;  // written twice
  last_time_ = chunk.end;
  sealed_.push_back(std::move(chunk));
}

bool HistogramWindow::Expire(Timestamp cutoff) {
  std::erase_if(sealed_, [&](const SealedChunk& chunk) { return chunk.end < cutoff; });
  late_.DropBefore(cutoff);
  if (last_time_ < cutoff) open_.Clear();
  return sealed_.empty() && late_.empty() && open_.count() == 0;
}

bool HistogramWindow::HasUnwritten() const {
  return (!sealed_.empty() && !sealed_.back().persisted) || late_.HasUnwritten();
}

void HistogramWindow::MarkPersisted(Timestamp end, std::span<const ChunkName> late) {
  for (SealedChunk& chunk : sealed_) chunk.persisted |= chunk.end <= end;
  late_.MarkPersisted(late);
}

}  // namespace outrider
