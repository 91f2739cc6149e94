// SPDX-License-Identifier: Apache-2.0
// Appending by keys. A request's rows are found in the directory, sorted by shard and appended
// shard by shard, so that a lock is taken 64 times a request and what is needed next is fetched
// ahead.
#include <algorithm>

#include "storage/window/series_identity.h"
#include "storage/window/shard_order.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

constexpr size_t kAhead = 8;  // rows: memory answers in about that time

}  // namespace

void Windows::ForgetSenderKeys() {
  const absl::MutexLock lock(&directory_.mutex);
  directory_.by_sender_key = {};
}

void Windows::RaiseNewest(Timestamp time) {
  Timestamp seen = newest_.load(std::memory_order_relaxed);
  while (time > seen && !newest_.compare_exchange_weak(seen, time, std::memory_order_relaxed)) {
  }
}

AppendContext Windows::ContextOf(Origin origin, Timestamp now, SenderId sender) const {
  return {.origin = origin,
          .now = now,
          .newest = newest_.load(std::memory_order_relaxed),
          .epoch = epoch_.load(std::memory_order_relaxed),
          .sender = sender,
          .late_window = options_.late_window,
          .replayed = nullptr};
}

void Windows::BeginReplay() { replaying_ = true; }

void Windows::EndReplay() {
  replaying_ = false;
  const absl::MutexLock lock(&directory_.mutex);
  replayed_ = {};
  // Chunk files name series by their labels; senders mostly by their own keys.
  if (directory_.by_sender_key.size() > directory_.by_identity.size() / 2) {
    directory_.by_identity.ForgetKeys();
  }
}

void Windows::NoteUnwritten(Shard* shard, Series* series, uint32_t slot) {
  if (series->queued || !series->unwritten) return;
  series->queued = true;
  shard->unwritten.push_back(slot);
}

void Windows::TellCounter(bool added, SenderId sender) const {
  if (options_.counter == nullptr) return;
  added ? options_.counter->Added(sender) : options_.counter->Removed(sender);
}

void Windows::Adopt(Series* series, SenderId sender) const {
  if (series->local) return;
  series->maker = sender;
  TellCounter(true, sender);
  TellCounter(false, kNoSender);
}

bool Windows::Has(const Hash128& identity) const {
  const absl::ReaderMutexLock lock(&directory_.mutex);
  const auto is_it = [&](uint32_t id) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return IdentityOfIndexed(id) == identity;
  };
  return directory_.by_identity.FindAny(identity, is_it) != kNoSeries;
}

Hash128 Windows::IdentityOfIndexed(uint32_t id) const {
  const Labels labels = index_.LabelsOf(id);
  return IdentityOf(std::vector<LabelView>(labels.begin(), labels.end()), options_.seed);
}

uint32_t Windows::FindIdentity(const Hash128& identity) const {
  bool keep = false;
  const auto is_it = [&](uint32_t id) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    for (const auto& [made, of_made] : directory_.not_indexed) {
      if (made == id) return of_made == identity;
    }
    return keep = IdentityOfIndexed(id) == identity;
  };
  const uint32_t id = directory_.by_identity.FindAny(identity, is_it);
  if (keep) directory_.by_identity.Keep(id, identity);
  return id;
}

void Windows::RemoveSeries(uint32_t id, const Hash128& identity) {
  Shard& shard = shards_[ShardOf(id)];
  shard.mutex.AssertHeld();
  const uint32_t slot = SlotOf(id);
  Series& series = shard.series[slot];
  index_.Remove(id);
  if (directory_.by_identity.Has(id, identity)) {
    directory_.by_identity.Erase(id);
  } else {
    directory_.by_identity.EraseBare(id, identity);
  }
  directory_.by_sender_key.Erase(id);
  if (id < directory_.numbers.size()) directory_.numbers[id] = 0;
  TellCounter(false, series.maker);
  const bool queued = series.queued;
  series = Series();
  series.queued = queued;  // the slot still stands in the list of unwritten ones
  shard.series.Free(slot);
  ++directory_.free_slots;
  ++shard.removed;
}

namespace {

// Rows that are looked up by their hashes until the order is tried again.
constexpr size_t kOutOfOrder = 32;

// Three passes at a distance: slots are fetched, then the keys they point to, then compared.
void FindByHash(const KeyTable& table, std::span<const KeyedRow> rows, std::span<uint32_t> ids) {
  for (size_t i = 0; i < rows.size() + 2 * kAhead; ++i) {
    if (i < rows.size()) table.PrefetchSlot(rows[i].key);
    if (i >= kAhead && i - kAhead < rows.size()) {
      ids[i - kAhead] = table.Guess(rows[i - kAhead].key);
      table.PrefetchKey(ids[i - kAhead]);
    }
    if (i < 2 * kAhead) continue;
    const Hash128& key = rows[i - 2 * kAhead].key;
    uint32_t& id = ids[i - 2 * kAhead];
    if (id != kNoSeries && !table.Has(id, key)) id = table.Find(key);
  }
}

}  // namespace

// Series mostly come again in the order in which they were made, and have ids in that order: the
// next key is looked at before a hash is looked up.
void Windows::FindKept(const KeyTable& table, std::span<const KeyedRow> rows,
                       std::span<uint32_t> ids) const {
  uint32_t id = kNoSeries;  // of the row before
  for (size_t i = 0; i < rows.size();) {
    for (; i < rows.size() && id != kNoSeries && table.Has(id + 1, rows[i].key); ++i) ids[i] = ++id;
    const size_t size = std::min(kOutOfOrder, rows.size() - i);
    FindByHash(table, rows.subspan(i, size), ids.subspan(i, size));
    i += size;
    if (size > 0) id = ids[i - 1];
  }
}

void Windows::FindKeyed(KeyKind kind, std::span<const KeyedRow> rows, KeyedOutcome* outcome) const {
  outcome->ids.resize(rows.size());
  std::vector<size_t> bare;  // rows of series that may be there without their identity
  {
    const absl::ReaderMutexLock lock(&directory_.mutex);
    const KeyTable& table = TableOf(kind);
    FindKept(table, rows, outcome->ids);
    if (kind == KeyKind::kSender) return;
    const auto any = [](uint32_t) { return true; };
    for (size_t i = 0; i < rows.size(); ++i) {
      if (outcome->ids[i] == kNoSeries && table.FindBare(rows[i].key, any) != kNoSeries) {
        bare.push_back(i);
      }
    }
  }
  if (bare.empty()) return;
  const absl::MutexLock lock(&directory_.mutex);
  for (const size_t i : bare) outcome->ids[i] = FindIdentity(rows[i].key);
}

namespace {

// False when there were others than samples in their order; those are counted apart.
bool AppendRow(const KeyedRow& row, const KeyedSamples& samples, Series* series,
               AppendContext* context, uint64_t* stored, AppendCounts* others) {
  bool usual = true;
  for (uint32_t s = row.begin; s < row.end; ++s) {
    const Sample& sample = samples.samples[s];
    const AppendVerdict verdict = series->Append(sample, *context);
    if (verdict == AppendVerdict::kStored) {
      ++*stored;
      context->newest = std::max(context->newest, sample.time);
      if (!samples.starts.empty()) series->NoteStart(sample.time, samples.starts[s]);
    } else {
      Count(verdict, others);
      usual = false;
    }
  }
  return usual;
}

}  // namespace

void Windows::AppendRows(uint32_t shard_index, std::span<const KeyedRow> rows,
                         std::span<const uint32_t> order, const KeyedSamples& samples,
                         AppendContext* context, KeyedOutcome* outcome) {
  Shard& shard = shards_[shard_index];
  const absl::MutexLock lock(&shard.mutex);
  const auto series_at = [&](size_t i) ABSL_NO_THREAD_SAFETY_ANALYSIS -> Series& {
    return shard.series[SlotOf(outcome->ids[order[i]])];
  };
  for (size_t i = 0; i < std::min(2 * kAhead, order.size()); ++i) __builtin_prefetch(&series_at(i));
  for (size_t i = 0; i < order.size(); ++i) {
    if (i + 2 * kAhead < order.size()) __builtin_prefetch(&series_at(i + 2 * kAhead));
    if (i + kAhead < order.size()) series_at(i + kAhead).open.PrefetchEnd();
    Series& series = series_at(i);
    const uint32_t row = order[i];
    // Who wins is decided where the labels are known.
    if (series.local && context->origin == Origin::kRemote) {
      outcome->unknown.push_back(row);
      continue;
    }
    if (replaying_) context->replayed = &replayed_[outcome->ids[row]];
    AppendCounts others;
    const bool usual =
        AppendRow(rows[row], samples, &series, context, &outcome->counts.accepted, &others);
    if (series.maker == kNoSender && context->sender != kNoSender) Adopt(&series, context->sender);
    NoteUnwritten(&shard, &series, SlotOf(outcome->ids[row]));
    if (usual) continue;
    outcome->counts += others;
    if (others.Rejected() > 0) outcome->refused.push_back({row, others});
  }
}

void Windows::AppendKeyed(KeyKind kind, std::span<const KeyedRow> rows, const KeyedSamples& samples,
                          const KeyedWriter& writer, KeyedOutcome* outcome) {
  outcome->counts = {};
  outcome->unknown.clear();
  outcome->refused.clear();
  AppendContext context = ContextOf(writer.origin, writer.now, writer.sender);
  const absl::ReaderMutexLock lock(&directory_.mutex);
  const KeyTable& table = TableOf(kind);
  for (uint32_t row = 0; row < rows.size(); ++row) {
    uint32_t& id = outcome->ids[row];
    if (id != kNoSeries && !table.Has(id, rows[row].key)) id = kNoSeries;  // it went
  }
  const auto shard_of = [&](uint32_t row) {
    return outcome->ids[row] == kNoSeries ? kNoShard : ShardOf(outcome->ids[row]);
  };
  const ShardOrder<kShards> order(static_cast<uint32_t>(rows.size()), shard_of, &outcome->unknown,
                                  &outcome->order);
  for (uint32_t shard = 0; shard < kShards; ++shard) {
    const std::span<const uint32_t> part = order.Of(shard);
    if (!part.empty()) AppendRows(shard, rows, part, samples, &context, outcome);
  }
  RaiseNewest(context.newest);
  std::sort(outcome->unknown.begin(), outcome->unknown.end());
  std::sort(outcome->refused.begin(), outcome->refused.end(),
            [](const auto& a, const auto& b) { return a.row < b.row; });
}

}  // namespace outrider
