// SPDX-License-Identifier: Apache-2.0
// What a log of requests needs: a number for each series, that goes with it, and a way to append by
// id when the log is replayed.
#include <algorithm>

#include "storage/window/windows.h"

namespace outrider {
namespace {

constexpr size_t kAhead = 8;  // samples: memory answers in about that time

}  // namespace

void Windows::NoteNumbers(KeyKind kind, std::span<const KeyedRow> rows,
                          std::span<const uint32_t> ids, uint32_t first) {
  const absl::MutexLock lock(&directory_.mutex);
  const KeyTable& table = TableOf(kind);
  for (size_t row = 0; row < rows.size(); ++row) {
    const uint32_t id = ids[row];
    if (id == kNoSeries || !table.Has(id, rows[row].key)) continue;  // it went
    directory_.numbers.Reach(id);
    directory_.numbers[id] = first + static_cast<uint32_t>(row);
  }
}

bool Windows::NumbersOf(KeyKind kind, std::span<const KeyedRow> rows, std::span<const uint32_t> ids,
                        uint32_t least, std::vector<uint32_t>* numbers) const {
  numbers->resize(rows.size());
  const absl::ReaderMutexLock lock(&directory_.mutex);
  const KeyTable& table = TableOf(kind);
  for (size_t row = 0; row < rows.size(); ++row) {
    const uint32_t id = ids[row];
    if (id == kNoSeries || id >= directory_.numbers.size()) return false;
    const uint32_t number = directory_.numbers[id];
    if (number < least || !table.Has(id, rows[row].key)) return false;
    (*numbers)[row] = number;
  }
  return true;
}

void Windows::ForgetNumbers() {
  const absl::MutexLock lock(&directory_.mutex);
  directory_.numbers = {};
}

void Windows::AppendFoundOf(uint32_t shard_index, std::span<const FoundSample> samples,
                            AppendContext* context, AppendCounts* counts) {
  Shard& shard = shards_[shard_index];
  const absl::MutexLock lock(&shard.mutex);
  for (size_t i = 0; i < samples.size(); ++i) {
    if (i + kAhead < samples.size()) {
      shard.series[SlotOf(samples[i + kAhead].id)].open.PrefetchEnd();
    }
    const FoundSample& found = samples[i];
    Series& series = shard.series[SlotOf(found.id)];
    context->replayed = &replayed_[found.id];
    const AppendVerdict verdict = series.Append(found.sample, *context);
    Count(verdict, counts);
    if (verdict == AppendVerdict::kStored) {
      context->newest = std::max(context->newest, found.sample.time);
    }
    if (series.maker == kNoSender && found.sender != kNoSender) Adopt(&series, found.sender);
    NoteUnwritten(&shard, &series, SlotOf(found.id));
  }
}

AppendCounts Windows::AppendFound(std::span<const FoundSample> samples, Timestamp now) {
  AppendCounts counts;
  AppendContext context = ContextOf(Origin::kRemote, now);
  const absl::ReaderMutexLock lock(&directory_.mutex);
  while (!samples.empty()) {
    const uint32_t shard = ShardOf(samples[0].id);
    size_t size = 1;
    while (size < samples.size() && ShardOf(samples[size].id) == shard) ++size;
    AppendFoundOf(shard, samples.first(size), &context, &counts);
    samples = samples.subspan(size);
  }
  RaiseNewest(context.newest);
  return counts;
}

}  // namespace outrider
