// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/block_scatter.h"

#include <cmath>

namespace outrider {
namespace {

constexpr double kMostCorrelation = 0.97;

}  // namespace

double VarianceFactor(double correlation, double count) {
  if (correlation <= 0 || count <= 8) return 1;
  constexpr double kMost = 0.9;
  // The first order of the bias of what is left around a line.
  const double unbiased = std::min(kMost, (correlation + 2 / count) / (1 - 4 / count));
  return (1 + unbiased) / (1 - unbiased);
}

BlockScatter MeasureScatter(std::span<const Moments> points, const Moments& line) {
  BlockScatter scatter;
  double squares = 0;
  double around_mean = 0;
  double neighbours = 0;
  double plain_squares = 0;
  double before = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const double residual = points[i].mean_v - line.At(points[i].mean_t);
    const double off = points[i].mean_v - line.mean_v;
    squares += points[i].n * residual * residual;
    around_mean += points[i].n * off * off;
    plain_squares += residual * residual;
    if (i > 0) neighbours += residual * before;
    before = residual;
  }
  const double count = static_cast<double>(points.size());
  if (points.size() > 2) scatter.between = squares / (count - 2);
  if (points.size() > 3 && plain_squares > 0) {
    scatter.correlation = std::clamp(neighbours / plain_squares, 0.0, kMostCorrelation);
  }
  if (around_mean > 0) scatter.explained = 1 - squares / around_mean;
  const double share = (1 - scatter.correlation) / (1 + scatter.correlation);
  scatter.freedom = std::max(1.0, count * share - 2);
  return scatter;
}

}  // namespace outrider
