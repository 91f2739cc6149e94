// SPDX-License-Identifier: Apache-2.0
// The walk over the tree, and the two cheap kinds of function calls: kernels over elements and over
// windows.
#include "rules/promql/evaluator.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "rules/promql/aggregation.h"
#include "rules/promql/binary_op.h"
#include "rules/promql/functions/table.h"
#include "rules/promql/histogram/histogram_math.h"
#include "rules/promql/query_stats.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

constexpr size_t kMaxScalarArgs = 4;

size_t SamplesOf(const Block& block) { return block.values.size(); }

}  // namespace

Evaluator::Evaluator(const EngineOptions& options, const Querier& querier, const Clock& clock,
                     const QueryContext& query)
    : options_(options),
      querier_(querier),
      clock_(clock),
      query_(query),
      deadline_nanos_(clock.MonotonicNanos() + options.timeout * kNanosPerMilli),
      budget_(options.max_samples),
      stats_(query.stats),
      annotations_(query.text) {}

Status Evaluator::CheckTimeout() const {
  return clock_.MonotonicNanos() > deadline_nanos_ ? QueryTimedOut() : Status();
}

const SeriesLabels* Evaluator::Own(Labels labels) {
  return &labels_.emplace_back(std::move(labels));
}

const SeriesLabels* Evaluator::Own(const LabelTable& table, std::span<const PairId> pairs) {
  return &labels_.emplace_back(&table, pairs_.List(pairs));
}

const std::string& Evaluator::TextOf(const Expr& expr) {
  return std::get<StringLiteral>(Unwrapped(expr).node).value;
}

Status Evaluator::DropNames(Block* block, WhenEqual when) const {
  for (Row& row : block->rows) row.drop_name = true;
  if (delayed() || block->one_name) return {};
  if (when == WhenEqual::kFail) return CheckUnique(*block);
  return MergeDuplicates(block, false);
}

StatusOr<Block> Evaluator::Eval(const Expr& expr, const Steps& steps) {
  TRY(CheckTimeout());
  // What the children took is freed once this node's value stands.
  const size_t mark = budget_.live();
  Block block =
      TRY(expr.step_invariant && steps.count > 1 ? EvalOnce(expr, steps) : EvalNode(expr, steps));
  budget_.ReleaseTo(mark);
  TRY(budget_.Take(SamplesOf(block)));
  TRY(CheckArena());
  return block;
}

// A value that is the same at every step is computed at the first and repeated.
StatusOr<Block> Evaluator::EvalOnce(const Expr& expr, const Steps& steps) {
  StatsScope own(&stats_, 1);
  const Block once = TRY(EvalNode(expr, {.start = steps.start, .step = steps.step, .count = 1}));
  own.EndOnce();
  if (once.values.size() * steps.count > budget_.max()) return TooManySamples();
  Block block;
  block.type = once.type;
  block.steps = steps.count;
  block.rows = once.rows;
  block.one_name = once.one_name;
  block.values.reserve(once.values.size() * steps.count);
  for (const double v : once.values) block.values.insert(block.values.end(), steps.count, v);
  block.histograms.reserve(once.histograms.size());
  for (const auto& row : once.histograms) {
    auto& repeated = block.histograms.emplace_back();
    if (!row.empty()) repeated.assign(steps.count, row[0]);
  }
  return block;
}

StatusOr<Block> Evaluator::EvalNode(const Expr& expr, const Steps& steps) {
  if (const auto* number = std::get_if<NumberLiteral>(&expr.node)) {
    return Block::Scalar(steps.count, number->value);
  }
  if (const auto* paren = std::get_if<ParenExpr>(&expr.node)) return Eval(*paren->expr, steps);
  if (const auto* vector = std::get_if<VectorSelector>(&expr.node)) {
    return EvalSelector(*vector, steps, SampleField::kValue, expr.pos.start);
  }
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.node)) return EvalUnary(*unary, steps);
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) {
    return EvalBinary(*this, expr, *binary, steps);
  }
  if (const auto* aggregate = std::get_if<AggregateExpr>(&expr.node)) {
    return EvalAggregate(*this, expr, *aggregate, steps);
  }
  if (const auto* call = std::get_if<Call>(&expr.node)) return EvalCall(expr, *call, steps);
  return ExecutionError(
      fmt::format("unexpected {} inside an expression", ValueTypeText(TypeOf(expr))));
}

StatusOr<Block> Evaluator::EvalUnary(const UnaryExpr& node, const Steps& steps) {
  Block block = TRY(Eval(*node.expr, steps));
  if (!node.negate) return block;
  for (double& v : block.values) {
    if (!IsAbsent(v)) v = -v;
  }
  ChangeHistograms(&block, [this](const NativeHistogram& histogram) {
    NativeHistogram negative = histogram;
    MultiplyHistogram(-1, &negative);
    return arena_.Own(std::move(negative));
  });
  TRY(CheckArena());
  if (block.type == ValueType::kVector) TRY(DropNames(&block));
  return block;
}

StatusOr<Block> Evaluator::EvalCall(const Expr& expr, const Call& call, const Steps& steps) {
  for (const ExprPtr& arg : call.args) TRY(CheckExtension(*call.function, *arg));
  if (call.function->range != nullptr) return EvalWindows(call, steps);
  if (call.function->element != nullptr) return EvalElements(call, steps);
  return call.function->block(*this, expr, steps);
}

StatusOr<std::vector<Block>> Evaluator::EvalScalars(const Call& call, const Steps& steps) {
  std::vector<Block> scalars;
  for (const ExprPtr& arg : call.args) {
    if (TypeOf(*arg) == ValueType::kScalar) scalars.push_back(TRY(Eval(*arg, steps)));
  }
  if (scalars.size() > kMaxScalarArgs) return ExecutionError("too many scalar arguments");
  return scalars;
}

StatusOr<Block> Evaluator::EvalElements(const Call& call, const Steps& steps) {
  const std::vector<Block> scalars = TRY(EvalScalars(call, steps));
  // Date functions without an argument look at the evaluation time.
  Block block;
  if (call.args.empty()) {
    block.steps = steps.count;
    const std::span<double> times = block.AddRow({.labels = Own(Labels())});
    for (size_t i = 0; i < steps.count; ++i) times[i] = static_cast<double>(steps.At(i)) / 1000;
  } else {
    block = TRY(Eval(*call.args[0], steps));
  }
  block.histograms.clear();  // these functions are of floats
  std::array<double, kMaxScalarArgs> args;
  args.fill(1);  // the default of round()'s second argument
  const bool constant = scalars.empty();
  for (size_t r = 0; r < block.rows.size(); ++r) {
    const std::span<double> row = block.Of(r);
    for (size_t i = 0; i < steps.count; ++i) {
      if (IsAbsent(row[i])) continue;
      if (!constant) {
        for (size_t k = 0; k < scalars.size(); ++k) args[k] = scalars[k].ScalarAt(i);
      }
      row[i] = call.function->element(row[i], args.data());
    }
  }
  TRY(DropNames(&block));
  return block;
}

}  // namespace outrider::promql
