// SPDX-License-Identifier: Apache-2.0
// What everything has cost: sums per hour, day and month (UTC), kept in the state store. Memory
// holds the three buckets that are open, disk those that are closed; both are bounded by what runs
// and by what is kept of what ended (cost_fold.h), not by how long it has run.
//
//   hours   by pod and node, for 48 hours: anything may be asked of them
//   days    by workload's container, and apart from that by node, for 100 days
//   months  the same, for 36 months
//
// The three always tell of the same time: whatever is written is written of all at once, so that a
// killed process counts nothing twice when it goes on.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "rules/cost/cost_buckets.h"
#include "rules/cost/cost_reader.h"
#include "storage/base/status.h"

namespace outrider {

// Not thread-safe.
class CostLedger {
 public:
  static constexpr DurationMs kKeepHours = 48 * kHour;
  static constexpr DurationMs kKeepDays = 100 * kDay;
  static constexpr int kKeepMonths = 36;

  explicit CostLedger(StateStore& store) : buckets_(store) {}

  // Names of the labels that keys have values of, in their order: of what is added from now on, and
  // what is there is put into that order.
  void SetLabels(std::vector<std::string> names);
  // Loads the buckets that were open at `now`. Once after a start, after SetLabels().
  Status Restore(Timestamp now);
  // Up to when costs are counted, looking back over all months that are kept; none: nothing is.
  StatusOr<std::optional<Timestamp>> CountedUntil(Timestamp now) const;
  // Adds what [from, to) cost, which lies within one hour (SpanOf). A bucket that is over is
  // written and leaves memory; old rows go. After an error nothing was added, and it may be tried
  // again.
  Status Add(Timestamp from, Timestamp to, const std::vector<CostItem>& items);
  Status Save(Durability durability);
  size_t open_cells() const;

  // See CostReader::Read.
  StatusOr<CostRead> Read(Timestamp from, Timestamp to, CostGrain grain, Timestamp now) const;
  // What a question about [from, to) needs of what is open.
  CostSnapshot Snapshot(Timestamp from, Timestamp to) const;

  // The open bucket's sums, e.g. of the month so far.
  const CostCells& Open(CostTier tier) const { return bucket(tier).workloads; }
  CostSpan OpenSpan(CostTier tier) const { return bucket(tier).span; }
  DurationMs OpenWatched(CostTier tier) const { return bucket(tier).watched; }
  // Up to when it is allocated; none: nothing is.
  std::optional<Timestamp> OpenUntil(CostTier tier) const {
    const CostBucket& open = bucket(tier);
    return open.watched > 0 ? std::optional(open.last) : std::nullopt;
  }

 private:
  const CostBucket& bucket(CostTier tier) const { return open_[static_cast<size_t>(tier)]; }
  CostBucket& bucket(CostTier tier) { return open_[static_cast<size_t>(tier)]; }
  bool IsDue(CostTier tier, Timestamp next) const;
  void Fold();
  void WriteChanged(Batch* batch) const;
  Status Turn(Timestamp next);

  CostBuckets buckets_;
  std::array<CostBucket, kCostTiers.size()> open_ = {};
};

}  // namespace outrider
