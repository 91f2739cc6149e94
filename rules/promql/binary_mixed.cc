// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/binary_mixed.h"

#include <utility>

#include "rules/promql/annotations.h"
#include "rules/promql/ast.h"
#include "rules/promql/binary_op.h"
#include "rules/promql/histogram/histogram_arena.h"
#include "rules/promql/histogram/histogram_math.h"
#include "rules/promql/histogram/histogram_trim.h"

namespace outrider::promql {
namespace {

using Kind = BinaryNote::Kind;

BinaryOutcome Nothing(Kind kind, const MixedOperand& lhs, const MixedOperand& rhs,
                      BinaryNote* note) {
  *note = {kind, lhs.histogram != nullptr, rhs.histogram != nullptr};
  return {};
}

BinaryOutcome Made(NativeHistogram histogram, HistogramArena* arena) {
  CompactHistogram(&histogram);
  return {.valid = true, .result = {.histogram = arena->Own(std::move(histogram))}};
}

BinaryOutcome OfFloats(Token op, const MixedOperand& lhs, const MixedOperand& rhs,
                       BinaryNote* note) {
  if (op == Token::kTrimUpper || op == Token::kTrimLower) {
    return Nothing(Kind::kTypes, lhs, rhs, note);
  }
  const double result = ApplyOperator(op, lhs.value, rhs.value);
  if (!IsComparison(op)) return {.valid = true, .result = {.value = result}};
  return {.valid = true, .keep = result != 0, .result = lhs};
}

BinaryOutcome OfHistogramAndFloat(Token op, const MixedOperand& lhs, const MixedOperand& rhs,
                                  HistogramArena* arena, BinaryNote* note) {
  NativeHistogram result = *lhs.histogram;
  switch (op) {
    case Token::kMul:
      MultiplyHistogram(rhs.value, &result);
      break;
    case Token::kDiv:
      DivideHistogram(rhs.value, &result);
      break;
    case Token::kTrimUpper:
      TrimHistogram(rhs.value, Trim::kUpper, &result);
      break;
    case Token::kTrimLower:
      TrimHistogram(rhs.value, Trim::kLower, &result);
      break;
    default:
      return Nothing(Kind::kTypes, lhs, rhs, note);
  }
  return Made(std::move(result), arena);
}

BinaryOutcome OfHistograms(Token op, const MixedOperand& lhs, const MixedOperand& rhs,
                           HistogramArena* arena, BinaryNote* note) {
  const NativeHistogram& a = *lhs.histogram;
  const NativeHistogram& b = *rhs.histogram;
  if (op == Token::kEqual || op == Token::kNotEqual) {
    return {.valid = true, .keep = SameHistogram(a, b) == (op == Token::kEqual), .result = lhs};
  }
  if (op != Token::kAdd && op != Token::kSub) return Nothing(Kind::kTypes, lhs, rhs, note);
  AddOutcome outcome;
  NativeHistogram result =
      op == Token::kAdd ? AddHistograms(a, b, &outcome) : SubtractHistograms(a, b, &outcome);
  if (outcome.incompatible) return Nothing(Kind::kBuckets, lhs, rhs, note);
  if (outcome.reset_collision) return Nothing(Kind::kCollision, lhs, rhs, note);
  if (outcome.reconciled) *note = {Kind::kReconciled, true, true};
  if (op == Token::kSub) result.reset_hint = ResetHint::kGauge;
  return Made(std::move(result), arena);
}

}  // namespace

void BinaryNote::Tell(Token op, uint32_t pos, Annotations* annotations) const {
  const auto type = [](bool histogram) { return histogram ? "histogram" : "float"; };
  const char* operation = op == Token::kAdd ? "addition" : "subtraction";
  switch (kind) {
    case Kind::kNone:
      break;
    case Kind::kTypes:
      annotations->IncompatibleTypes(TokenText(op), type(left_histogram), type(right_histogram),
                                     pos);
      break;
    case Kind::kBuckets:
      annotations->IncompatibleBuckets(TokenText(op), pos);
      break;
    case Kind::kCollision:
      annotations->ResetCollision(operation, pos);
      break;
    case Kind::kReconciled:
      annotations->BoundsReconciled(operation, pos);
      break;
  }
}

BinaryOutcome OperateMixed(Token op, const MixedOperand& lhs, const MixedOperand& rhs,
                           HistogramArena* arena, BinaryNote* note) {
  if (lhs.histogram == nullptr && rhs.histogram == nullptr) return OfFloats(op, lhs, rhs, note);
  if (lhs.histogram != nullptr && rhs.histogram != nullptr) {
    return OfHistograms(op, lhs, rhs, arena, note);
  }
  if (lhs.histogram != nullptr) return OfHistogramAndFloat(op, lhs, rhs, arena, note);
  if (op != Token::kMul) return Nothing(Kind::kTypes, lhs, rhs, note);
  return OfHistogramAndFloat(op, rhs, lhs, arena, note);
}

}  // namespace outrider::promql
