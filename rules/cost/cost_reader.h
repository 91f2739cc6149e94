// SPDX-License-Identifier: Apache-2.0
// What some time cost: out of the open buckets in memory and the closed ones in the store.
#pragma once

#include <array>
#include <optional>

#include "rules/cost/cost_buckets.h"

namespace outrider {

// Which columns of CostKey a question needs.
enum class CostGrain {
  kWorkloads,  // all but pod and node
  kNodes,      // cluster and node only
  kPods,       // everything: of the last hours only
};

struct CostRead {
  Timestamp from = 0;  // what was asked
  Timestamp to = 0;
  CostCells cells;
  DurationMs watched = 0;  // how much of the time was allocated: less after an outage
};

// Without what the long-lived sums do not tell apart.
CostKey WithoutPods(const CostKey& key);
CostKey NodeOnly(const CostKey& key);

// Not thread-safe: it remembers the bucket it read last, for the next step of a question.
class CostReader {
 public:
  using OpenBuckets = std::array<const CostBucket*, kCostTiers.size()>;

  // The open buckets stay as they are as long as the reader is used.
  CostReader(CostBuckets closed, OpenBuckets open) : closed_(std::move(closed)), open_(open) {}

  // What [from, to) cost. Money of a bucket that is only partly asked for is its share of the time
  // that was allocated. InvalidArgument when pods are asked for longer ago than they are kept;
  // `now` is where what is open ends.
  StatusOr<CostRead> Read(Timestamp from, Timestamp to, CostGrain grain, Timestamp now);

 private:
  StatusOr<const CostBucket*> BucketOf(CostTier tier, Timestamp begin);
  Status AddTo(CostTier tier, CostSpan piece, CostGrain grain, CostRead* out);

  const CostBuckets closed_;
  const OpenBuckets open_;
  std::array<std::optional<CostBucket>, kCostTiers.size()> loaded_;
};

// A copy of what is open, so that a long question does not hold up counting.
struct CostSnapshot {
  CostBuckets closed;
  std::array<CostBucket, kCostTiers.size()> open = {};
  CostReader Reader() const { return {closed, {&open[0], &open[1], &open[2]}}; }
};

}  // namespace outrider
