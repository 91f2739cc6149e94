// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/binary_op.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

// </ and >/ trim native histograms; between floats they give nothing but an info.
Block TrimFloats(Evaluator& evaluator, const Expr& expr, Token op, const Steps& steps) {
  evaluator.annotations().IncompatibleTypes(TokenText(op), "float", "float", expr.pos.start);
  Block none;
  none.steps = steps.count;
  return none;
}

bool AnySample(const Block& block) {
  return std::any_of(block.values.begin(), block.values.end(),
                     [](double v) { return !IsAbsent(v); });
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
  if (node.op == Token::kTrimUpper || node.op == Token::kTrimLower) {
    if (left_scalar && right_scalar) {
      return ExecutionError("operator \"" + std::string(TokenText(node.op)) +
                            "\" not allowed for Scalar operations");
    }
    if (AnySample(lhs) && AnySample(rhs)) return TrimFloats(evaluator, expr, node.op, steps);
    lhs.rows.clear();
    lhs.values.clear();
    lhs.type = ValueType::kVector;
    return lhs;
  }
  if (left_scalar && right_scalar) return ScalarWithScalar(node.op, std::move(lhs), rhs);
  if (right_scalar) return VectorWithScalar(evaluator, node, std::move(lhs), rhs, false);
  if (left_scalar) return VectorWithScalar(evaluator, node, std::move(rhs), lhs, true);
  if (IsSetOperator(node.op)) {
    return CombineSets(evaluator, node, std::move(lhs), std::move(rhs));
  }
  return MatchVectors(evaluator, node, lhs, rhs);
}

}  // namespace outrider::promql
