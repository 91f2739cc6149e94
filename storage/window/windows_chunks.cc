// SPDX-License-Identifier: Apache-2.0
// Sealed chunks out and in. A chunk is written once: it is copied into a block under its shard's
// lock, the block goes to the sink without any lock, and only then the chunk counts as written.
#include <algorithm>
#include <cstring>
#include <new>

#include "storage/window/series_identity.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

constexpr size_t kBlockBytes = 256U << 10;

double LastValue(const ChunkView& chunk) {
  Sample last;
  if (chunk.encoding != ChunkEncoding::kFloat) return 0;
  FloatChunkReader reader(chunk.bytes(), chunk.count);
  while (reader.Next(&last)) {
  }
  return last.value;
}

}  // namespace

void Windows::SealOpenedBefore(uint32_t epoch) {
  for (Shard& shard : shards_) {
    const absl::MutexLock lock(&shard.mutex);
    for (uint32_t slot = 0; slot < shard.series.size(); ++slot) {
      Series& series = shard.series[slot];
      if (series.SealOpenedBefore(epoch)) NoteUnwritten(&shard, &series, slot);
    }
  }
}

void Windows::WriteChunks(const Series& series, std::string_view labels, std::string* block,
                          Timestamp* newest, ChunksWritten* written) {
  std::vector<StartRun> starts;
  const auto write = [&](const ChunkView& chunk, bool late) {
    if (chunk.persisted) return;
    starts.clear();
    if (series.aside && !late) series.aside->starts.Collect(chunk.start, chunk.end, &starts);
    AppendChunkEntry({.labels = labels,
                      .local = series.local,
                      .late = late,
                      .encoding = chunk.encoding,
                      .count = chunk.count,
                      .start = chunk.start,
                      .end = chunk.end,
                      .last_value = LastValue(chunk),
                      .data = {reinterpret_cast<const char*>(chunk.data.data()), chunk.data.size()},
                      .starts = starts},
                     block);
    *newest = std::max(*newest, chunk.end);
  };
  const auto write_late = [&](std::span<const SealedChunk> chunks, std::vector<ChunkName>* names) {
    for (const SealedChunk& chunk : chunks) {
      write(chunk.view(), true);
      names->push_back(chunk.name());
    }
  };
  for (const ChunkView& chunk : series.chunks()) {
    write(chunk, false);
    written->end = chunk.end;
  }
  if (!series.aside) return;
  write_late(series.aside->late.sealed(), &written->late);
  const HistogramWindow* histograms = series.histograms();
  if (histograms == nullptr) return;
  for (const SealedChunk& chunk : histograms->sealed()) {
    write(chunk.view(), false);
    written->histograms_end = chunk.end;
  }
  write_late(histograms->late().sealed(), &written->late_histograms);
}

bool Windows::FillBlock(uint32_t shard_index, std::string* block, Timestamp* newest,
                        std::vector<WrittenChunk>* chunks) {
  Shard& shard = shards_[shard_index];
  // Series get their labels in the index after their first samples, under this lock.
  const absl::ReaderMutexLock directory_lock(&directory_.mutex);
  const absl::MutexLock lock(&shard.mutex);
  size_t done = 0;
  for (; done < shard.unwritten.size() && block->size() < kBlockBytes; ++done) {
    const uint32_t slot = shard.unwritten[done];
    const Series& series = shard.series[slot];
    const Labels labels = series.birth == 0 ? Labels() : index_.LabelsOf(IdOf(slot, shard_index));
    // A slot whose series went stays listed until here; it is taken off like one that was written.
    chunks->push_back({.slot = slot, .birth = series.birth, .chunks = {}});
    WriteChunks(series, labels.packed(), block, newest, &chunks->back().chunks);
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
    if (series.birth == written.birth) series.MarkPersisted(written.chunks);
    NoteUnwritten(&shard, &series, written.slot);  // sealed since the block was filled
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
  const Labels labels = TRY(Labels::FromPacked(entry.labels));
  const std::vector<LabelView> views(labels.begin(), labels.end());
  const Hash128 identity = IdentityOf(views, options_.seed);
  const absl::MutexLock directory_lock(&directory_.mutex);
  uint32_t id = FindIdentity(identity);
  if (id == kNoSeries) {
    id = Create(views, {}, PlanOfNew());
    directory_.by_identity.Set(id, identity);  // more chunks of it will come
    index_.Add(id, views);
  }
  Shard& shard = shards_[ShardOf(id)];
  const absl::MutexLock lock(&shard.mutex);
  Series& series = shard.series[SlotOf(id)];
  SealedChunk chunk;
  chunk.data.reset(static_cast<uint8_t*>(std::malloc(std::max<size_t>(entry.data.size(), 1))));
  if (!chunk.data) throw std::bad_alloc();
  std::memcpy(chunk.data.get(), entry.data.data(), entry.data.size());
  chunk.size = static_cast<uint32_t>(entry.data.size());
  chunk.count = static_cast<uint16_t>(entry.count);
  chunk.encoding = entry.encoding;
  chunk.persisted = true;
  chunk.start = entry.start;
  chunk.end = entry.end;
  series.Load(std::move(chunk), entry.last_value, entry.late, entry.starts);
  series.local = entry.local;
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
