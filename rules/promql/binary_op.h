// SPDX-License-Identifier: Apache-2.0
// Binary operators over blocks. Source: specs/prometheus.md §2.2.
#pragma once

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "storage/base/status.h"

namespace outrider::promql {

class Evaluator;

StatusOr<Block> EvalBinary(Evaluator& evaluator, const Expr& expr, const BinaryExpr& node,
                           const Steps& steps);

// Arithmetic, and comparisons as 0 or 1.
double ApplyOperator(Token op, double lhs, double rhs);

// </ and >/, of native histograms only.
inline bool IsTrim(Token op) { return op == Token::kTrimUpper || op == Token::kTrimLower; }

// Of two vectors, matched by labels; in vector_match.cc. `pos`: of the whole operation.
StatusOr<Block> MatchVectors(Evaluator& evaluator, const BinaryExpr& node, uint32_t pos,
                             const Block& lhs, const Block& rhs);
StatusOr<Block> CombineSets(Evaluator& evaluator, const BinaryExpr& node, Block lhs, Block rhs);

}  // namespace outrider::promql
