// SPDX-License-Identifier: Apache-2.0
// Retention and counts. Appending is in windows_append.cc, reading in windows_query.cc and, sample
// by sample, windows_feed.cc, chunk files in windows_chunks.cc.
#include "storage/window/windows.h"

#include <algorithm>

namespace outrider {
Windows::Windows(const WindowsOptions& options)
    : options_(options),
      index_(options.seed),
      decoded_budget_(options.decoded_cache),
      plan_(std::make_shared<const RetentionPlan>(options.retention, options.unreferenced_retention,
                                                  std::vector<SeriesReference>())) {}

std::shared_ptr<const RetentionPlan> Windows::Plan() const {
  const absl::ReaderMutexLock lock(&plan_mutex_);
  return plan_;
}

void Windows::Replace(std::shared_ptr<const RetentionPlan> plan) {
  {
    const absl::MutexLock lock(&plan_mutex_);
    plan_.swap(plan);
  }
  ++plan_generation_;  // the series take it over in Expire()
}

void Windows::SetReferences(std::vector<SeriesReference> references) {
  const absl::MutexLock writer(&plan_writer_);
  Replace(std::make_shared<const RetentionPlan>(options_.retention, Plan()->unreferenced(),
                                                std::move(references)));
}

void Windows::SetUnreferencedRetention(DurationMs unreferenced) {
  const absl::MutexLock writer(&plan_writer_);
  Replace(std::make_shared<const RetentionPlan>(Plan()->WithUnreferenced(unreferenced)));
}

void Windows::Expire() {
  const uint32_t generation = plan_generation_;
  const auto plan = Plan();
  const Timestamp newest = newest_;
  std::vector<uint32_t> emptied;
  for (uint32_t shard_index = 0; shard_index < kShards; ++shard_index) {
    Shard& shard = shards_[shard_index];
    const absl::MutexLock lock(&shard.mutex);
    for (uint32_t slot = 0; slot < shard.series.size(); ++slot) {
      Series& series = shard.series[slot];
      if (series.birth == 0) continue;
      if (series.plan != generation) {
        const Labels labels = index_.LabelsOf(IdOf(slot, shard_index));
        if (labels.empty()) continue;  // made this very moment, and not indexed yet
        series.keep_seconds =
            SecondsOf(plan->KeepOf(std::vector<LabelView>(labels.begin(), labels.end())));
        series.plan = generation;
      }
      if (series.Expire(newest)) emptied.push_back(IdOf(slot, shard_index));
    }
    const absl::MutexLock decoded_lock(&shard.decoded.mutex);
    shard.decoded.Sweep(&decoded_budget_);
  }
  RemoveIfEmpty(emptied, newest);
  if (newest != kNoTime && plan->unreferenced() < options_.unreferenced_retention) {
    shortened_to_ = std::max<Timestamp>(shortened_to_, newest - plan->unreferenced());
  }
}

// A series may have got a sample since it was found empty.
void Windows::RemoveIfEmpty(std::span<const uint32_t> ids, Timestamp newest) {
  for (const uint32_t id : ids) {
    const absl::MutexLock directory_lock(&directory_.mutex);
    Shard& shard = shards_[ShardOf(id)];
    const absl::MutexLock lock(&shard.mutex);
    Series& series = shard.series[SlotOf(id)];
    if (series.birth != 0 && series.Expire(newest)) RemoveSeries(id, IdentityOfIndexed(id));
  }
}

Timestamp Windows::OldestKept() const {
  const Timestamp newest = newest_;
  return newest == kNoTime ? kNoTime : newest - LongestKeep();
}

KeptSince Windows::KeptSinceOf(std::span<const Matcher> matchers) const {
  const Timestamp newest = newest_;
  if (newest == kNoTime) return {.time = kNoTime};
  const auto plan = Plan();
  const DurationMs horizon = plan->HorizonOf(matchers);
  const DurationMs configured =
      std::min(options_.retention, std::max(horizon, options_.unreferenced_retention));
  // What somebody needs never went; what nobody needs may have gone while memory was short, and
  // does not come back when the retention does.
  const Timestamp went = std::min<Timestamp>(shortened_to_, newest - horizon);
  const Timestamp time = std::max(newest - plan->Keep(horizon), went);
  if (time > newest - configured) return {.time = time, .setting = "storage.memory_limit"};
  if (configured == options_.retention) return {.time = time};
  return {.time = time, .setting = "storage.unreferenced_retention"};
}

// As KeptSinceOf() of a series that nobody needs.
Timestamp Windows::AllKeptSince() const {
  const Timestamp newest = newest_;
  if (newest == kNoTime) return kNoTime;
  return std::max(newest - Plan()->Keep(0), std::min<Timestamp>(shortened_to_, newest));
}

namespace {

void CountChunk(const ChunkView& chunk, WindowsStats* stats) {
  ++stats->sealed_chunks;
  stats->samples += chunk.count;
  stats->chunk_bytes += chunk.data.size();
  stats->unwritten_chunks += chunk.persisted ? 0 : 1;
}

template <typename Codec>
void CountLate(const LateStore<Codec>& late, WindowsStats* stats) {
  stats->late_samples += late.open().size();
  stats->samples += late.open().size();
  for (const SealedChunk& chunk : late.sealed()) {
    stats->late_samples += chunk.count;
    CountChunk(chunk.view(), stats);
  }
}

void CountHistograms(const HistogramWindow& window, WindowsStats* stats) {
  const uint64_t before = stats->samples;
  for (const SealedChunk& chunk : window.sealed()) CountChunk(chunk.view(), stats);
  stats->open_chunks += window.open().count() > 0 ? 1 : 0;
  stats->samples += window.open().count();
  stats->chunk_bytes += window.open().capacity();
  CountLate(window.late(), stats);
  stats->histograms += stats->samples - before;
}

void CountSeries(const Series& series, WindowsStats* stats) {
  stats->local_series += series.local ? 1 : 0;
  stats->open_chunks += series.open.count() > 0 ? 1 : 0;
  stats->samples += series.open.count();
  stats->chunk_bytes += series.open.capacity();
  for (const ChunkView& chunk : series.chunks()) CountChunk(chunk, stats);
  if (series.aside) CountLate(series.aside->late, stats);
  if (series.histograms() != nullptr) CountHistograms(*series.histograms(), stats);
}

}  // namespace

WindowsStats Windows::Stats() const {
  WindowsStats stats;
  for (const Shard& shard : shards_) {
    const absl::MutexLock lock(&shard.mutex);
    stats.series += shard.created - shard.removed;
    stats.series_created += shard.created;
    stats.series_removed += shard.removed;
    for (uint32_t slot = 0; slot < shard.series.size(); ++slot) {
      const Series& series = shard.series[slot];
      if (series.birth != 0) CountSeries(series, &stats);
    }
  }
  stats.damaged_chunks = damaged_chunks_;
  stats.decoded_bytes = decoded_budget_.used();
  stats.newest = newest_ == kNoTime ? 0 : newest_.load();
  stats.index = index_.Stats();
  return stats;
}

std::vector<SeriesSize> Windows::AllSizes() const {
  std::vector<SeriesSize> sizes;
  for (uint32_t shard_index = 0; shard_index < kShards; ++shard_index) {
    const Shard& shard = shards_[shard_index];
    const absl::MutexLock lock(&shard.mutex);
    if (shard.series.size() > 0) {
      const size_t end = size_t{IdOf(shard.series.size() - 1, shard_index)} + 1;
      if (sizes.size() < end) sizes.resize(end);
    }
    for (uint32_t slot = 0; slot < shard.series.size(); ++slot) {
      const Series& series = shard.series[slot];
      if (series.birth == 0) continue;
      WindowsStats one;
      CountSeries(series, &one);
      sizes[IdOf(slot, shard_index)] = {.samples = static_cast<uint32_t>(one.samples),
                                        .bytes = static_cast<uint32_t>(one.chunk_bytes),
                                        .exists = true};
    }
  }
  return sizes;
}

}  // namespace outrider
