// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/plan.h"

#include <algorithm>

#include "rules/promql/binary_op.h"
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

// Functions of a native histogram's count and sum alone, and what looks into its buckets.
bool IsOfStats(const Call& call) {
  const std::string_view name = call.function->name;
  return name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg";
}

bool NeedsBuckets(const Expr& e) {
  if (std::holds_alternative<Subquery>(e.node)) return true;  // resets are to be found across it
  if (const auto* binary = std::get_if<BinaryExpr>(&e.node)) return IsTrim(binary->op);
  const auto* call = std::get_if<Call>(&e.node);
  if (call == nullptr) return false;
  const std::string_view name = call->function->name;
  return name == "histogram_quantile" || name == "histogram_quantiles" ||
         name == "histogram_fraction";
}

// Selectors below a function of stats, with nothing above that needs buckets.
void MarkStatsOnly(Expr* e, bool of_stats) {
  if (NeedsBuckets(*e)) return;
  if (const auto* call = std::get_if<Call>(&e->node)) of_stats = of_stats || IsOfStats(*call);
  if (auto* vector = std::get_if<VectorSelector>(&e->node)) vector->stats_only = of_stats;
  if (auto* matrix = std::get_if<MatrixSelector>(&e->node)) matrix->selector.stats_only = of_stats;
  for (Expr* child : MutableChildrenOf(*e)) MarkStatsOnly(child, of_stats);
}

void MarkInvariance(Expr* expr) {
  bool invariant = OwnInvariance(*expr);
  for (Expr* child : MutableChildrenOf(*expr)) {
    MarkInvariance(child);
    invariant = invariant && child->step_invariant;
  }
  if (const auto* subquery = std::get_if<Subquery>(&expr->node))
    invariant = IsPinned(subquery->time);
  expr->step_invariant = invariant;
}

}  // namespace

void PlanExpression(Expr* expr) {
  MarkInvariance(expr);
  MarkStatsOnly(expr, false);
}

std::vector<Expression::Reach> SelectorReach(const Expr& expr, DurationMs lookback) {
  std::vector<Expression::Reach> reach;
  Walk(expr, 0, lookback, &reach);
  return reach;
}

}  // namespace outrider::promql
