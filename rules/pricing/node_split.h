// SPDX-License-Identifier: Apache-2.0
// From the price of a whole node to what its CPU, memory and GPUs cost, and back. Pure. Source:
// specs/cost_and_rightsizing.md §2.3: the ratio of the base prices is kept and scaled so that the
// parts sum to the node's price. Memory counts in GiB everywhere, on nodes with GPUs too (OpenCost
// multiplies bytes there, which makes GPUs all but free).
#pragma once

#include "rules/pricing/price.h"

namespace outrider {

// $/vCPU over $/GiB and $/GPU over $/GiB where no base price tells.
inline constexpr Decimal kUsualCoreRatio = 10_dec;
inline constexpr Decimal kUsualGpuRatio = 100_dec;

struct NodeShape {
  Decimal cores;
  Decimal memory_gib;
  Decimal gpus;
  bool Known() const { return cores > Decimal() || memory_gib > Decimal(); }
};
inline NodeShape ShapeOf(const NodeFacts& facts) {
  return {facts.cores, facts.memory_gib, facts.gpus};
}

// `hourly` split in the ratio of `base`; of an unknown shape it stays whole.
NodePrice SplitNodePrice(Money hourly, const NodeShape& shape, const ResourceRates& base);
// The node's parts are rates times shape, its price is their sum.
NodePrice PriceByRates(const ResourceRates& rates, const NodeShape& shape);

// All of it times `factor`; the parts keep summing to the whole.
NodePrice Scaled(NodePrice price, Decimal factor);

}  // namespace outrider
