// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/plan.h"

#include <algorithm>

#include "rules/promql/duration_expr.h"
#include "rules/promql/functions/table.h"

namespace outrider::promql {
namespace {

bool IsPinned(const TimeModifier& time) { return time.at != TimeModifier::At::kNone; }

bool OwnInvariance(const Expr& e) {
  if (const auto* vector = std::get_if<VectorSelector>(&e.node)) return IsPinned(vector->time);
  if (const auto* matrix = std::get_if<MatrixSelector>(&e.node)) {
    return IsPinned(matrix->selector.time);
  }
  if (const auto* call = std::get_if<Call>(&e.node)) {
    return !(call->function->flags & FunctionEntry::kReadsClock);
  }
  return true;
}

void Walk(const Expr& e, DurationMs outer, DurationMs lookback,
          std::vector<Expression::Reach>* out) {
  // Durations that depend on the query count as zero here: an approximation from below, for instant
  // queries exact.
  const DurationContext none;
  const auto length = [&](const DurationSpec& spec) {
    const StatusOr<DurationMs> ms = ResolveDuration(spec, none);
    return ms.ok() ? *ms : 0;
  };
  if (const auto* vector = std::get_if<VectorSelector>(&e.node)) {
    const DurationMs horizon = outer + length(vector->time.offset) + lookback;
    out->push_back({vector->matchers, std::max<DurationMs>(horizon, 0)});
    return;
  }
  if (const auto* matrix = std::get_if<MatrixSelector>(&e.node)) {
    const DurationMs horizon = outer + length(matrix->selector.time.offset) + length(matrix->range);
    out->push_back({matrix->selector.matchers, std::max<DurationMs>(horizon, 0)});
    return;
  }
  if (const auto* subquery = std::get_if<Subquery>(&e.node)) {
    outer += length(subquery->range) + length(subquery->time.offset);
  }
  for (const Expr* child : ChildrenOf(e)) Walk(*child, outer, lookback, out);
}

}  // namespace

void PlanExpression(Expr* expr) {
  bool invariant = OwnInvariance(*expr);
  for (Expr* child : MutableChildrenOf(*expr)) {
    PlanExpression(child);
    invariant = invariant && child->step_invariant;
  }
  if (const auto* subquery = std::get_if<Subquery>(&expr->node))
    invariant = IsPinned(subquery->time);
  expr->step_invariant = invariant;
}

std::vector<Expression::Reach> SelectorReach(const Expr& expr, DurationMs lookback) {
  std::vector<Expression::Reach> reach;
  Walk(expr, 0, lookback, &reach);
  return reach;
}

}  // namespace outrider::promql
