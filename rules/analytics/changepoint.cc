// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/changepoint.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "rules/detect/robust_stats.h"

namespace outrider {
namespace {

constexpr size_t kMinBlocks = 8;
constexpr double kMinSamples = 5;  // on a side, in two blocks or more
constexpr size_t kMinSide = 2;
constexpr double kFewBlocks = 12;

// Of block means, by samples; times and values from those of all samples.
struct Sums {
  double n = 0;
  double nn = 0;
  double t = 0;
  double v = 0;
  double tt = 0;
  double tv = 0;
  double vv = 0;

  void Add(const Sums& other, double sign = 1) {
    n += sign * other.n;
    nn += sign * other.nn;
    t += sign * other.t;
    v += sign * other.v;
    tt += sign * other.tt;
    tv += sign * other.tv;
    vv += sign * other.vv;
  }
};

Sums SumsOf(const Moments& block, const Moments& total) {
  const double t = block.mean_t - total.mean_t;
  const double v = block.mean_v - total.mean_v;
  return {.n = block.n,
          .nn = block.n * block.n,
          .t = block.n * t,
          .v = block.n * v,
          .tt = block.n * t * t,
          .tv = block.n * t * v,
          .vv = block.n * v * v};
}

struct Step {
  size_t block = 0;  // the bucket that it may cut, or the first sample after it
  double gain = 0;   // what it explains of the squares
  double shift = 0;
  double left = 0;  // of the squares, per degree of freedom
  double freedom = 1;
  double Ratio() const { return gain / left; }
  // Few blocks, or few that weigh as much as all others, are alike by chance more often.
  double Bar() const {
    const double few = kFewBlocks / freedom;
    return kStepSignificance * (1 + few * few);
  }
};

// v = a + b t + shift, from `after` on, without what lies between the sides.
Step StepOf(const Sums& all, const Sums& after, double blocks) {
  const double m_tt = all.tt - all.t * all.t / all.n;
  const double m_tv = all.tv - all.t * all.v / all.n;
  const double m_vv = all.vv - all.v * all.v / all.n;
  const double slope = m_tt > 0 ? m_tv / m_tt : 0;
  // The step's column once constant and line are taken out of it.
  const double with_t = after.t - after.n * all.t / all.n;
  const double with_v = after.v - after.n * all.v / all.n - slope * with_t;
  const double column =
      after.n - after.n * after.n / all.n - (m_tt > 0 ? with_t * with_t / m_tt : 0);
  if (!(column > 1e-9 * after.n)) return {};
  Step step;
  step.gain = with_v * with_v / column;
  step.shift = with_v / column;
  step.left = std::max(0.0, m_vv - slope * m_tv - step.gain) / (blocks - 3);
  step.freedom = std::max(1.0, all.n * all.n / all.nn - 3);
  return step;
}

// The place whose step stands out most. A step cuts a bucket in two: that one, whose mean lies
// between the sides, is left out.
Step BestStep(std::span<const Block> blocks, const Moments& total, double floor) {
  Step best;
  Sums all;
  for (const Block& block : blocks) all.Add(SumsOf(block.line, total));
  Sums after;
  const auto count = static_cast<double>(blocks.size());
  for (size_t i = blocks.size(); i-- > kMinSide;) {
    const bool bucket = blocks[i].line.n > 1;
    const Sums here = SumsOf(blocks[i].line, total);
    if (!bucket) after.Add(here);
    Sums both = all;
    if (bucket) both.Add(here, -1);
    const size_t blocks_after = blocks.size() - i - (bucket ? 1U : 0U);
    if (blocks_after >= kMinSide && after.n >= kMinSamples && both.n - after.n >= kMinSamples) {
      Step step = StepOf(both, after, count - (bucket ? 1 : 0));
      step.block = i;
      step.left = std::max(step.left, floor / count);
      if (step.gain > floor && (best.gain == 0 || step.Ratio() > best.Ratio())) best = step;
    }
    if (bucket) after.Add(here);
  }
  return best;
}

// Slow noise steps by itself: what the correlation of neighbours asks for. By differences, of which
// other steps are few and are left out; those of a first-order process of correlation c are
// correlated by (c - 1) / 2.
double NoiseFactor(std::span<const Block> blocks) {
  std::vector<double> changes;
  std::vector<double> sizes;
  for (size_t i = 1; i < blocks.size(); ++i) {
    changes.push_back(blocks[i].line.mean_v - blocks[i - 1].line.mean_v);
    sizes.push_back(std::fabs(changes.back()));
  }
  constexpr double kStepOfMedian = 6;
  const double largest = kStepOfMedian * MedianInPlace(sizes);
  double before = 0;
  double squares = 0;
  double neighbours = 0;
  for (const double change : changes) {
    const double kept = std::fabs(change) <= largest ? change : 0;
    squares += kept * kept;
    neighbours += kept * before;
    before = kept;
  }
  if (!(squares > 0)) return 1;
  constexpr double kMost = 0.9;
  const double correlation = std::min(kMost, 1 + 2 * neighbours / squares);
  // What white noise shows by chance.
  if (correlation < 3 / std::sqrt(static_cast<double>(blocks.size()))) return 1;
  return (1 + correlation) / (1 - correlation);
}

std::optional<Step> SignificantStep(std::span<const Block> blocks) {
  if (blocks.size() < kMinBlocks) return std::nullopt;
  Moments total;
  for (const Block& block : blocks) total.Merge(block.line);
  // What rounding leaves of an exact line or step is no noise to measure with.
  const double scale = std::max(std::fabs(total.mean_v), total.StandardDeviation());
  const double floor = total.n * (1e-9 * scale) * (1e-9 * scale);
  const Step step = BestStep(blocks, total, floor);
  if (!(step.gain > floor) || step.Ratio() <= step.Bar()) return std::nullopt;
  if (step.Ratio() <= step.Bar() * NoiseFactor(blocks)) return std::nullopt;
  return step;
}

// Where in the bucket: its mean says how much of it lies on either side.
Changepoint PlaceOf(std::span<const Block> blocks, const Step& step) {
  const Block& cut = blocks[step.block];
  Changepoint point = {.time = cut.start, .shift = step.shift, .block = step.block};
  if (cut.line.n <= 1 || step.block + 1 == blocks.size()) return point;
  Moments before;
  for (const Block& block : blocks.first(step.block)) before.Merge(block.line);
  Moments after;
  for (const Block& block : blocks.subspan(step.block + 1)) after.Merge(block.line);
  // The common slope of both sides.
  const double slope = (before.m_tv + after.m_tv) / (before.m_tt + after.m_tt);
  const double level = before.mean_v + slope * (cut.line.mean_t - before.mean_t);
  const double share = std::clamp((cut.line.mean_v - level) / step.shift, 0.0, 1.0);  // after it
  const auto width = static_cast<double>(blocks[step.block + 1].start - cut.start);
  point.time += static_cast<DurationMs>((1 - share) * width);
  point.block = step.block + 1;
  return point;
}

}  // namespace

std::optional<Changepoint> LastChangepoint(std::span<const Block> blocks) {
  std::optional<Changepoint> last;
  size_t begin = 0;
  while (const auto step = SignificantStep(blocks.subspan(begin))) {
    const Changepoint found = PlaceOf(blocks.subspan(begin), *step);
    begin += found.block;
    last = {.time = found.time, .shift = found.shift, .block = begin};
  }
  return last;
}

}  // namespace outrider
