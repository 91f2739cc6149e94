// SPDX-License-Identifier: Apache-2.0
#include "storage/window/late_samples.h"

#include <algorithm>

namespace outrider {

template <typename Codec>
void LateStore<Codec>::Add(const Sample& sample, uint32_t epoch) {
  if (open_.size() >= Codec::kMaxLate) Seal();
  if (open_.empty()) open_epoch_ = epoch;
  const auto at = std::upper_bound(open_.begin(), open_.end(), sample,
                                   [](const auto& a, const auto& b) { return a.time < b.time; });
  open_.insert(at, sample);
}

template <typename Codec>
bool LateStore<Codec>::Find(Timestamp time, Sample* found) const {
  for (const Sample& sample : open_) {
    if (sample.time != time) continue;
    *found = sample;
    return true;
  }
  return std::any_of(sealed_.begin(), sealed_.end(), [&](const SealedChunk& chunk) {
    return chunk.start <= time && time <= chunk.end &&
           FindInChunk<Codec>(chunk.bytes(), chunk.count, time, found);
  });
}

template <typename Codec>
bool LateStore<Codec>::Collect(Timestamp from, Timestamp to, std::vector<Sample>* out) const {
  for (const Sample& sample : open_) {
    if (sample.time >= from && sample.time <= to) out->push_back(sample);
  }
  bool ok = true;
  for (const SealedChunk& chunk : sealed_) {
    if (chunk.end < from || chunk.start > to) continue;
    ok &= CollectChunk<Codec>(chunk.bytes(), chunk.count, from, to, out);
  }
  return ok;
}

template <typename Codec>
bool LateStore<Codec>::HasSampleIn(Timestamp from, Timestamp to) const {
  std::vector<Sample> found;
  (void)Collect(from, to, &found);
  return !found.empty();
}

template <typename Codec>
void LateStore<Codec>::Seal() {
  typename Codec::Writer writer;
  for (size_t i = 0; i < open_.size(); ++i) {
    if (!Codec::Append(&writer, open_[i])) {
      sealed_.push_back(SealChunk<Codec>(&writer, open_[i - 1].time));
      (void)Codec::Append(&writer, open_[i]);
    }
  }
  if (!open_.empty()) sealed_.push_back(SealChunk<Codec>(&writer, open_.back().time));
  open_ = {};
}

template <typename Codec>
void LateStore<Codec>::Load(SealedChunk chunk) {
  const bool known = std::any_of(sealed_.begin(), sealed_.end(), [&](const SealedChunk& other) {
    return other.name() == chunk.name();
  });
  if (!known) sealed_.push_back(std::move(chunk));
}

template <typename Codec>
bool LateStore<Codec>::HasUnwritten() const {
  return !sealed_.empty() && !sealed_.back().persisted;
}

template <typename Codec>
void LateStore<Codec>::MarkPersisted(std::span<const ChunkName> names) {
  for (SealedChunk& chunk : sealed_) {
    chunk.persisted |= std::find(names.begin(), names.end(), chunk.name()) != names.end();
  }
}

template <typename Codec>
void LateStore<Codec>::DropBefore(Timestamp cutoff) {
  std::erase_if(sealed_, [&](const SealedChunk& chunk) { return chunk.end < cutoff; });
  std::erase_if(open_, [&](const Sample& sample) { return sample.time < cutoff; });
}

template class LateStore<FloatCodec>;
template class LateStore<HistogramCodec>;

}  // namespace outrider
