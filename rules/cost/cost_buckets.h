// SPDX-License-Identifier: Apache-2.0
// The sums of one hour, day or month, and how they are kept as rows of the state store.
//
// Rows of family kCost: "b" tier(1) begin(8) table(1) part(4); "l": names of labels. Format:
// cost_buckets.cc.
#pragma once

#include <array>
#include <map>
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

using CostCells = std::map<CostKey, CostAmounts>;

struct CostBucket {
  CostSpan span;
  Timestamp first = 0;  // what was allocated
  Timestamp last = 0;
  DurationMs watched = 0;
  CostCells workloads;  // tier kHours: everything apart
  CostCells nodes;      // not in tier kHours
  bool changed = false;
  std::array<uint64_t, 2> rows = {};  // of each table, in the store
};

// Reads and writes buckets. Thread-safe but for SetLabels(), which excludes all others; a copy is a
// cheap way to read while somebody else writes.
class CostBuckets {
 public:
  // Outlived by the store.
  explicit CostBuckets(StateStore& store) : store_(&store) {}

  // The names that CostKey::labels are in the order of. What is read and was written under other
  // names is put into this order; values of labels that are not kept any more are left out, and
  // sums that then have one key are one.
  void SetLabels(std::vector<std::string> names) { labels_ = std::move(names); }
  const std::vector<std::string>& labels() const { return labels_; }
  // Remembers under which names rows of format 1 were written, which do not say so: the present
  // ones, the first time. Once after a start, after SetLabels().
  Status LearnOldLabels();
  // Sums under another order of labels, brought into the present one.
  CostCells InPresentOrder(CostCells cells, const std::vector<std::string>& names) const;

  // Empty when there are no rows. DataLoss for rows that cannot be read.
  StatusOr<CostBucket> Load(CostTier tier, Timestamp begin) const;
  // One that cannot be read counts as nothing; it is overwritten when something is added to it.
  StatusOr<CostBucket> LoadOrEmpty(CostTier tier, Timestamp begin) const;
  // Appends the bucket's rows to `batch`, and the deletion of rows it has no more use for. Call
  // MarkSaved() once the batch is committed, never before.
  void Write(CostTier tier, const CostBucket& bucket, Batch* batch) const;
  static void MarkSaved(CostBucket* bucket);
  // Appends the deletion of all buckets that begin before `begin`.
  Status DeleteBefore(CostTier tier, Timestamp begin, Batch* batch) const;
  StateStore& store() const { return *store_; }

 private:
  StateStore* store_;
  std::vector<std::string> labels_;
  std::vector<std::string> old_labels_;  // of rows of format 1
};

}  // namespace outrider
