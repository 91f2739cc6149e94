// SPDX-License-Identifier: Apache-2.0
// What can be known of an expression before it meets data.
#pragma once

#include <vector>

#include "rules/promql/ast.h"
#include "rules/promql/engine.h"

namespace outrider::promql {

// Fills Expr::step_invariant: such subtrees are evaluated once and their value repeated. And
// VectorSelector::stats_only.
void PlanExpression(Expr* expr);

// How far each selector reaches before the evaluation time: range, offset, surrounding subqueries,
// and the lookback of instant selectors. A selector pinned by @ reaches as far as its own window
// alone.
std::vector<Expression::Reach> SelectorReach(const Expr& expr, DurationMs lookback);

}  // namespace outrider::promql
