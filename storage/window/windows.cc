// SPDX-License-Identifier: Apache-2.0
// Appending and retention; reading is in windows_query.cc, chunk files in windows_chunks.cc.
#include "storage/window/windows.h"

#include <algorithm>

namespace outrider {
namespace {

constexpr size_t kInlineBytes = 1024;

// The bytes of Labels::packed() without an allocation for usual label sets.
class PackedLabels {
 public:
  explicit PackedLabels(std::span<const LabelView> labels) {
    size_t most = 0;
    for (const LabelView& label : labels) most += label.name.size() + label.value.size() + 20;
    if (most > sizeof inline_) large_.resize(most);
    char* const begin = large_.empty() ? inline_ : large_.data();
    char* at = begin;
    for (const LabelView& label : labels) at = Put(label.value, Put(label.name, at));
    view_ = {begin, static_cast<size_t>(at - begin)};
  }
  PackedLabels(const PackedLabels&) = delete;
  PackedLabels& operator=(const PackedLabels&) = delete;
  std::string_view view() const { return view_; }

 private:
  static char* Put(std::string_view text, char* at) {
    size_t length = text.size();
    for (; length >= 0x80; length >>= 7) *at++ = static_cast<char>(length | 0x80);
    *at++ = static_cast<char>(length);
    std::copy(text.begin(), text.end(), at);
    return at + text.size();
  }
  char inline_[kInlineBytes];
  std::string large_;
  std::string_view view_;
};

bool ParsePacked(std::string_view packed, std::vector<LabelView>* labels) {
  const auto text = [&packed](std::string_view* out) {
    uint64_t length = 0;
    if (!GetVarint(&packed, &length) || length > packed.size()) return false;
    *out = packed.substr(0, length);
    packed.remove_prefix(length);
    return true;
  };
  while (!packed.empty()) {
    LabelView label;
    if (!text(&label.name) || !text(&label.value)) return false;
    labels->push_back(label);
  }
  return true;
}

}  // namespace

Windows::Windows(const WindowsOptions& options)
    : options_(options),
      plan_(std::make_shared<const RetentionPlan>(options.retention, options.unreferenced_retention,
                                                  std::vector<SeriesReference>())) {}

std::shared_ptr<const RetentionPlan> Windows::Plan() const {
  const absl::ReaderMutexLock lock(&plan_mutex_);
  return plan_;
}

void Windows::RaiseNewest(Timestamp time) {
  Timestamp seen = newest_.load(std::memory_order_relaxed);
  while (time > seen && !newest_.compare_exchange_weak(seen, time, std::memory_order_relaxed)) {
  }
}

AppendCounts Windows::Append(std::span<const LabelView> labels, std::span<const Sample> samples,
                             Origin origin, Timestamp now) {
  return AppendPacked(PackedLabels(labels).view(), samples, origin, now);
}

AppendCounts Windows::AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                                  Timestamp now) {
  AppendCounts counts;
  for (const LabeledSample& one : samples) {
    counts += AppendPacked(one.labels.packed(), {&one.sample, 1}, origin, now);
  }
  return counts;
}

Series* Windows::FindOrCreate(uint32_t shard_index, const Hash128& identity,
                              std::string_view packed, bool* created) {
  Shard& shard = shards_[shard_index];
  if (const auto it = shard.slots.find(identity); it != shard.slots.end()) {
    return &shard.series[it->second];
  }
  std::vector<LabelView> labels;
  if (!ParsePacked(packed, &labels)) return nullptr;
  uint32_t slot = 0;
  if (shard.free_slots.empty()) {
    slot = static_cast<uint32_t>(shard.series.size());
    shard.series.emplace_back();
  } else {
    slot = shard.free_slots.back();
    shard.free_slots.pop_back();
  }
  Series& series = shard.series[slot];
  series.identity = identity;
  series.birth = next_birth_++;
  series.plan = plan_generation_;
  series.keep = Plan()->KeepOf(labels);
  shard.slots.emplace(identity, slot);
  ++shard.created;
  index_.Add(IdOf(slot, shard_index), labels);
  *created = true;
  return &series;
}

void Windows::RemoveSeries(Shard* shard, uint32_t shard_index, uint32_t slot) {
  Series& series = shard->series[slot];
  index_.Remove(IdOf(slot, shard_index));
  shard->slots.erase(series.identity);
  const bool queued = series.queued;
  series = Series();
  series.queued = queued;  // the slot still stands in the list of unwritten ones
  shard->free_slots.push_back(slot);
  ++shard->removed;
}

AppendCounts Windows::AppendPacked(std::string_view packed, std::span<const Sample> samples,
                                   Origin origin, Timestamp now) {
  AppendCounts counts;
  if (samples.empty()) return counts;
  const Hash128 identity = HashBytes128(packed, options_.seed);
  const uint32_t shard_index = ShardOf(identity);
  Shard& shard = shards_[shard_index];
  AppendContext context{.origin = origin,
                        .now = now,
                        .newest = newest_.load(std::memory_order_relaxed),
                        .epoch = epoch_.load(std::memory_order_relaxed)};
  const absl::MutexLock lock(&shard.mutex);
  bool created = false;
  Series* series = FindOrCreate(shard_index, identity, packed, &created);
  if (series == nullptr) return counts;
  for (const Sample& sample : samples) {
    const AppendVerdict verdict = series->Append(sample, context);
    Count(verdict, &counts);
    if (verdict == AppendVerdict::kStored && sample.time > context.newest) {
      context.newest = sample.time;
      RaiseNewest(sample.time);
    }
  }
  if (series->HasUnwritten() && !series->queued) {
    series->queued = true;
    shard.unwritten.push_back(shard.slots[identity]);
  }
  if (created && series->last_time == kNoTime) {
    RemoveSeries(&shard, shard_index, shard.slots[identity]);  // every sample was refused
  } else if (created) {
    ++counts.new_series;
  }
  return counts;
}

void Windows::SetReferences(std::vector<SeriesReference> references) {
  const auto plan = std::make_shared<const RetentionPlan>(
      options_.retention, options_.unreferenced_retention, std::move(references));
  {
    const absl::MutexLock lock(&plan_mutex_);
    plan_ = plan;
  }
  ++plan_generation_;  // the series take it over in Expire()
}

void Windows::Expire() {
  const uint32_t generation = plan_generation_;
  const auto plan = Plan();
  const Timestamp newest = newest_;
  for (uint32_t shard_index = 0; shard_index < kShards; ++shard_index) {
    Shard& shard = shards_[shard_index];
    const absl::MutexLock lock(&shard.mutex);
    for (uint32_t slot = 0; slot < shard.series.size(); ++slot) {
      Series& series = shard.series[slot];
      if (series.birth == 0) continue;
      if (series.plan != generation) {
        const Labels labels = index_.LabelsOf(IdOf(slot, shard_index));
        series.keep = plan->KeepOf(std::vector<LabelView>(labels.begin(), labels.end()));
        series.plan = generation;
      }
      if (series.Expire(newest)) RemoveSeries(&shard, shard_index, slot);
    }
  }
}

Timestamp Windows::OldestKept() const {
  const Timestamp newest = newest_;
  return newest == kNoTime ? kNoTime : newest - LongestKeep();
}

WindowsStats Windows::Stats() const {
  WindowsStats stats;
  for (const Shard& shard : shards_) {
    const absl::MutexLock lock(&shard.mutex);
    stats.series += shard.slots.size();
    stats.series_created += shard.created;
    stats.series_removed += shard.removed;
    for (const Series& series : shard.series) {
      stats.local_series += series.local ? 1 : 0;
      stats.open_chunks += series.open.count() > 0 ? 1 : 0;
      stats.samples += series.open.count();
      stats.chunk_bytes += series.open.capacity();
      stats.sealed_chunks += series.sealed.size();
      for (const SealedChunk& chunk : series.sealed) {
        stats.samples += chunk.count;
        stats.chunk_bytes += chunk.bytes;
        stats.unwritten_chunks += chunk.persisted ? 0 : 1;
      }
    }
  }
  stats.damaged_chunks = damaged_chunks_;
  stats.newest = newest_ == kNoTime ? 0 : newest_.load();
  stats.index = index_.Stats();
  return stats;
}

}  // namespace outrider
