// SPDX-License-Identifier: Apache-2.0
#include "storage/window/late_samples.h"

#include <algorithm>

namespace outrider {
namespace {

constexpr size_t kMaxOpen = 64;

bool Earlier(const Sample& a, const Sample& b) { return a.time < b.time; }

}  // namespace

bool FindInChunk(std::span<const uint8_t> bytes, uint32_t count, Timestamp time, double* value) {
  FloatChunkReader reader(bytes, count);
  Sample sample;
  while (reader.Next(&sample) && sample.time <= time) {
    if (sample.time != time) continue;
    *value = sample.value;
    return true;
  }
  return false;
}

void LateSamples::Add(const Sample& sample, uint32_t epoch) {
  if (open_.size() >= kMaxOpen) Seal();
  if (open_.empty()) open_epoch_ = epoch;
  open_.insert(std::upper_bound(open_.begin(), open_.end(), sample, Earlier), sample);
}

bool LateSamples::Find(Timestamp time, double* value) const {
  for (const Sample& sample : open_) {
    if (sample.time != time) continue;
    *value = sample.value;
    return true;
  }
  return std::any_of(sealed_.begin(), sealed_.end(), [&](const SealedChunk& chunk) {
    return chunk.start <= time && time <= chunk.end &&
           FindInChunk(chunk.bytes(), chunk.count, time, value);
  });
}

bool LateSamples::Collect(Timestamp from, Timestamp to, std::vector<Sample>* out) const {
  for (const Sample& sample : open_) {
    if (sample.time >= from && sample.time <= to) out->push_back(sample);
  }
  bool ok = true;
  for (const SealedChunk& chunk : sealed_) {
    if (chunk.end < from || chunk.start > to) continue;
    FloatChunkReader reader(chunk.bytes(), chunk.count);
    Sample sample;
    while (reader.Next(&sample)) {
      if (sample.time >= from && sample.time <= to) out->push_back(sample);
    }
    ok &= reader.ok();
  }
  return ok;
}

bool LateSamples::MergeInto(Timestamp from, Timestamp to, size_t begin,
                            std::vector<Timestamp>* times, std::vector<double>* values) const {
  std::vector<Sample> all;
  const bool ok = Collect(from, to, &all);
  if (all.empty()) return ok;
  for (size_t i = begin; i < times->size(); ++i) all.push_back({(*times)[i], (*values)[i]});
  std::sort(all.begin(), all.end(), Earlier);
  times->resize(begin);
  values->resize(begin);
  for (const Sample& sample : all) {
    times->push_back(sample.time);
    values->push_back(sample.value);
  }
  return ok;
}

bool LateSamples::HasSampleIn(Timestamp from, Timestamp to) const {
  std::vector<Sample> found;
  (void)Collect(from, to, &found);
  return !found.empty();
}

void LateSamples::Seal() {
  if (open_.empty()) return;
  FloatChunkWriter writer;
  for (const Sample& sample : open_) writer.Append(sample.time, sample.value);
  SealedChunk chunk;
  chunk.start = open_.front().time;
  chunk.end = open_.back().time;
  chunk.count = static_cast<uint16_t>(open_.size());
  chunk.data = writer.Take(&chunk.size);
  sealed_.push_back(std::move(chunk));
  open_ = {};
}

void LateSamples::Load(SealedChunk chunk) {
  const bool known = std::any_of(sealed_.begin(), sealed_.end(), [&](const SealedChunk& other) {
    return other.name() == chunk.name();
  });
  if (!known) sealed_.push_back(std::move(chunk));
}

void LateSamples::MarkPersisted(std::span<const ChunkName> names) {
  for (SealedChunk& chunk : sealed_) {
    chunk.persisted |= std::find(names.begin(), names.end(), chunk.name()) != names.end();
  }
}

void LateSamples::DropBefore(Timestamp cutoff) {
  std::erase_if(sealed_, [&](const SealedChunk& chunk) { return chunk.end < cutoff; });
  std::erase_if(open_, [&](const Sample& sample) { return sample.time < cutoff; });
}

}  // namespace outrider
