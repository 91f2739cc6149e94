// SPDX-License-Identifier: Apache-2.0
// Appending by labels: what no key finds. New series mostly come in crowds (a sender's first
// request, a rollout), so a slice of rows is hashed, looked up and indexed together.
#include <algorithm>

#include "storage/window/series_identity.h"
#include "storage/window/windows.h"

namespace outrider {

// Slots that series have left are taken first; else the shard with the fewest goes on.
uint32_t Windows::NextShardOfNew() {
  uint32_t best = directory_.shard_of_new;
  uint32_t fewest = UINT32_MAX;
  for (uint32_t i = 1; i <= kShards; ++i) {
    const uint32_t at = (directory_.shard_of_new + i) % kShards;
    const Shard& shard = shards_[at];
    const absl::MutexLock lock(&shard.mutex);
    const SeriesSlots& slots = shard.series;
    if (directory_.free_slots > 0 ? !slots.HasFree() : slots.size() >= fewest) continue;
    best = at;
    fewest = slots.size();
    if (directory_.free_slots > 0) break;
  }
  return directory_.shard_of_new = best;
}

uint32_t Windows::MakeSlot(uint32_t shard_index, Room room, const Series& like) {
  Shard& shard = shards_[shard_index];
  const absl::MutexLock lock(&shard.mutex);
  if (room == Room::kOld && shard.series.IsFull()) return kNoSeries;
  if (shard.series.HasFree()) --directory_.free_slots;
  const uint32_t slot = shard.series.Make();
  Series& series = shard.series[slot];  // may still be queued
  series.birth = like.birth;
  series.plan = like.plan;
  series.keep_seconds = like.keep_seconds;
  series.maker = like.maker;
  ++shard.created;
  return IdOf(slot, shard_index);
}

uint32_t Windows::Create(std::span<const LabelView> labels, const SeriesMaker& maker,
                         const NewSeriesPlan& plan) {
  Series series;
  series.birth = next_birth_++;
  series.keep_seconds = SecondsOf(plan.plan->KeepOf(labels));
  series.plan = plan.generation;
  series.maker = maker.sender;
  uint32_t id = MakeSlot(directory_.shard_of_new, Room::kOld, series);
  if (id == kNoSeries) id = MakeSlot(NextShardOfNew(), Room::kAny, series);
  directory_.recent.Add(series.birth, id);
  if (!maker.counted) TellCounter(true, maker.sender);
  if (replaying_ && id >= replayed_.size()) {
    replayed_.resize(std::max<size_t>(id + 1, replayed_.size() * 2), kNoTime);
  }
  return id;
}

void Windows::RemoveUnused(uint32_t id, const Hash128& identity) {
  Shard& shard = shards_[ShardOf(id)];
  const absl::MutexLock lock(&shard.mutex);
  RemoveSeries(id, identity);
}

template <typename AnySample>
AppendCounts Windows::AppendTo(uint32_t id, std::span<const AnySample> samples,
                               std::span<const Timestamp> starts, const AppendContext& context) {
  AppendCounts counts;
  AppendContext mine = context;
  if (replaying_ && id < replayed_.size()) mine.replayed = &replayed_[id];
  Shard& shard = shards_[ShardOf(id)];
  const absl::MutexLock lock(&shard.mutex);
  Series& series = shard.series[SlotOf(id)];
  for (size_t i = 0; i < samples.size(); ++i) {
    const AppendVerdict verdict = series.Append(samples[i], mine);
    Count(verdict, &counts);
    if (verdict != AppendVerdict::kStored) continue;
    mine.newest = std::max(mine.newest, samples[i].time);
    if (i < starts.size()) series.NoteStart(samples[i].time, starts[i]);
  }
  if (series.maker == kNoSender && mine.sender != kNoSender) Adopt(&series, mine.sender);
  NoteUnwritten(&shard, &series, SlotOf(id));
  RaiseNewest(mine.newest);
  return counts;
}

template <typename AnySample>
AppendCounts Windows::AppendOne(std::span<const LabelView> labels,
                                std::span<const AnySample> samples,
                                std::span<const Timestamp> starts, const AppendContext& context,
                                const SeriesMaker& maker) {
  const auto give_place_back = [&] {
    if (maker.counted) TellCounter(false, maker.sender);
  };
  if (samples.empty()) {
    give_place_back();
    return {};
  }
  const Hash128 identity = IdentityOf(labels, options_.seed);
  {
    const absl::ReaderMutexLock lock(&directory_.mutex);
    const uint32_t id = directory_.by_identity.Find(identity);
    if (id != kNoSeries) {
      give_place_back();
      return AppendTo(id, samples, starts, context);
    }
  }
  const absl::MutexLock lock(&directory_.mutex);
  uint32_t id = FindIdentity(identity);
  if (id != kNoSeries) {
    give_place_back();
    return AppendTo(id, samples, starts, context);
  }
  id = Create(labels, maker, PlanOfNew());
  directory_.by_identity.SetBare(id, identity);
  AppendCounts counts = AppendTo(id, samples, starts, context);
  if (counts.accepted == 0) {
    RemoveUnused(id, identity);
    return counts;
  }
  index_.Add(id, labels);
  counts.new_series = 1;
  return counts;
}

AppendCounts Windows::Append(std::span<const LabelView> labels, std::span<const Sample> samples,
                             Origin origin, Timestamp now) {
  return AppendOne(labels, samples, {}, ContextOf(origin, now), {});
}

AppendCounts Windows::AppendHistograms(std::span<const LabelView> labels,
                                       std::span<const HistogramSample> histograms,
                                       std::span<const Timestamp> starts, Origin origin,
                                       Timestamp now, const SeriesMaker& maker) {
  return AppendOne(labels, histograms, starts, ContextOf(origin, now, maker.sender), maker);
}

AppendCounts Windows::AppendBatch(std::span<const LabeledSample> samples, Origin origin,
                                  Timestamp now) {
  AppendCounts counts;
  std::vector<LabelView> labels;
  for (const LabeledSample& one : samples) {
    labels.assign(one.labels.begin(), one.labels.end());
    if (one.histogram != nullptr) {
      const HistogramSample sample{one.sample.time, *one.histogram};
      counts += AppendHistograms(labels, {&sample, 1}, {}, origin, now);
    } else {
      counts += Append(labels, {&one.sample, 1}, origin, now);
    }
  }
  return counts;
}

bool Windows::AppendLabeledRow(const LabeledRow& row, const Hash128& identity,
                               const NewSeriesPlan& plan, const AppendContext& context,
                               uint32_t* id, AppendCounts* counts) {
  *id = row.samples.empty() ? kNoSeries : FindIdentity(identity);
  const bool creates = *id == kNoSeries && !row.samples.empty();
  if (!creates && row.maker.counted) TellCounter(false, row.maker.sender);
  if (row.samples.empty()) return false;
  if (creates) {
    *id = Create(row.labels, row.maker, plan);
    directory_.by_identity.SetBare(*id, identity);
  }
  *counts = AppendTo(*id, row.samples, row.starts, context);
  if (creates && counts->accepted == 0) {
    RemoveUnused(*id, identity);
    *id = kNoSeries;
    return false;
  }
  if (row.key != Hash128()) {
    directory_.by_sender_key.Set(*id, row.key);
  } else if (creates) {
    directory_.by_identity.Keep(*id, identity);
  }
  if (creates) directory_.not_indexed.emplace_back(*id, identity);
  counts->new_series = creates ? 1 : 0;
  return creates;
}

void Windows::AppendLabeled(std::span<const LabeledRow> rows, Timestamp now, SenderId sender,
                            std::vector<AppendCounts>* counts, std::vector<uint32_t>* ids) {
  counts->assign(rows.size(), {});
  if (ids != nullptr) ids->assign(rows.size(), kNoSeries);
  std::vector<Hash128> identities;
  identities.reserve(rows.size());
  IdentityHasher identity_of(options_.seed);
  for (const LabeledRow& row : rows) identities.push_back(identity_of(row.labels));

  std::vector<IndexedSeries> made;
  made.reserve(rows.size());
  AppendContext context = ContextOf(Origin::kRemote, now, sender);
  const absl::MutexLock lock(&directory_.mutex);
  const NewSeriesPlan plan = PlanOfNew();
  for (size_t i = 0; i < rows.size(); ++i) {
    directory_.by_identity.PrefetchSlot(identities[i]);
    directory_.by_sender_key.PrefetchSlot(rows[i].key);
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    uint32_t id = kNoSeries;
    context.newest = newest_.load(std::memory_order_relaxed);
    if (AppendLabeledRow(rows[i], identities[i], plan, context, &id, &(*counts)[i])) {
      made.push_back({id, rows[i].labels});
    }
    if (ids != nullptr) (*ids)[i] = id;
  }
  index_.Add(made);
  directory_.not_indexed.clear();
}

}  // namespace outrider
