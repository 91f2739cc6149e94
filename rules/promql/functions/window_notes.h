// SPDX-License-Identifier: Apache-2.0
// What the windows of one series give reason to say. Gathered as bits, so that a long range says it
// once.
#pragma once

#include <cstdint>
#include <string_view>

#include "rules/promql/annotations.h"
#include "rules/promql/histogram/histogram_sum.h"

namespace outrider::promql {

struct WindowNotes {
  enum Bit : uint32_t {
    kMixed = 1,    // floats and histograms where only one kind makes sense
    kIgnored = 2,  // histograms beside floats were not looked at
    kNotACounter = 4,
    kNotAGauge = 8,
    kIncompatible = 16,        // exponential and custom buckets
    kReconciledAddition = 32,  // custom bounds differed
    kReconciledSubtraction = 64,
    kReconciledAggregation = 128,
    kResetCollision = 256,
  };
  uint32_t bits = 0;
  int overlaps = 0;  // windows with start times that overlap

  void Add(const WindowNotes& other) {
    bits |= other.bits;
    overlaps += other.overlaps;
  }
  // All of one metric and position.
  void Tell(std::string_view metric, uint32_t pos, Annotations* annotations) const {
    if (bits == 0 && overlaps == 0) return;
    if (bits & kMixed) annotations->MixedFloatsHistograms(metric, pos);
    if (bits & kIgnored) annotations->HistogramIgnoredInRange(metric, pos);
    if (bits & kNotACounter) annotations->NotACounter(metric, pos);
    if (bits & kNotAGauge) annotations->NotAGauge(metric, pos);
    if (bits & kIncompatible) annotations->MixedExponentialCustom(metric, pos);
    if (bits & kReconciledAddition) annotations->BoundsReconciled("addition", pos);
    if (bits & kReconciledSubtraction) annotations->BoundsReconciled("subtraction", pos);
    if (bits & kReconciledAggregation) annotations->BoundsReconciled("aggregation", pos);
    if (bits & kResetCollision) annotations->ResetCollision("aggregation", pos);
    for (int i = 0; i < overlaps; ++i) annotations->StartTimeOverlap(metric, pos);
  }
};

}  // namespace outrider::promql
