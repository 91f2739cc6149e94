// SPDX-License-Identifier: Apache-2.0
// Whether an expression gives, of what its counters grew by in slots of time one after the other,
// the parts of what it gives of the whole time: then adding up over slots is exact.
//
// That holds of sums, + and - of such expressions, × and ÷ by what does not grow, `or vector(0)`,
// joins, and comparisons with 0, which drop what did not grow. It does not of anything that bends
// (clamp_min, max, topk, quantiles, comparisons with other numbers): many small growths are not
// treated as their sum is.
#pragma once

#include "rules/promql/ast.h"

namespace outrider {

// `bare_counters`: selectors outside of rate() and increase() are counters; else they are gauges.
// The depth of the tree is bounded by the parser.
bool AddsUpOverSlots(const promql::Expr& expr, bool bare_counters);

}  // namespace outrider
