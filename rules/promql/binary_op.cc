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
class MixedWithScalar {
 public:
  MixedWithScalar(Evaluator& evaluator, const BinaryExpr& node, const Block& scalar,
                  bool scalar_is_left)
      : evaluator_(evaluator), node_(node), scalar_(scalar), scalar_is_left_(scalar_is_left) {}

  StatusOr<Block> Run(Block vector, uint32_t pos) {
    for (size_t i = 0; i < vector.steps; ++i) {
      note_ = {};
      for (size_t r = 0; r < vector.rows.size(); ++r) {
        if (vector.HasSample(r, i)) Replace(r, i, &vector);
      }
      TRY(evaluator_.CheckArena());
      note_.Tell(node_.op, pos, &evaluator_.annotations());
    }
    const bool keeps_name = IsTrim(node_.op) || (IsComparison(node_.op) && !node_.return_bool);
    if (!keeps_name) TRY(evaluator_.DropNames(&vector));
    return vector;
  }

 private:
  void Replace(size_t row, size_t step, Block* vector) {
    double& value = vector->values[row * vector->steps + step];
    const MixedOperand sample{value, vector->HistogramAt(row, step)};
    const MixedOperand number{scalar_.values[step]};
    const BinaryOutcome outcome =
        OperateMixed(node_.op, scalar_is_left_ ? number : sample, scalar_is_left_ ? sample : number,
                     &evaluator_.arena(), &note_);
    MixedOperand result = IsComparison(node_.op) ? sample : outcome.result;
    if (node_.return_bool) result = {outcome.keep ? 1.0 : 0.0};
    const bool stays = outcome.valid && (outcome.keep || node_.return_bool);
    value = stays && result.histogram == nullptr ? result.value : kAbsent;
    vector->SetHistogram(row, step, stays ? result.histogram : nullptr);
  }

  Evaluator& evaluator_;
  const BinaryExpr& node_;
  const Block& scalar_;
  const bool scalar_is_left_;
  BinaryNote note_;  // of the step
};

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
      return MixedWithScalar(evaluator, node, scalar, left_scalar)
          .Run(std::move(vector), expr.pos.start);
    }
    return VectorWithScalar(evaluator, node, std::move(vector), scalar, left_scalar);
  }
  if (IsSetOperator(node.op)) {
    return CombineSets(evaluator, node, std::move(lhs), std::move(rhs));
  }
  return MatchVectors(evaluator, node, expr.pos.start, lhs, rhs);
}

}  // namespace outrider::promql
