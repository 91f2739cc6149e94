// SPDX-License-Identifier: Apache-2.0
// Numbers out of one native histogram: quantiles, fractions, variance. Inside a bucket observations
// are taken to be spread evenly on a logarithmic scale; in the zero bucket and between custom
// bounds evenly.
#pragma once

#include "storage/model/native_histogram.h"

namespace outrider::promql {

// Observations of NaN are counted, but in no bucket.
enum class NanEffect { kNone, kResult, kSkew };

struct HistogramNumber {
  double value = 0;
  NanEffect nan = NanEffect::kNone;
};

HistogramNumber HistogramQuantileOf(double q, const NativeHistogram& histogram);
// The part of all observations in (lower, upper]; kSkew: some are NaN and in no part.
HistogramNumber HistogramFractionOf(double lower, double upper, const NativeHistogram& histogram);
double HistogramVarianceOf(const NativeHistogram& histogram);

}  // namespace outrider::promql
