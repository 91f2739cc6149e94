// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/forecast_line.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "rules/analytics/block_scatter.h"
#include "rules/analytics/changepoint.h"
#include "rules/analytics/robust_trend.h"

namespace outrider {
namespace {

constexpr double kExplains = 0.7;  // of the variance of the block means
constexpr double kMinSpan = 0.1;   // of the window

struct FittedLine {
  double mean_t = 0;
  double mean_v = 0;
  double slope = 0;
  double slope_error = 0;
  double mean_error = 0;
  double interval = 2;  // standard errors
};

// Where the line and its interval meet the threshold (Fieller):
// (a + b x - threshold)^2 = q^2 (s_a^2 + x^2 s_b^2), x from the mean time. The slope is
// significant.
Crossing Reach(const FittedLine& line, double threshold) {
  const double q2 = line.interval * line.interval;
  const double off = line.mean_v - threshold;
  const double square = line.slope * line.slope - q2 * line.slope_error * line.slope_error;
  const double half = off * line.slope;
  const double rest = off * off - q2 * line.mean_error * line.mean_error;
  Crossing crossing;
  crossing.expected = std::max(0.0, line.mean_t - off / line.slope);
  const double root = std::sqrt(std::max(0.0, half * half - square * rest));
  if (square > 0) {
    crossing.earliest = std::clamp((-half - root) / square + line.mean_t, 0.0, crossing.expected);
    crossing.latest = std::max((-half + root) / square + line.mean_t, crossing.expected);
  }
  return crossing;
}

}  // namespace

double LinePath::ShrunkSlope() const {
  const double slope = line.Slope();
  if (slope == 0) return 0;
  const double noise = interval * slope_error / slope;
  return slope * std::max(0.0, 1 - noise * noise);
}

double LinePath::AlongLine(double ahead) const {
  if (!HasLine()) return newest;
  const double flat = line.mean_v + ShrunkSlope() * (ahead - line.mean_t);
  const double left =
      residual_share > 0 ? residual * std::pow(residual_share, ahead / residual_step) : 0;
  return flat + left;
}

bool LinePath::IsCutBefore(double ahead, double value) const {
  if (!teeth) return false;
  const auto side = static_cast<double>(teeth->direction);
  if (side * (value - teeth->LevelAt(ahead)) > teeth->Margin()) return true;
  // Teeth that drift leave a line that stays.
  const double left = teeth->LevelAt(ahead) - side * teeth->height;
  return teeth->slope != 0 && side * (left - value) > teeth->Margin();
}

double LinePath::ValueAt(double ahead) const {
  const double value = AlongLine(ahead);
  return IsCutBefore(ahead, value) ? teeth->MiddleAt(ahead) : value;
}

double LinePath::HalfWidth(double ahead) const {
  if (IsCutBefore(ahead, AlongLine(ahead))) {
    const double dt = (ahead - teeth->mean_t) * teeth->slope_error;
    const double of_level = std::sqrt(teeth->mean_error * teeth->mean_error + dt * dt);
    return teeth->height / 2 + teeth->Margin() + teeth->interval * of_level;
  }
  if (!HasLine()) return teeth->height;
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
  const double here = HasLine() ? line.At(0) : newest;
  const bool passed = direction == CrossingDirection::kAuto && HasPassed(threshold);
  if (passed || HasReached(here, threshold, direction)) return Crossing::Now();
  const double side = threshold > here ? 1 : -1;
  const bool unwanted = (direction == CrossingDirection::kAbove && side < 0) ||
                        (direction == CrossingDirection::kBelow && side > 0);
  if (unwanted) return {};
  if (significant && side * line.Slope() > 0) {
    const Crossing crossing = ByLine(threshold);
    if (!IsCutBefore(crossing.expected, threshold)) return crossing;
  }
  if (teeth && side * teeth->slope > 0) return ByDrift(threshold);
  return {};
}

Crossing LinePath::ByLine(double threshold) const {
  return Reach({.mean_t = line.mean_t,
                .mean_v = line.mean_v,
                .slope = line.Slope(),
                .slope_error = slope_error,
                .mean_error = mean_error,
                .interval = interval},
               threshold);
}

// When the level of the teeth comes to it: some cut before or after is the first that is beyond.
Crossing LinePath::ByDrift(double threshold) const {
  Crossing crossing = Reach({.mean_t = teeth->mean_t,
                             .mean_v = teeth->level,
                             .slope = teeth->slope,
                             .slope_error = teeth->slope_error,
                             .mean_error = teeth->mean_error,
                             .interval = teeth->interval},
                            threshold);
  // Teeth that go against their drift reach it with what was left after a cut.
  if (teeth->direction * teeth->slope < 0) {
    const double sooner = std::fabs(teeth->height / teeth->slope);
    for (double* time : {&crossing.expected, &crossing.earliest, &crossing.latest}) {
      *time = std::max(0.0, *time - sooner);
    }
  }
  // Within this tooth: along a ramp as they are.
  const double tooth = teeth->spacing * std::fabs(threshold - newest) / teeth->height;
  crossing.expected = std::max(crossing.expected, std::min(tooth, teeth->spacing));
  crossing.earliest =
      std::max(0.0, std::min(crossing.earliest, crossing.expected) - teeth->spacing);
  crossing.latest = std::max(crossing.latest, crossing.expected) + teeth->spacing;
  return crossing;
}

std::vector<Block> LineForecaster::BlocksAt(Timestamp now) const {
  std::vector<Block> blocks;
  ring_.Blocks(window_, now, now, &blocks);
  const Timestamp reset = resets_.last_reset();
  std::erase_if(blocks, [&](const Block& block) { return block.start < reset; });
  if (const auto step = LastChangepoint(blocks)) {
    blocks.erase(blocks.begin(), blocks.begin() + static_cast<ptrdiff_t>(step->block));
  }
  return blocks;
}

void LineForecaster::MeasureLine(std::span<const Block> blocks, const Confidence& confidence,
                                 LinePath* path) const {
  const Moments& line = path->line;
  const std::vector<Moments> points = EvenPoints(blocks);
  const BlockScatter scatter = MeasureScatter(points, line);
  const double squares = std::max(0.0, line.m_vv - line.m_tv * line.m_tv / line.m_tt);
  const double variance = squares / (line.n - 2);
  const double inflation = scatter.Inflated(variance);
  path->scatter = std::sqrt(variance);
  path->mean_error = std::sqrt(inflation / line.n);
  path->slope_error = std::sqrt(inflation / line.m_tt);
  path->interval = StudentInterval(confidence, scatter.freedom);
  const double span = blocks.back().line.mean_t - blocks.front().line.mean_t;
  path->start = blocks.front().line.mean_t;
  path->significant = std::fabs(line.Slope()) > path->interval * path->slope_error &&
                      scatter.explained >= kExplains &&
                      span >= kMinSpan * static_cast<double>(window_) / kSecond;
  path->residual_share = scatter.correlation;
  path->residual_step = std::max(1.0, span / static_cast<double>(points.size()));
  path->residual = points.back().mean_v - path->AlongLine(points.back().mean_t);
}

std::optional<LinePath> LineForecaster::PathAt(Timestamp now, const Confidence& confidence) const {
  if (ring_.empty()) return std::nullopt;
  const std::vector<Block> blocks = BlocksAt(now);
  LinePath path;
  path.newest = ring_.last_value();
  for (const Block& block : blocks) path.line.Merge(block.line);
  if (path.line.n < kMinSamples) path.line = Moments();
  if (path.HasLine()) MeasureLine(blocks, confidence, &path);
  const int way = path.HasLine() && path.line.Slope() > 0 ? 1 : -1;
  path.teeth = resets_.TeethAt(way, now, confidence);
  if (!path.teeth) path.teeth = resets_.TeethAt(-way, now, confidence);
  const bool drifts = path.teeth && path.teeth->slope != 0;
  if (!path.HasLine() && !drifts) return std::nullopt;
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
