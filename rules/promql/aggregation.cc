// SPDX-License-Identifier: Apache-2.0
// One pass over the rows, adding each into the accumulators of its group, one per step.
#include "rules/promql/aggregation.h"

#include <cmath>
#include <utility>

#include "rules/promql/evaluator.h"
#include "rules/promql/kahan.h"
#include "rules/promql/label_key.h"
#include "rules/promql/row_groups.h"

namespace outrider::promql {
namespace {

Grouping GroupRows(Evaluator& evaluator, const AggregateExpr& node, const Block& block) {
  Grouping grouping;
  grouping.group_of.reserve(block.rows.size());
  LabelKey key(node.without ? LabelKey::Mode::kAllBut : LabelKey::Mode::kOnly, node.grouping);
  RowGroups groups(key, block);
  constexpr size_t kAhead = 8;
  for (size_t r = 0; r < block.rows.size(); ++r) {
    if (r + kAhead < block.rows.size()) block.rows[r + kAhead].labels->Prefetch();
    const Row& row = block.rows[r];
    const bool gone = evaluator.NameGone(row);
    const uint32_t group = groups.Of(row, gone);
    if (group == grouping.groups.size()) {
      grouping.groups.push_back({.labels = key.Own(evaluator, row, gone)});
    }
    // If any series gives up its name, so does the group.
    if (!gone) grouping.groups[group].drop_name |= row.drop_name;
    grouping.group_of.push_back(group);
  }
  return grouping;
}

struct CountOf {
  double n = 0;
  void Add(double /*v*/) { ++n; }
  double Value() const { return n; }
};
struct One {
  void Add(double /*v*/) {}
  static double Value() { return 1; }
};
struct MinOf {
  double v = std::nan("");
  void Add(double x) {
    if (std::isnan(v) || x < v) v = x;
  }
  double Value() const { return v; }
};
struct MaxOf {
  double v = std::nan("");
  void Add(double x) {
    if (std::isnan(v) || x > v) v = x;
  }
  double Value() const { return v; }
};
struct StddevOf {
  KahanVariance variance;
  void Add(double v) { variance.Add(v); }
  double Value() const { return std::sqrt(variance.Value()); }
};

template <typename Accumulator>
Block Accumulate(const Grouping& grouping, const Block& block) {
  const size_t steps = block.steps;
  std::vector<Accumulator> accumulators(grouping.groups.size() * steps);
  std::vector<uint8_t> present(accumulators.size());
  for (size_t r = 0; r < block.rows.size(); ++r) {
    const size_t base = grouping.group_of[r] * steps;
    const std::span<const double> row = block.Of(r);
    for (size_t i = 0; i < steps; ++i) {
      if (IsAbsent(row[i])) continue;
      accumulators[base + i].Add(row[i]);
      present[base + i] = 1;
    }
  }
  Block out;
  out.steps = steps;
  out.rows = grouping.groups;
  out.values.resize(accumulators.size(), kAbsent);
  for (size_t i = 0; i < accumulators.size(); ++i) {
    if (present[i]) out.values[i] = accumulators[i].Value();
  }
  return out;
}

StatusOr<Block> WithParameter(Evaluator& evaluator, const Expr& expr, const AggregateExpr& node,
                              const Steps& steps, Block block) {
  if (node.op == Token::kCountValues) return CountValues(evaluator, node, block);
  const Block param = TRY(evaluator.Eval(*node.param, steps));
  if (node.op == Token::kLimitRatio) {
    return SelectRatio(evaluator, node, param, std::move(block));
  }
  const Grouping grouping = GroupRows(evaluator, node, block);
  if (node.op == Token::kQuantile) {
    Block out = GroupQuantile(evaluator, node, param, grouping, block);
    AggregateHistograms(evaluator, node, grouping, block, &out);
    return out;
  }
  return SelectTop(evaluator, node, expr.pos.start, param, grouping, std::move(block));
}

StatusOr<Block> OfFloats(const AggregateExpr& node, const Grouping& grouping, const Block& block) {
  switch (node.op) {
    case Token::kSum:
      return Accumulate<KahanSum>(grouping, block);
    case Token::kAvg:
      return Accumulate<KahanMean>(grouping, block);
    case Token::kCount:
      return Accumulate<CountOf>(grouping, block);
    case Token::kMin:
      return Accumulate<MinOf>(grouping, block);
    case Token::kMax:
      return Accumulate<MaxOf>(grouping, block);
    case Token::kGroup:
      return Accumulate<One>(grouping, block);
    case Token::kStdvar:
      return Accumulate<KahanVariance>(grouping, block);
    case Token::kStddev:
      return Accumulate<StddevOf>(grouping, block);
    default:
      return ExecutionError("unexpected aggregator " + std::string(TokenText(node.op)));
  }
}

}  // namespace

StatusOr<Block> EvalAggregate(Evaluator& evaluator, const Expr& expr, const AggregateExpr& node,
                              const Steps& steps) {
  Block block = TRY(evaluator.Eval(*node.expr, steps));
  if (HasParameter(node.op)) return WithParameter(evaluator, expr, node, steps, std::move(block));
  const Grouping grouping = GroupRows(evaluator, node, block);
  Block out = TRY(OfFloats(node, grouping, block));
  if (block.HasHistograms()) AggregateHistograms(evaluator, node, grouping, block, &out);
  return out;
}

}  // namespace outrider::promql
