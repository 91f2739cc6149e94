// SPDX-License-Identifier: Apache-2.0
// What a log of requests needs: a number for each series, that goes with it, and a way to append by
// id when the log is replayed.
#include <algorithm>
#include <cstring>

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

void Windows::AppendRun(Shard* shard, const FoundRun& run, AppendContext* context,
                        AppendCounts* counts) {
  for (uint32_t i = 0; i < run.count; ++i) {
    const uint32_t id = run.id + i * run.step;
    const uint32_t ahead = id + kAhead;
    if (run.step > 0 && i + kAhead < run.count) {
      shard->series[SlotOf(ahead)].open.PrefetchEnd();
    }
    Sample sample{.time = run.times == nullptr ? run.time : run.times[i]};
    std::memcpy(&sample.value, run.values + i * sizeof sample.value, sizeof sample.value);
    Series& series = shard->series[SlotOf(id)];
    context->replayed = &replayed_[id];
    const AppendVerdict verdict = series.Append(sample, *context);
    if (verdict == AppendVerdict::kStored) {
      ++counts->accepted;
      context->newest = std::max(context->newest, sample.time);
    } else {
      Count(verdict, counts);
    }
    if (series.maker == kNoSender && run.sender != kNoSender) Adopt(&series, run.sender);
    NoteUnwritten(shard, &series, SlotOf(id));
  }
}

void Windows::AppendRunsOf(uint32_t shard_index, std::span<const FoundRun> runs,
                           AppendContext* context, AppendCounts* counts) {
  Shard& shard = shards_[shard_index];
  const absl::MutexLock lock(&shard.mutex);
  for (const FoundRun& run : runs) AppendRun(&shard, run, context, counts);
}

AppendCounts Windows::AppendFound(std::span<const FoundRun> runs, Timestamp now) {
  AppendCounts counts;
  AppendContext context = ContextOf(Origin::kRemote, now);
  const absl::ReaderMutexLock lock(&directory_.mutex);
  while (!runs.empty()) {
    const uint32_t shard = ShardOf(runs[0].id);
    size_t size = 1;
    while (size < runs.size() && ShardOf(runs[size].id) == shard) ++size;
    AppendRunsOf(shard, runs.first(size), &context, &counts);
    runs = runs.subspan(size);
  }
  RaiseNewest(context.newest);
  return counts;
}

}  // namespace outrider
