// SPDX-License-Identifier: Apache-2.0
// From costs by container to the rows somebody asked for: aggregated, idle and shared costs shared
// out. Pure but for reading the ledger. Source: specs/cost_and_rightsizing.md §2.1 and §2.5.
#pragma once

#include <string>
#include <vector>

#include "rules/cost/cost_filter.h"
#include "rules/cost/cost_reader.h"

namespace outrider {

struct AllocationQuery {
  Timestamp from = 0;
  Timestamp to = 0;
  DurationMs step = 0;                // 0: one set for the whole time
  std::vector<CostColumn> aggregate;  // empty: each container by itself
  CostFilter filter;  // of the answer: what it leaves out bears its part of idle and shared costs
  bool accumulate = false;    // all steps in one set
  bool include_idle = false;  // as rows of their own, named __idle__
  bool share_idle = false;    // instead: in proportion to cost, by resource and cluster
  bool idle_by_node = false;  // … and by node
  std::vector<std::string> shared_namespaces;  // their cost goes to the others; also __overhead__
  bool share_evenly = false;                   // the same for each row, not in proportion
};

struct AllocationRow {
  std::string name;  // values joined by "/"
  CostKey key;       // what all of the row have in common; "" where they differ
  CostAmounts amounts;
  std::array<NanoUnits, kNodeResources> idle = {};  // shared out to it
  NanoUnits shared = 0;
  NanoUnits Total() const { return amounts.Total() + idle[0] + idle[1] + idle[2] + shared; }
};

struct AllocationSet {
  Timestamp from = 0;
  Timestamp to = 0;
  DurationMs watched = 0;
  std::vector<AllocationRow> rows;  // by name
};

// The grain that the question needs of the ledger.
CostGrain GrainOf(const AllocationQuery& query);
// One step. The rows' totals add up to those of the cells exactly, less what the filter leaves out
// (with its part of what is shared) and idle that is not wanted.
AllocationSet Aggregate(const CostRead& read, const AllocationQuery& query);
// Of all steps together: what an answer may take of memory.
inline constexpr size_t kMaxAllocationRows = 200'000;
// InvalidArgument for more than 1,000 steps or kMaxAllocationRows rows, for times outside of the
// years 1970 to 9999, and for a grain that is not kept for so long.
StatusOr<std::vector<AllocationSet>> RunAllocation(CostReader& reader, const AllocationQuery& query,
                                                   Timestamp now);

}  // namespace outrider
