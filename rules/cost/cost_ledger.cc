// SPDX-License-Identifier: Apache-2.0
// A row: format 1, first, last, watched (milliseconds), number of cells, then key and amounts of
// each. A bucket is as many rows ("parts") as it takes to keep them small.
#include "rules/cost/cost_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "storage/base/log.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kRowFormat = 1;
constexpr size_t kCellsOfRow = 500;
constexpr char kWorkloadTable = 'w';
constexpr char kNodeTable = 'n';
constexpr std::string_view kTierLetters = "hdm";

std::string TierPrefix(CostTier tier) {
  return std::string("b") + kTierLetters[static_cast<size_t>(tier)];
}

std::string BucketPrefix(CostTier tier, Timestamp begin) {
  return TierPrefix(tier) + BigEndian64(static_cast<uint64_t>(begin));
}

CostKey WithoutPods(const CostKey& key) {
  CostKey short_key = key;
  short_key.pod.clear();
  short_key.node.clear();
  return short_key;
}

CostKey NodeOnly(const CostKey& key) {
  CostKey short_key;
  short_key.cluster = key.cluster;
  short_key.node = key.node;
  // What is idle on a node stays apart from what runs there.
  if (key.workload == kIdleName || key.workload == kOverheadName ||
      key.workload == kUnmountedName) {
    short_key.namespace_name = key.workload;
    short_key.workload = key.workload;
    short_key.workload_kind = key.workload;
  }
  return short_key;
}

CostKey OfGrain(const CostKey& key, CostGrain grain) {
  switch (grain) {
    case CostGrain::kWorkloads:
      return WithoutPods(key);
    case CostGrain::kNodes:
      return NodeOnly(key);
    case CostGrain::kPods:
      break;
  }
  return key;
}

using Days = std::chrono::sys_days;
Timestamp MillisOf(Days day) { return std::chrono::milliseconds(day.time_since_epoch()).count(); }

CostSpan MonthOf(Timestamp time) {
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::milliseconds> at{chrono::milliseconds(time)};
  const chrono::year_month_day day(chrono::floor<chrono::days>(at));
  const chrono::year_month month(day.year(), day.month());
  return {MillisOf(Days(month / 1)), MillisOf(Days((month + chrono::months(1)) / 1))};
}

Timestamp MonthsBefore(Timestamp time, int count) {
  for (; count > 0; --count) time = MonthOf(time - 1).begin;
  return time;
}

}  // namespace

CostSpan SpanOf(CostTier tier, Timestamp time) {
  if (tier == CostTier::kMonths) return MonthOf(time);
  const DurationMs length = tier == CostTier::kHours ? kHour : kDay;
  const Timestamp begin = time - ((time % length) + length) % length;
  return {begin, begin + length};
}

size_t CostLedger::open_cells() const {
  size_t cells = 0;
  for (const Bucket& one : open_) cells += one.workloads.size() + one.nodes.size();
  return cells;
}

void CostLedger::Write(CostTier tier, Bucket& bucket, Batch* batch) const {
  for (const auto& [table, cells] :
       {std::pair(kWorkloadTable, &bucket.workloads), std::pair(kNodeTable, &bucket.nodes)}) {
    uint64_t part = 0;
    for (auto cell = cells->begin(); cell != cells->end(); ++part) {
      RowWriter out(kRowFormat);
      const auto count =
          std::min(kCellsOfRow, static_cast<size_t>(std::distance(cell, cells->end())));
      out.I64(bucket.first).I64(bucket.last).I64(bucket.watched).U64(count);
      for (size_t i = 0; i < count; ++i, ++cell) {
        cell->first.Save(out);
        cell->second.Save(out);
      }
      batch->Put(Family::kCost, BucketPrefix(tier, bucket.span.begin) + table + BigEndian64(part),
                 out.Take());
    }
  }
  bucket.changed = false;
}

StatusOr<CostLedger::Bucket> CostLedger::Load(CostTier tier, Timestamp begin) const {
  Bucket bucket;
  bucket.span = SpanOf(tier, begin);
  bucket.first = bucket.last = bucket.span.begin;
  const std::string prefix = BucketPrefix(tier, bucket.span.begin);
  Status status = absl::OkStatus();
  TRY(store_.Scan(Family::kCost, prefix, prefix, [&](const Row& row) {
    RowReader in(row.value, kRowFormat, "a row of costs");
    bucket.first = in.I64();
    bucket.last = in.I64();
    bucket.watched = in.I64();
    CostCells& cells = row.key.size() > prefix.size() && row.key[prefix.size()] == kNodeTable
                           ? bucket.nodes
                           : bucket.workloads;
    for (uint64_t left = in.Count(); left > 0; --left) {
      CostKey key = CostKey::Load(in);
      const CostAmounts amounts = CostAmounts::Load(in);
      cells[std::move(key)].Add(amounts);
    }
    status = in.Finish();
    return status.ok();
  }));
  TRY(status);
  return bucket;
}

StatusOr<CostLedger::Bucket> CostLedger::LoadOrEmpty(CostTier tier, Timestamp begin) const {
  StatusOr<Bucket> loaded = Load(tier, begin);
  if (!absl::IsDataLoss(loaded.status())) return loaded;
  LogWarn("saved costs cannot be read and are left out", {{"error", Message(loaded.status())}});
  Bucket empty;
  empty.span = SpanOf(tier, begin);
  empty.first = empty.last = empty.span.begin;
  return empty;
}

Status CostLedger::Restore(Timestamp now) {
  for (const CostTier tier : kCostTiers) {
    Bucket& open = open_[static_cast<size_t>(tier)];
    StatusOr<Bucket> loaded = Load(tier, now);
    if (loaded.ok()) {
      open = *std::move(loaded);
      continue;
    }
    if (loaded.status().code() != absl::StatusCode::kDataLoss) return loaded.status();
    // Begins anew: the rows that are left would be read with it.
    LogWarn("saved costs cannot be read and begin anew", {{"error", Message(loaded.status())}});
    open = Bucket();
    open.span = SpanOf(tier, now);
    open.first = open.last = open.span.begin;
    Batch batch;
    const std::string prefix = BucketPrefix(tier, open.span.begin);
    TRY(store_.Scan(Family::kCost, prefix, prefix, [&](const Row& row) {
      batch.Delete(Family::kCost, row.key);
      return true;
    }));
    TRY(store_.Commit(batch, Durability::kBuffered));
  }
  return absl::OkStatus();
}

Status CostLedger::DeleteBefore(CostTier tier, Timestamp begin, Batch* batch) const {
  const std::string prefix = TierPrefix(tier);
  const std::string end = BucketPrefix(tier, begin);
  return store_.Scan(Family::kCost, prefix, prefix, [&](const Row& row) {
    if (row.key >= end) return false;
    batch->Delete(Family::kCost, row.key);
    return true;
  });
}

Status CostLedger::Close(CostTier tier, Timestamp next) {
  Bucket& open = open_[static_cast<size_t>(tier)];
  Batch batch;
  if (open.changed) Write(tier, open, &batch);
  const CostSpan span = SpanOf(tier, next);
  Timestamp oldest = span.begin;
  if (tier == CostTier::kHours) oldest -= kKeepHours;
  if (tier == CostTier::kDays) oldest -= kKeepDays;
  if (tier == CostTier::kMonths) oldest = MonthsBefore(span.begin, kKeepMonths);
  TRY(DeleteBefore(tier, oldest, &batch));
  TRY(store_.Commit(batch, Durability::kBuffered));
  // Normally empty; after a clock that went back, what is there already.
  open = TRY(LoadOrEmpty(tier, next));
  return absl::OkStatus();
}

Status CostLedger::Add(Timestamp from, Timestamp to, const std::vector<CostItem>& items) {
  for (const CostTier tier : kCostTiers) {
    Bucket& open = open_[static_cast<size_t>(tier)];
    if (from < open.span.begin || from >= open.span.end) TRY(Close(tier, from));
    if (open.watched == 0) open.first = from;
    open.first = std::min(open.first, from);
    open.last = std::max(open.last, to);
    open.watched += to - from;
    open.changed = true;
    for (const CostItem& item : items) {
      if (tier == CostTier::kHours) {
        open.workloads[item.key].Add(item.amounts);
      } else {
        open.workloads[WithoutPods(item.key)].Add(item.amounts);
        open.nodes[NodeOnly(item.key)].Add(item.amounts);
      }
    }
  }
  return absl::OkStatus();
}

Status CostLedger::Save(Durability durability) {
  Batch batch;
  for (const CostTier tier : kCostTiers) {
    Bucket& open = open_[static_cast<size_t>(tier)];
    if (open.changed) Write(tier, open, &batch);
  }
  if (batch.empty()) return absl::OkStatus();
  const Status saved = store_.Commit(batch, durability);
  if (!saved.ok()) {
    for (Bucket& open : open_) open.changed = true;
  }
  return saved;
}

// `piece` lies within one bucket.
Status CostLedger::AddTo(CostTier tier, CostSpan piece, CostGrain grain, CostRead* out) const {
  const Bucket& open = bucket(tier);
  Bucket loaded;
  const Bucket* source = &open;
  if (SpanOf(tier, piece.begin).begin != open.span.begin) {
    loaded = TRY(LoadOrEmpty(tier, piece.begin));
    source = &loaded;
  }
  const DurationMs length = source->last - source->first;
  if (source->watched <= 0 || length <= 0) return absl::OkStatus();
  const DurationMs overlap =
      std::min(piece.end, source->last) - std::max(piece.begin, source->first);
  if (overlap <= 0) return absl::OkStatus();
  const double share = static_cast<double>(overlap) / static_cast<double>(length);
  const bool by_node = grain == CostGrain::kNodes && tier != CostTier::kHours;
  for (const auto& [key, amounts] : by_node ? source->nodes : source->workloads) {
    out->cells[OfGrain(key, grain)].Add(amounts.Scaled(share));
  }
  out->watched += static_cast<DurationMs>(static_cast<double>(source->watched) * share);
  return absl::OkStatus();
}

StatusOr<CostRead> CostLedger::Read(Timestamp from, Timestamp to, CostGrain grain,
                                    Timestamp now) const {
  CostRead read = {from, to, {}, 0};
  const Timestamp hours_since = SpanOf(CostTier::kHours, now - kKeepHours).begin;
  const Timestamp days_since = SpanOf(CostTier::kDays, now - kKeepDays).begin;
  if (grain == CostGrain::kPods && from < hours_since) {
    return InvalidArgument(fmt::format(
        "pods, and nodes together with what runs there, are told apart for the last {} hours only",
        kKeepHours / kHour));
  }
  const Timestamp end = std::min(to, now);
  for (Timestamp at = from; at < end;) {
    const CostSpan day = SpanOf(CostTier::kDays, at);
    const bool whole_day = at == day.begin && end >= std::min(day.end, now);
    CostTier tier = CostTier::kHours;
    if (at < days_since) {
      tier = CostTier::kMonths;
    } else if (grain != CostGrain::kPods && (whole_day || at < hours_since)) {
      tier = CostTier::kDays;
    }
    // A piece of a month ends where days begin.
    Timestamp next = std::min(end, SpanOf(tier, at).end);
    if (tier == CostTier::kMonths) next = std::min(next, days_since);
    TRY(AddTo(tier, {at, next}, grain, &read));
    at = next;
  }
  return read;
}

}  // namespace outrider
