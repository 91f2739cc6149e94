// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/plan.h"

#include <algorithm>

#include "rules/promql/duration_expr.h"
#include "rules/promql/functions/info.h"
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
    DurationMs horizon = outer + length(matrix->selector.time.offset) + length(matrix->range);
    // anchored and smoothed look for the sample before the window as well.
    if (matrix->selector.extension != Extension::kNone) horizon += lookback;
    out->push_back({matrix->selector.matchers, std::max<DurationMs>(horizon, 0)});
    return;
  }
  const auto* call = std::get_if<Call>(&e.node);
  if (call != nullptr && (call->function->flags & FunctionEntry::kLabelSelector)) {
    const size_t before = out->size();
    Walk(*call->args[0], outer, lookback, out);
    // Info series are looked at where the first argument's own series are.
    std::vector<Matcher> matchers = InfoNameMatchers(*call);
    for (Matcher& m : InfoDataMatchers(*call)) matchers.push_back(std::move(m));
    const DurationMs horizon = before < out->size() ? (*out)[before].horizon : lookback;
    out->push_back({std::move(matchers), std::max(horizon, lookback)});
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
