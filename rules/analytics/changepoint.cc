// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/changepoint.h"

#include <cmath>

namespace outrider {
namespace {

constexpr size_t kMinBlocks = 12;
constexpr size_t kMinSide = 5;

Moments Total(std::span<const Block> blocks) {
  Moments total;
  for (const Block& block : blocks) total.Merge(block.line);
  return total;
}

struct Step {
  size_t block = 0;
  double gain = 0;  // what it explains of the squares
  double shift = 0;
};

// The boundary whose step explains most.
Step BestStep(std::span<const Block> blocks, const Moments& total) {
  Step best;
  const double slope = total.HasSlope() ? total.Slope() : 0;
  double n = 0;
  double t = 0;         // sum of times relative to the mean
  double residual = 0;  // sum of residuals of the line
  for (size_t i = blocks.size() - 1; i >= kMinSide; --i) {
    const Moments& line = blocks[i].line;
    const double dt = line.mean_t - total.mean_t;
    n += line.n;
    t += line.n * dt;
    residual += line.n * (line.mean_v - total.mean_v - slope * dt);
    if (blocks.size() - i < kMinSide) continue;
    // Squares of the step's column once constant and line are taken out of it.
    const double left = n - n * n / total.n - (total.m_tt > 0 ? t * t / total.m_tt : 0);
    if (!(left > 1e-9 * n)) continue;
    const double gain = residual * residual / left;
    if (gain > best.gain) {
      best = {.block = i, .gain = gain, .shift = residual / left};
    }
  }
  return best;
}

// Squares of the block means around the line with that step, per degree of freedom.
double LeftVariance(std::span<const Block> blocks, const Moments& total, const Step& step) {
  double between = 0;
  const double slope = total.HasSlope() ? total.Slope() : 0;
  for (const Block& block : blocks) {
    const double residual =
        block.line.mean_v - total.mean_v - slope * (block.line.mean_t - total.mean_t);
    between += block.line.n * residual * residual;
  }
  return std::max(0.0, between - step.gain) / static_cast<double>(blocks.size() - 3);
}

std::optional<Step> SignificantStep(std::span<const Block> blocks) {
  if (blocks.size() < kMinBlocks) return std::nullopt;
  const Moments total = Total(blocks);
  const Step step = BestStep(blocks, total);
  // What rounding leaves of an exact line or step is no noise to measure with.
  const double scale = std::max(std::fabs(total.mean_v), total.StandardDeviation());
  const double floor = total.n * (1e-9 * scale) * (1e-9 * scale);
  if (!(step.gain > kStepSignificance * LeftVariance(blocks, total, step)) || step.gain <= floor) {
    return std::nullopt;
  }
  return step;
}

}  // namespace

std::optional<Changepoint> LastChangepoint(std::span<const Block> blocks) {
  std::optional<Changepoint> last;
  size_t begin = 0;
  while (const auto step = SignificantStep(blocks.subspan(begin))) {
    begin += step->block;
    last = {.time = blocks[begin].start, .shift = step->shift, .block = begin};
  }
  return last;
}

}  // namespace outrider
