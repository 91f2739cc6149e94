// SPDX-License-Identifier: Apache-2.0
// Appending what is written again and again: a series notes its place when it is met, and from then
// on neither its labels nor a key are looked at.
#include "storage/window/series_identity.h"
#include "storage/window/shard_order.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

constexpr size_t kAhead = 8;  // series: memory answers in about that time

}  // namespace

void Windows::AppendKnownOf(uint32_t shard_index, const KnownPart& part, AppendContext* context,
                            AppendCounts* counts, std::vector<uint32_t>* unknown) {
  Shard& shard = shards_[shard_index];
  const absl::MutexLock lock(&shard.mutex);
  const auto known_at = [&](size_t i) -> const KnownSample& { return part.samples[part.order[i]]; };
  const auto series_at = [&](size_t i) ABSL_NO_THREAD_SAFETY_ANALYSIS -> Series& {
    return shard.series[SlotOf(known_at(i).series->id)];
  };
  for (size_t i = 0; i < part.order.size() + 2 * kAhead; ++i) {
    if (i < part.order.size()) __builtin_prefetch(&series_at(i));
    if (i >= kAhead && i - kAhead < part.order.size()) series_at(i - kAhead).open.PrefetchEnd();
    if (i < 2 * kAhead) continue;
    const size_t at = i - 2 * kAhead;
    const KnownSample& known = known_at(at);
    Series& series = series_at(at);
    if (series.birth != known.series->birth) {
      unknown->push_back(part.order[at]);
      continue;
    }
    const AppendVerdict verdict = series.Append(Sample{context->now, known.value}, *context);
    Count(verdict, counts);
    if (verdict == AppendVerdict::kStored) {
      context->newest = std::max(context->newest, context->now);
    }
    NoteUnwritten(&shard, &series, SlotOf(known.series->id));
  }
}

AppendCounts Windows::AppendMet(KnownSeries* series, const Sample& sample, Timestamp now) {
  const std::vector<LabelView> labels(series->labels.begin(), series->labels.end());
  const AppendCounts counts = Append(labels, {&sample, 1}, Origin::kLocal, now);
  const absl::MutexLock lock(&directory_.mutex);
  const uint32_t id = FindIdentity(IdentityOf(labels, options_.seed));
  if (id == kNoSeries) return counts;  // the sample was refused
  Shard& shard = shards_[ShardOf(id)];
  const absl::MutexLock shard_lock(&shard.mutex);
  series->id = id;
  series->birth = shard.series[SlotOf(id)].birth;
  return counts;
}

AppendCounts Windows::AppendKnown(std::span<const KnownSample> samples, Timestamp now) {
  AppendCounts counts;
  std::vector<uint32_t> unknown;
  {
    AppendContext context = ContextOf(Origin::kLocal, now);
    const absl::ReaderMutexLock lock(&directory_.mutex);
    const auto shard_of = [&](uint32_t i) {
      const KnownSeries& series = *samples[i].series;
      // What replay brings is known by its id only afterwards.
      return series.birth == 0 || replaying_ ? kNoShard : ShardOf(series.id);
    };
    std::vector<uint32_t> sorted;
    const ShardOrder<kShards> order(static_cast<uint32_t>(samples.size()), shard_of, &unknown,
                                    &sorted);
    for (uint32_t shard = 0; shard < kShards; ++shard) {
      const std::span<const uint32_t> part = order.Of(shard);
      if (!part.empty()) AppendKnownOf(shard, {samples, part}, &context, &counts, &unknown);
    }
    RaiseNewest(context.newest);
  }
  for (const uint32_t i : unknown) {
    counts += AppendMet(samples[i].series, {now, samples[i].value}, now);
  }
  return counts;
}

}  // namespace outrider
