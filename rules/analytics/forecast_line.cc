// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/forecast_line.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "rules/analytics/changepoint.h"
#include "rules/analytics/robust_trend.h"

namespace outrider {
namespace {

constexpr double kExplains = 0.7;  // of the variance of the block means
constexpr double kMinSpan = 0.1;   // of the window
constexpr double kMostCorrelation = 0.97;

// How the points lie around the line of all samples.
struct Scatter {
  double between = 0;      // squares per degree of freedom
  double correlation = 0;  // of neighbours
  double explained = 1;    // share of the points' variance
  double freedom = 1;
};

Scatter MeasureScatter(std::span<const Moments> points, const Moments& line) {
  Scatter scatter;
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

}  // namespace

double LinePath::ShrunkSlope() const {
  const double slope = line.Slope();
  if (slope == 0) return 0;
  const double noise = interval * slope_error / slope;
  return slope * std::max(0.0, 1 - noise * noise);
}

double LinePath::Clip(double value) const {
  if (!ceiling) return value;
  return line.Slope() > 0 ? std::min(value, *ceiling) : std::max(value, *ceiling);
}

double LinePath::ValueAt(double ahead) const {
  const double flat = line.mean_v + ShrunkSlope() * (ahead - line.mean_t);
  const double left =
      residual_share > 0 ? residual * std::pow(residual_share, ahead / residual_step) : 0;
  return Clip(flat + left);
}

double LinePath::HalfWidth(double ahead) const {
  const double dt = (ahead - line.mean_t) * slope_error;
  return interval * std::sqrt(scatter * scatter + mean_error * mean_error + dt * dt);
}

// On its way from where it began to now, by a slope that is one.
bool LinePath::HasPassed(double threshold) const {
  if (!significant) return false;
  const double slope = line.Slope();
  return slope > 0 ? line.At(start) < threshold && threshold <= line.At(0)
                   : line.At(start) > threshold && threshold >= line.At(0);
}

Crossing LinePath::CrossingOf(double threshold, CrossingDirection direction) const {
  const double here = line.At(0);
  const bool passed = direction == CrossingDirection::kAuto && HasPassed(threshold);
  if (passed || HasReached(here, threshold, direction)) return Crossing::Now();
  const double slope = line.Slope();
  const double distance = threshold - here;
  const bool unwanted = (direction == CrossingDirection::kAbove && slope < 0) ||
                        (direction == CrossingDirection::kBelow && slope > 0);
  if (!significant || unwanted || slope * distance <= 0) return {};
  if (ceiling && (slope > 0 ? threshold > *ceiling : threshold < *ceiling)) return {};
  // Where the interval of the line itself meets the threshold (Fieller):
  // (a + b x - threshold)^2 = q^2 (s_a^2 + x^2 s_b^2), x from the mean time.
  const double q2 = interval * interval;
  const double off = line.mean_v - threshold;
  const double square = slope * slope - q2 * slope_error * slope_error;
  const double half = off * slope;
  const double rest = off * off - q2 * mean_error * mean_error;
  Crossing crossing;
  crossing.expected = distance / slope;
  const double root = std::sqrt(std::max(0.0, half * half - square * rest));
  if (square > 0) {
    crossing.earliest = std::clamp((-half - root) / square + line.mean_t, 0.0, crossing.expected);
    crossing.latest = std::max((-half + root) / square + line.mean_t, crossing.expected);
  }
  return crossing;
}

std::optional<LinePath> LineForecaster::PathAt(Timestamp now, const Confidence& confidence) const {
  std::vector<Block> all;
  ring_.Blocks(window_, now, now, &all);
  std::span<const Block> blocks = all;
  const Timestamp reset = resets_.last_reset();
  while (!blocks.empty() && blocks.front().start < reset) blocks = blocks.subspan(1);
  if (const auto step = LastChangepoint(blocks)) {
    // The bucket beside the step may hold samples of both sides.
    const bool mixed = blocks[step->block].line.n > 1;
    blocks = blocks.subspan(step->block + (mixed ? 1U : 0U));
  }
  LinePath path;
  for (const Block& block : blocks) path.line.Merge(block.line);
  if (path.line.n < kMinSamples || !path.line.HasSlope()) return std::nullopt;

  const std::vector<Moments> points = EvenPoints(blocks);
  const Scatter scatter = MeasureScatter(points, path.line);
  const double squares =
      std::max(0.0, path.line.m_vv - path.line.m_tv * path.line.m_tv / path.line.m_tt);
  const double variance = squares / (path.line.n - 2);
  const double inflation =
      std::max(variance, scatter.between) * (1 + scatter.correlation) / (1 - scatter.correlation);
  path.scatter = std::sqrt(variance);
  path.mean_error = std::sqrt(inflation / path.line.n);
  path.slope_error = std::sqrt(inflation / path.line.m_tt);
  path.interval = StudentInterval(confidence, scatter.freedom);
  const double span = blocks.back().line.mean_t - blocks.front().line.mean_t;
  path.start = blocks.front().line.mean_t;
  path.significant = std::fabs(path.line.Slope()) > path.interval * path.slope_error &&
                     scatter.explained >= kExplains &&
                     span >= kMinSpan * static_cast<double>(window_) / kSecond;
  path.ceiling = resets_.Ceiling(path.line.Slope() > 0 ? 1 : -1, now);
  path.residual_share = scatter.correlation;
  path.residual_step = std::max(1.0, span / static_cast<double>(points.size()));
  path.residual = points.back().mean_v - path.ValueAt(points.back().mean_t);
  return path;
}

void LineForecaster::Save(RowWriter& out) const {
  ring_.Save(out);
  resets_.Save(out);
}

void LineForecaster::Load(RowReader& in) {
  ring_.Load(in);
  resets_.Load(in);
}

}  // namespace outrider
