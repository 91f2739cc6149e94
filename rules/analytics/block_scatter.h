// SPDX-License-Identifier: Apache-2.0
// How far a line can be believed: by how its block means scatter, not by its samples taken as
// independent.
#pragma once

#include <algorithm>
#include <span>

#include "rules/analytics/moments.h"

namespace outrider {

// How the points lie around the line of all samples.
struct BlockScatter {
  double between = 0;      // squares per degree of freedom
  double correlation = 0;  // of neighbours
  double explained = 1;    // share of the points' variance
  double freedom = 1;

  // The variance of a sample that errors of the line are to be made of; `within` by the samples.
  double Inflated(double within) const {
    return std::max(within, between) * (1 + correlation) / (1 - correlation);
  }
};
// By how much autocorrelation widens the variance of a mean: `correlation` of neighbours among
// `count` points around a line, which is smaller than that of the series.
double VarianceFactor(double correlation, double count);

BlockScatter MeasureScatter(std::span<const Moments> points, const Moments& line);

}  // namespace outrider
