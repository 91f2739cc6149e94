// SPDX-License-Identifier: Apache-2.0
// Arithmetic and comparison of single native histograms, as PromQL sees them.
#pragma once

#include <string>

#include "rules/promql/histogram/histogram_sum.h"
#include "storage/model/native_histogram.h"

namespace outrider::promql {

// Every count and the sum. A negative factor makes a gauge of it.
void MultiplyHistogram(double factor, NativeHistogram* histogram);
// By zero: counts and sum become infinite (or NaN), buckets vanish.
void DivideHistogram(double divisor, NativeHistogram* histogram);

// a + b and a - b; not valid when the outcome is incompatible.
NativeHistogram AddHistograms(const NativeHistogram& a, const NativeHistogram& b,
                              AddOutcome* outcome, EmptyCells empty = EmptyCells::kDrop);
NativeHistogram SubtractHistograms(const NativeHistogram& a, const NativeHistogram& b,
                                   AddOutcome* outcome, EmptyCells empty = EmptyCells::kDrop);

// Takes out empty buckets and joins spans that touch.
void CompactHistogram(NativeHistogram* histogram);

// Whether a counter that showed `previous` must have started anew to show `current`: some count is
// lower, a populated bucket is gone, the resolution is finer, the zero bucket narrower. A hint of
// `current` that says so decides alone.
bool DetectReset(const NativeHistogram& current, const NativeHistogram& previous);

// The same data: counts, sum, buckets (empty ones do not count) and bounds, bit by bit. Hints are
// not looked at.
bool SameHistogram(const NativeHistogram& a, const NativeHistogram& b);

// `{count:2, sum:3, (1,2]:2}`: as Prometheus prints one.
std::string HistogramText(const NativeHistogram& histogram);

}  // namespace outrider::promql
