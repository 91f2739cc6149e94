// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_ledger.h"

#include <algorithm>
#include <set>
#include <utility>

#include "rules/cost/cost_fold.h"

namespace outrider {
namespace {

Timestamp MonthsBefore(Timestamp time, int count) {
  for (; count > 0; --count) time = SpanOf(CostTier::kMonths, time - 1).begin;
  return time;
}

// Where what is kept begins when the bucket at `begin` is opened.
Timestamp OldestOf(CostTier tier, Timestamp begin) {
  switch (tier) {
    using enum CostTier;
    case kHours:
      return begin - CostLedger::kKeepHours;
    case kDays:
      return begin - CostLedger::kKeepDays;
    case kMonths:
      break;
  }
  return MonthsBefore(begin, CostLedger::kKeepMonths);
}

}  // namespace

void CostLedger::SetLabels(std::vector<std::string> names) {
  if (names == buckets_.labels()) return;
  const std::vector<std::string> before = buckets_.labels();
  buckets_.SetLabels(std::move(names));
  for (CostBucket& open : open_) {
    open.workloads = buckets_.InPresentOrder(std::move(open.workloads), before);
    open.nodes = buckets_.InPresentOrder(std::move(open.nodes), before);
    open.changed = open.changed || open.watched > 0;
  }
}

Status CostLedger::Restore(Timestamp now) {
  TRY(buckets_.LearnOldLabels());
  for (const CostTier tier : kCostTiers) bucket(tier) = TRY(buckets_.LoadOrEmpty(tier, now));
  return absl::OkStatus();
}

StatusOr<std::optional<Timestamp>> CostLedger::CountedUntil(Timestamp now) const {
  std::optional<Timestamp> until;
  for (const CostTier tier : kCostTiers) until = std::max(until, OpenUntil(tier));
  Timestamp begin = SpanOf(CostTier::kMonths, now).begin;
  for (int left = kKeepMonths; left > 0 && !until; --left) {
    begin = MonthsBefore(begin, 1);
    const CostBucket month = TRY(buckets_.LoadOrEmpty(CostTier::kMonths, begin));
    if (month.watched > 0) until = month.last;
  }
  return until;
}

size_t CostLedger::open_cells() const {
  size_t cells = 0;
  for (const CostBucket& one : open_) cells += one.workloads.size() + one.nodes.size();
  return cells;
}

bool CostLedger::IsDue(CostTier tier, Timestamp next) const {
  const CostSpan span = bucket(tier).span;
  return next < span.begin || next >= span.end;
}

// The hour that is over tells what runs.
void CostLedger::Fold() {
  if (bucket(CostTier::kHours).watched == 0) return;
  std::set<CostKey> workloads;
  std::set<CostKey> nodes;
  for (const auto& [key, amounts] : Open(CostTier::kHours)) {
    workloads.insert(WithoutPods(key));
    nodes.insert(NodeOnly(key));
  }
  for (const CostTier tier : {CostTier::kDays, CostTier::kMonths}) {
    FoldEndedWorkloads(workloads, &bucket(tier).workloads);
    FoldEndedNodes(nodes, &bucket(tier).nodes);
    bucket(tier).changed = bucket(tier).watched > 0;
  }
}

void CostLedger::WriteChanged(Batch* batch) const {
  for (const CostTier tier : kCostTiers) {
    if (bucket(tier).changed) buckets_.Write(tier, bucket(tier), batch);
  }
}

// Closes what is over at `next` and opens what `next` lies in. All three are written together, due
// or not: an hour that is on disk as a whole beside a day that ends earlier would be counted twice.
Status CostLedger::Turn(Timestamp next) {
  const auto is_due = [&](CostTier tier) { return IsDue(tier, next); };
  if (std::ranges::none_of(kCostTiers, is_due)) return absl::OkStatus();
  if (is_due(CostTier::kHours)) Fold();
  Batch batch;
  WriteChanged(&batch);
  for (const CostTier tier : kCostTiers) {
    if (!is_due(tier)) continue;
    TRY(buckets_.DeleteBefore(tier, OldestOf(tier, SpanOf(tier, next).begin), &batch));
  }
  if (!batch.empty()) TRY(buckets_.store().Commit(batch, Durability::kBuffered));
  for (CostBucket& open : open_) {
    if (open.changed) CostBuckets::MarkSaved(&open);
  }
  for (const CostTier tier : kCostTiers) {
    // Normally empty; after a clock that went back, what is there already.
    if (is_due(tier)) bucket(tier) = TRY(buckets_.LoadOrEmpty(tier, next));
  }
  return absl::OkStatus();
}

Status CostLedger::Add(Timestamp from, Timestamp to, const std::vector<CostItem>& items) {
  TRY(Turn(from));
  for (const CostTier tier : kCostTiers) {
    CostBucket& open = bucket(tier);
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
  WriteChanged(&batch);
  if (batch.empty()) return absl::OkStatus();
  TRY(buckets_.store().Commit(batch, durability));
  for (CostBucket& open : open_) {
    if (open.changed) CostBuckets::MarkSaved(&open);
  }
  return absl::OkStatus();
}

StatusOr<CostRead> CostLedger::Read(Timestamp from, Timestamp to, CostGrain grain,
                                    Timestamp now) const {
  return CostReader(buckets_, {&open_[0], &open_[1], &open_[2]}).Read(from, to, grain, now);
}

CostSnapshot CostLedger::Snapshot(Timestamp from, Timestamp to) const {
  CostSnapshot snapshot = {buckets_};
  for (size_t i = 0; i < open_.size(); ++i) {
    const CostBucket& open = open_[i];
    if (open.span.begin < to && from < open.span.end) {
      snapshot.open[i] = open;
    } else {
      snapshot.open[i].span = open.span;  // nothing of it is asked for
    }
  }
  return snapshot;
}

}  // namespace outrider
