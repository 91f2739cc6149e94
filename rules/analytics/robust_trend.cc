// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/robust_trend.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "rules/analytics/block_scatter.h"
#include "rules/detect/robust_stats.h"

namespace outrider {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Mean ranks; equal values share one.
std::vector<double> Ranks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + end - 1) / 2;
    for (; begin < end; ++begin) ranks[order[begin]] = rank;
  }
  return ranks;
}

// Variance of S under no trend, ties taken into account.
double VarianceOfS(std::span<const Moments> points) {
  std::vector<double> sorted;
  sorted.reserve(points.size());
  for (const Moments& point : points) sorted.push_back(point.mean_v);
  std::ranges::sort(sorted);
  auto term = [](double n) { return n * (n - 1) * (2 * n + 5); };
  double sum = term(static_cast<double>(sorted.size()));
  for (size_t begin = 0; begin < sorted.size();) {
    size_t end = begin + 1;
    while (end < sorted.size() && sorted[end] == sorted[begin]) ++end;
    sum -= term(static_cast<double>(end - begin));
    begin = end;
  }
  return sum / 18;
}

double AutocorrelationFactor(std::span<const Moments> points) {
  const double slope = TheilSenSlope(points);
  std::vector<double> left;
  left.reserve(points.size());
  for (const Moments& point : points) {
    left.push_back(point.mean_v - slope * (point.mean_t - points[0].mean_t));
  }
  std::vector<double> ranks = Ranks(left);
  const double n = static_cast<double>(ranks.size());
  for (double& rank : ranks) rank -= (n - 1) / 2;
  const double variance = std::inner_product(ranks.begin(), ranks.end(), ranks.begin(), 0.0);
  if (!(variance > 0)) return 1;
  double sum = 0;
  double first = 0;
  // Long lags are known from a handful of pairs only.
  for (size_t lag = 1; lag <= ranks.size() / 2; ++lag) {
    const double r = std::inner_product(ranks.begin() + static_cast<ptrdiff_t>(lag), ranks.end(),
                                        ranks.begin(), 0.0) /
                     variance;
    if (std::fabs(r) < 1.96 / std::sqrt(n)) continue;
    const double k = static_cast<double>(lag);
    if (lag == 1) first = r;
    sum += (n - k) * (n - k - 1) * (n - k - 2) * r;
  }
  // Lags that are not significant are missing in the sum, and few points make all of them too
  // small: at least what the first one asks for.
  return std::max({1.0, 1 + 2 * sum / (n * (n - 1) * (n - 2)), VarianceFactor(first, n)});
}

}  // namespace

std::vector<Moments> EvenPoints(std::span<const Block> blocks) {
  std::vector<Moments> points;
  if (blocks.empty()) return points;
  const bool single = std::ranges::all_of(blocks, [](const Block& b) { return b.line.n <= 1; });
  DurationMs width = 0;
  if (!single || blocks.size() > kMostPoints) {
    // As far as a bucket begins before the next block does is how wide it may be.
    for (size_t i = 0; i + 1 < blocks.size(); ++i) {
      if (blocks[i].line.n > 1) width = std::max(width, blocks[i + 1].start - blocks[i].start);
    }
    const DurationMs span = blocks.back().start - blocks.front().start;
    width = std::max<DurationMs>(std::min(width, span / 8),
                                 span / static_cast<int64_t>(kMostPoints) + 1);
  }
  Moments joined;
  Timestamp begin = blocks.front().start;
  for (const Block& block : blocks) {
    if (joined.n > 0 && block.start - begin >= width) {
      points.push_back(joined);
      joined = Moments();
      begin = block.start;
    }
    joined.Merge(block.line);
  }
  points.push_back(joined);
  return points;
}

std::vector<Moments> RobustPoints(std::span<const Block> blocks) {
  const bool single = std::ranges::all_of(blocks, [](const Block& b) { return b.line.n <= 1; });
  if (single && blocks.size() <= kMostPoints) return EvenPoints(blocks);
  std::vector<Block> centres(blocks.begin(), blocks.end());
  for (Block& block : centres) block.line.mean_v = block.centre;
  return EvenPoints(centres);
}

double TheilSenSlope(std::span<const Moments> points) {
  std::vector<double> slopes;
  slopes.reserve(points.size() * points.size() / 2);
  for (size_t i = 0; i < points.size(); ++i) {
    for (size_t j = i + 1; j < points.size(); ++j) {
      const double dt = points[j].mean_t - points[i].mean_t;
      if (dt > 0) slopes.push_back((points[j].mean_v - points[i].mean_v) / dt);
    }
  }
  return slopes.empty() ? kNone : MedianInPlace(slopes);
}

double MannKendallP(std::span<const Moments> points) {
  if (points.size() < 4) return kNone;
  double s = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    for (size_t j = i + 1; j < points.size(); ++j) {
      s += (points[j].mean_v > points[i].mean_v ? 1 : 0) -
           (points[j].mean_v < points[i].mean_v ? 1 : 0);
    }
  }
  const double variance = VarianceOfS(points);
  if (!(variance > 0) || s == 0) return 1;
  const double z = (std::fabs(s) - 1) / std::sqrt(variance * AutocorrelationFactor(points));
  return std::erfc(z / std::sqrt(2.0));
}

}  // namespace outrider
