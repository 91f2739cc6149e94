// SPDX-License-Identifier: Apache-2.0
// Sealed chunks out and in. A chunk is written once: it is copied into a block under its shard's
// lock, the block goes to the sink without any lock, and only then the chunk counts as written.
#include <algorithm>
#include <cstring>
#include <new>

#include "storage/window/windows.h"

namespace outrider {
namespace {

constexpr size_t kBlockBytes = 256U << 10;

}  // namespace

void Windows::SealOpenedBefore(uint32_t epoch) {
  for (Shard& shard : shards_) {
    const absl::MutexLock lock(&shard.mutex);
    for (uint32_t slot = 0; slot < shard.series.size(); ++slot) {
      Series& series = shard.series[slot];
      if (series.open.count() == 0 || series.open_epoch >= epoch) continue;
      series.Seal();
      if (series.queued) continue;
      series.queued = true;
      shard.unwritten.push_back(slot);
    }
  }
}

bool Windows::FillBlock(uint32_t shard_index, std::string* block, Timestamp* newest,
                        std::vector<WrittenChunk>* chunks) {
  Shard& shard = shards_[shard_index];
  const absl::MutexLock lock(&shard.mutex);
  size_t done = 0;
  for (; done < shard.unwritten.size() && block->size() < kBlockBytes; ++done) {
    const uint32_t slot = shard.unwritten[done];
    const Series& series = shard.series[slot];
    const Labels labels = series.birth == 0 ? Labels() : index_.LabelsOf(IdOf(slot, shard_index));
    // A slot whose series went stays listed until here; it is taken off like one that was written.
    chunks->push_back({.slot = slot, .birth = series.birth, .end = kNoTime});
    for (const SealedChunk& chunk : series.sealed) {
      if (chunk.persisted) continue;
      FloatChunkReader reader({chunk.data.get(), chunk.bytes}, chunk.count);
      Sample last;
      while (reader.Next(&last)) {
      }
      AppendChunkEntry({.labels = labels.packed(),
                        .local = series.local,
                        .count = chunk.count,
                        .start = chunk.start,
                        .end = chunk.end,
                        .last_value = last.value,
                        .data = {reinterpret_cast<const char*>(chunk.data.get()), chunk.bytes}},
                       block);
      *newest = std::max(*newest, chunk.end);
      chunks->back().end = chunk.end;
    }
  }
  return done > 0;
}

void Windows::MarkWritten(uint32_t shard_index, const std::vector<WrittenChunk>& chunks) {
  Shard& shard = shards_[shard_index];
  const absl::MutexLock lock(&shard.mutex);
  shard.unwritten.erase(shard.unwritten.begin(),
                        shard.unwritten.begin() + static_cast<long>(chunks.size()));
  for (const WrittenChunk& written : chunks) {
    Series& series = shard.series[written.slot];
    series.queued = false;
    if (series.birth == written.birth) {
      for (SealedChunk& chunk : series.sealed) chunk.persisted |= chunk.end <= written.end;
    }
    if (series.HasUnwritten()) {  // sealed since the block was filled
      series.queued = true;
      shard.unwritten.push_back(written.slot);
    }
  }
}

Status Windows::FlushShard(uint32_t shard_index, ChunkSink* sink) {
  while (true) {
    std::string block;
    Timestamp newest = kNoTime;
    std::vector<WrittenChunk> chunks;
    if (!FillBlock(shard_index, &block, &newest, &chunks)) return absl::OkStatus();
    if (!block.empty()) TRY(sink->Write(block, newest));
    MarkWritten(shard_index, chunks);
  }
}

Status Windows::FlushSealed(ChunkSink* sink) {
  for (uint32_t shard = 0; shard < kShards; ++shard) TRY(FlushShard(shard, sink));
  return absl::OkStatus();
}

Status Windows::LoadEntry(const ChunkEntry& entry) {
  const Hash128 identity = HashBytes128(entry.labels, options_.seed);
  const uint32_t shard_index = ShardOf(identity);
  Shard& shard = shards_[shard_index];
  const absl::MutexLock lock(&shard.mutex);
  bool created = false;
  Series* series = FindOrCreate(shard_index, identity, entry.labels, &created);
  if (series == nullptr) return absl::DataLossError("damaged labels in a chunk entry");
  if (entry.start <= series->last_time) return absl::OkStatus();  // written twice
  SealedChunk chunk;
  chunk.data.reset(static_cast<uint8_t*>(std::malloc(std::max<size_t>(entry.data.size(), 1))));
  if (!chunk.data) throw std::bad_alloc();
  std::memcpy(chunk.data.get(), entry.data.data(), entry.data.size());
  chunk.bytes = static_cast<uint32_t>(entry.data.size());
  chunk.count = static_cast<uint16_t>(entry.count);
  chunk.persisted = true;
  chunk.start = entry.start;
  chunk.end = entry.end;
  if (series->keep > 0) series->sealed.push_back(std::move(chunk));
  series->last_time = entry.end;
  series->last_value = entry.last_value;
  series->local = entry.local;
  RaiseNewest(entry.end);
  return absl::OkStatus();
}

Status Windows::LoadBlock(std::string_view block) {
  ChunkBlockReader reader(block);
  ChunkEntry entry;
  while (TRY(reader.Next(&entry))) TRY(LoadEntry(entry));
  return absl::OkStatus();
}

}  // namespace outrider
