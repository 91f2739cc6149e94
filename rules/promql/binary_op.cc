// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/binary_op.h"

#include <cmath>
#include <utility>

#include "rules/promql/binary_mixed.h"
#include "rules/promql/evaluator.h"

namespace outrider::promql {
namespace {

Block ScalarWithScalar(Token op, Block lhs, const Block& rhs) {
  for (size_t i = 0; i < lhs.steps; ++i) {
    lhs.values[i] = ApplyOperator(op, lhs.values[i], rhs.values[i]);
  }
  return lhs;
}

StatusOr<Block> VectorWithScalar(Evaluator& evaluator, const BinaryExpr& node, Block vector,
                                 const Block& scalar, bool scalar_is_left) {
  const bool filter = IsComparison(node.op) && !node.return_bool;
  for (size_t r = 0; r < vector.rows.size(); ++r) {
    const std::span<double> row = vector.Of(r);
    for (size_t i = 0; i < vector.steps; ++i) {
      const double v = row[i];
      if (IsAbsent(v)) continue;
      const double s = scalar.values[i];
      const double result =
          scalar_is_left ? ApplyOperator(node.op, s, v) : ApplyOperator(node.op, v, s);
      if (!filter) {
        row[i] = result;
      } else if (result == 0) {
        row[i] = kAbsent;
      }
    }
  }
  if (!filter) TRY(evaluator.DropNames(&vector));
  return vector;
}

// The same where the vector has histograms, or the operator is of histograms.
StatusOr<Block> MixedWithScalar(Evaluator& evaluator, const Expr& expr, const BinaryExpr& node,
                                Block vector, const Block& scalar, bool scalar_is_left) {
  for (size_t i = 0; i < vector.steps; ++i) {
    BinaryNote note;
    for (size_t r = 0; r < vector.rows.size(); ++r) {
      if (!vector.HasSample(r, i)) continue;
      double& value = vector.values[r * vector.steps + i];
      const MixedOperand sample{value, vector.HistogramAt(r, i)};
      const MixedOperand number{scalar.values[i]};
      const BinaryOutcome outcome =
          scalar_is_left ? OperateMixed(node.op, number, sample, &evaluator.arena(), &note)
                         : OperateMixed(node.op, sample, number, &evaluator.arena(), &note);
      MixedOperand result = IsComparison(node.op) ? sample : outcome.result;
      if (node.return_bool) result = {outcome.keep ? 1.0 : 0.0};
      const bool stays = outcome.valid && (outcome.keep || node.return_bool);
      value = stays && result.histogram == nullptr ? result.value : kAbsent;
      vector.SetHistogram(r, i, stays ? result.histogram : nullptr);
    }
    TRY(evaluator.CheckArena());
    note.Tell(node.op, expr.pos.start, &evaluator.annotations());
  }
  const bool keeps_name = IsTrim(node.op) || (IsComparison(node.op) && !node.return_bool);
  if (!keeps_name) TRY(evaluator.DropNames(&vector));
  return vector;
}

}  // namespace

double ApplyOperator(Token op, double lhs, double rhs) {
  switch (op) {
    case Token::kAdd:
      return lhs + rhs;
    case Token::kSub:
      return lhs - rhs;
    case Token::kMul:
      return lhs * rhs;
    case Token::kDiv:
      return lhs / rhs;
    case Token::kMod:
      return std::fmod(lhs, rhs);
    case Token::kPow:
      return std::pow(lhs, rhs);
    case Token::kAtan2:
      return std::atan2(lhs, rhs);
    case Token::kEqual:
      return lhs == rhs ? 1 : 0;
    case Token::kNotEqual:
      return lhs != rhs ? 1 : 0;
    case Token::kLess:
      return lhs < rhs ? 1 : 0;
    case Token::kLessEqual:
      return lhs <= rhs ? 1 : 0;
    case Token::kGreater:
      return lhs > rhs ? 1 : 0;
    case Token::kGreaterEqual:
      return lhs >= rhs ? 1 : 0;
    default:
      return std::nan("");
  }
}

StatusOr<Block> EvalBinary(Evaluator& evaluator, const Expr& expr, const BinaryExpr& node,
                           const Steps& steps) {
  Block lhs = TRY(evaluator.Eval(*node.lhs, steps));
  Block rhs = TRY(evaluator.Eval(*node.rhs, steps));
  const bool left_scalar = lhs.type == ValueType::kScalar;
  const bool right_scalar = rhs.type == ValueType::kScalar;
  if (left_scalar && right_scalar && IsTrim(node.op)) {
    return ExecutionError("operator \"" + std::string(TokenText(node.op)) +
                          "\" not allowed for Scalar operations");
  }
  if (left_scalar && right_scalar) return ScalarWithScalar(node.op, std::move(lhs), rhs);
  if (left_scalar || right_scalar) {
    const Block& scalar = left_scalar ? lhs : rhs;
    Block& vector = left_scalar ? rhs : lhs;
    if (vector.HasHistograms() || IsTrim(node.op)) {
      return MixedWithScalar(evaluator, expr, node, std::move(vector), scalar, left_scalar);
    }
    return VectorWithScalar(evaluator, node, std::move(vector), scalar, left_scalar);
  }
  if (IsSetOperator(node.op)) {
    return CombineSets(evaluator, node, std::move(lhs), std::move(rhs));
  }
  return MatchVectors(evaluator, node, expr.pos.start, lhs, rhs);
}

}  // namespace outrider::promql
