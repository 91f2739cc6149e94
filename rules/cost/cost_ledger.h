// SPDX-License-Identifier: Apache-2.0
// What everything has cost: sums per hour, day and month (UTC), kept in the state store. Memory
// holds the three buckets that are open, disk those that are closed; both are bounded by what runs,
// not by how long it has run.
//
//   hours   by pod and node, for 48 hours: anything may be asked of them
//   days    by workload's container, and apart from that by node, for 100 days
//   months  the same, for 36 months
//
// Rows of family kCost: "b" tier(1) begin(8) table(1) part(4). Format: cost_ledger.cc.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/cost/cost_amounts.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

enum class CostTier : uint8_t { kHours, kDays, kMonths };
inline constexpr std::array<CostTier, 3> kCostTiers = {CostTier::kHours, CostTier::kDays,
                                                       CostTier::kMonths};

// The UTC hour, day or month that `time` lies in: where it begins and where the next one does.
struct CostSpan {
  Timestamp begin = 0;
  Timestamp end = 0;
};
CostSpan SpanOf(CostTier tier, Timestamp time);

// Which columns of CostKey a question needs.
enum class CostGrain {
  kWorkloads,  // all but pod and node
  kNodes,      // cluster and node only
  kPods,       // everything: of the last hours only
};

using CostCells = std::map<CostKey, CostAmounts>;

struct CostRead {
  Timestamp from = 0;  // what was asked
  Timestamp to = 0;
  CostCells cells;
  DurationMs watched = 0;  // how much of the time was allocated: less after an outage
};

// Not thread-safe.
class CostLedger {
 public:
  static constexpr DurationMs kKeepHours = 48 * kHour;
  static constexpr DurationMs kKeepDays = 100 * kDay;
  static constexpr int kKeepMonths = 36;

  explicit CostLedger(StateStore& store) : store_(store) {}

  // Loads the buckets that were open at `now`. Once after a start.
  Status Restore(Timestamp now);
  // Adds what [from, to) cost, which lies within one hour (SpanOf). A bucket that is over is
  // written and leaves memory; old rows go.
  Status Add(Timestamp from, Timestamp to, const std::vector<CostItem>& items);
  Status Save(Durability durability);
  size_t open_cells() const;

  // What [from, to) cost. Money of a bucket that is only partly asked for is its share of the time
  // that was allocated. InvalidArgument when pods are asked for longer ago than they are kept;
  // `now` is where what is open ends.
  StatusOr<CostRead> Read(Timestamp from, Timestamp to, CostGrain grain, Timestamp now) const;
  // The open bucket's sums, e.g. of the month so far.
  const CostCells& Open(CostTier tier) const { return bucket(tier).workloads; }
  CostSpan OpenSpan(CostTier tier) const { return bucket(tier).span; }
  DurationMs OpenWatched(CostTier tier) const { return bucket(tier).watched; }
  // Up to when it is allocated; none: nothing is.
  std::optional<Timestamp> OpenUntil(CostTier tier) const {
    const Bucket& open = bucket(tier);
    return open.watched > 0 ? std::optional(open.last) : std::nullopt;
  }

 private:
  struct Bucket {
    CostSpan span;
    Timestamp first = 0;  // what was allocated
    Timestamp last = 0;
    DurationMs watched = 0;
    CostCells workloads;  // tier kHours: everything apart
    CostCells nodes;      // not in tier kHours
    bool changed = false;
  };
  const Bucket& bucket(CostTier tier) const { return open_[static_cast<size_t>(tier)]; }
  void Write(CostTier tier, Bucket& bucket, Batch* batch) const;
  StatusOr<Bucket> Load(CostTier tier, Timestamp begin) const;
  // One that cannot be read counts as nothing.
  StatusOr<Bucket> LoadOrEmpty(CostTier tier, Timestamp begin) const;
  Status Close(CostTier tier, Timestamp next);
  Status DeleteBefore(CostTier tier, Timestamp begin, Batch* batch) const;
  Status AddTo(CostTier tier, CostSpan piece, CostGrain grain, CostRead* out) const;

  StateStore& store_;
  std::array<Bucket, kCostTiers.size()> open_ = {};
};

}  // namespace outrider
