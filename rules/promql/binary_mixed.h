// SPDX-License-Identifier: Apache-2.0
// A binary operator on two samples of which either may be a native histogram.
#pragma once

#include "rules/promql/block.h"
#include "rules/promql/token.h"

namespace outrider::promql {

class Annotations;
class HistogramArena;

struct MixedOperand {
  double value = 0;
  const NativeHistogram* histogram = nullptr;  // nullptr: a float
};

// Of the last operation that had something to say; one is told per step.
struct BinaryNote {
  enum class Kind { kNone, kTypes, kBuckets, kCollision, kReconciled };
  Kind kind = Kind::kNone;
  bool left_histogram = false;
  bool right_histogram = false;
  void Tell(Token op, uint32_t pos, Annotations* annotations) const;
};

struct BinaryOutcome {
  bool valid = false;  // false: there is no result, and the note says why
  bool keep = true;    // of comparisons: whether they hold; `result` is the left operand
  MixedOperand result;
};

// Trims, arithmetic and comparisons. The note is left alone when there is nothing to say.
BinaryOutcome OperateMixed(Token op, const MixedOperand& lhs, const MixedOperand& rhs,
                           HistogramArena* arena, BinaryNote* note);

}  // namespace outrider::promql
