// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/trend.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rules/analytics/block_scatter.h"
#include "rules/analytics/changepoint.h"
#include "rules/analytics/quantiles.h"
#include "rules/analytics/robust_trend.h"

namespace outrider {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kMinSamples = 3;  // fewer have no standard error
constexpr DurationMs kSeldomest = 2 * kMinute;
constexpr double kSignificantErrors = 2;  // standard errors of the slope
// 2 KB a series, the detector itself and what the allocator adds to its blocks among it.
constexpr size_t kMostBytes = 2048 - (sizeof(TrendDetector) + 6 * 16);

constexpr DerivedMetric kSlope = {
    "outrider_trend_slope",
    "Slope of the least-squares line over the window, in units of the source per second."};
constexpr DerivedMetric kDirection = {
    "outrider_trend_direction",
    "Direction of the trend over the window: -1 falling, 0 steady or not significant, 1 rising."};
constexpr DerivedMetric kChangeRatio = {
    "outrider_trend_change_ratio",
    "Change along the trend line over the window as a share of the level of the series."};
constexpr DerivedMetric kSlopeError = {"outrider_trend_slope_error",
                                       "Standard error of outrider_trend_slope."};
constexpr DerivedMetric kRSquared = {
    "outrider_trend_r_squared_ratio",
    "Share of the variance over the window that the trend line explains."};
constexpr DerivedMetric kStart = {
    "outrider_trend_start_timestamp_seconds",
    "Time from which on samples are in the line of outrider_trend_slope; none before it is."};
constexpr DerivedMetric kTheilSen = {
    "outrider_trend_theil_sen_slope",
    "Median of the slopes between all pairs of points of the window, in units per second."};
constexpr DerivedMetric kMannKendall = {
    "outrider_trend_mann_kendall_p",
    "Chance that a window without any trend would look at least so ordered (Mann-Kendall)."};
constexpr DerivedMetric kChangepoint = {
    "outrider_trend_changepoint_timestamp_seconds",
    "Time of the last step of the series in the window; absent without one."};
constexpr DerivedMetric kChangepointShift = {"outrider_trend_changepoint_shift",
                                             "Size of the last step in units of the source."};

size_t OutputsPerWindow(const TrendOptions& options) {
  return 3U + (options.errors ? 3U : 0U) + (options.theil_sen ? 1U : 0U) +
         (options.mann_kendall ? 1U : 0U);
}

// As many points as there is room for.
std::shared_ptr<const WindowPlan> MakeRobustRing(std::span<const DurationMs> windows) {
  std::shared_ptr<WindowPlan> plan;
  for (int resolution = kMostPoints; !plan; --resolution) {
    auto ring = std::make_shared<WindowPlan>(*MakeWindowPlan(windows, resolution));
    ring->centres = true;
    if (resolution > TrendPlan::kResolution && RingTiers::MostBytes(*ring) > kMostBytes) continue;
    plan = std::move(ring);
  }
  return plan;
}

}  // namespace

std::shared_ptr<const TrendPlan> MakeTrendPlan(const Entry& entry) {
  auto plan = std::make_shared<TrendPlan>();
  plan->windows = entry.windows;
  plan->options = entry.trend;
  const bool robust = entry.trend.theil_sen || entry.trend.mann_kendall;
  plan->ring = robust ? MakeRobustRing(plan->windows)
                      : MakeWindowPlan(plan->windows, TrendPlan::kResolution);
  return plan;
}

std::unique_ptr<Detector> TrendDetector::Create(const Entry& entry) {
  const auto& shared = entry.trend_plan;
  const bool fits = shared && shared->windows == entry.windows && shared->options == entry.trend;
  return std::make_unique<TrendDetector>(fits ? shared : MakeTrendPlan(entry));
}

DurationMs TrendDetector::History(const Entry& entry) {
  return HistoryFor(entry.windows, TrendPlan::kResolution);
}

int TrendDirection(const WindowFit& fit, double stable_per_hour) {
  const double slope = fit.line.Slope();
  if (slope == 0 || std::fabs(slope) < kSignificantErrors * fit.line.StandardError()) return 0;
  constexpr double kSecondsPerHour = 3600;
  if (std::fabs(slope) * kSecondsPerHour < stable_per_hour * fit.Level()) return 0;
  return slope > 0 ? 1 : -1;
}

double TrendChangeRatio(const WindowFit& fit) {
  const double level = fit.Level();
  return level > 0 ? fit.line.Slope() * fit.Span() / level : 0;
}

void TrendDetector::Report(Timestamp now, std::span<double> out) const {
  const std::vector<uint8_t> all(out.size(), 1);
  ReportDue(now, all, out);
}

void TrendDetector::ReportDue(Timestamp now, std::span<const uint8_t> due,
                              std::span<double> out) const {
  const size_t width = OutputsPerWindow(plan_->options);
  std::array<DurationMs, kMostWindows> windows;
  std::array<size_t, kMostWindows> numbers;
  size_t count = 0;
  for (size_t i = 0; i < plan_->windows.size(); ++i) {
    if (due[i * width] == 0) continue;
    windows[count] = plan_->windows[i];
    numbers[count++] = i;
  }
  std::array<WindowFit, kMostWindows> fits;
  ring_.Fit(std::span(windows).first(count), now, std::span(fits).first(count));
  for (size_t i = 0; i < count; ++i) {
    ReportWindow(now, numbers[i], fits[i], out.subspan(numbers[i] * width, width));
  }
  const size_t rest = plan_->windows.size() * width;
  if (plan_->options.changepoints && due[rest] != 0) ReportChangepoint(now, out.subspan(rest));
}

void TrendDetector::ReportWindow(Timestamp now, size_t window, const WindowFit& fit,
                                 std::span<double> out) const {
  if (fit.line.n < kMinSamples || !fit.line.HasSlope()) {
    std::ranges::fill(out, kNone);
    return;
  }
  out[0] = fit.line.Slope();
  out[1] = TrendDirection(fit, plan_->options.stable_per_hour);
  // Looked at more closely only where there seems to be one: that costs more than all the rest.
  if (out[1] != 0 && !HoldsForBlocks(now, window, fit)) out[1] = 0;
  out[2] = TrendChangeRatio(fit);
  if (plan_->options.errors) {
    out[3] = fit.line.StandardError();
    out[4] = fit.line.R2();
    out[5] = static_cast<double>(fit.start) / kSecond;
  }
  ReportRobust(now, window, out.subspan(plan_->options.errors ? 6 : 3));
}

// Slow noise looks like a trend to errors that take samples as independent.
bool TrendDetector::HoldsForBlocks(Timestamp now, size_t window, const WindowFit& fit) const {
  std::vector<Block> blocks;
  ring_.Blocks(plan_->windows[window], now, fit.origin, &blocks);
  const std::vector<Moments> points = EvenPoints(blocks);
  const BlockScatter scatter = MeasureScatter(points, fit.line);
  const Moments& line = fit.line;
  const double squares = std::max(0.0, line.m_vv - line.m_tv * line.m_tv / line.m_tt);
  const double error = std::sqrt(scatter.Inflated(squares / (line.n - 2)) / line.m_tt);
  // All points count here: a curve leaves neighbours alike, and has a direction all the same.
  const double freedom = std::max(1.0, static_cast<double>(points.size()) - 2);
  static const Confidence confidence(0.95);
  return std::fabs(line.Slope()) >= StudentInterval(confidence, freedom) * error;
}

void TrendDetector::ReportRobust(Timestamp now, size_t window, std::span<double> out) const {
  if (out.empty()) return;
  std::vector<Block> blocks;
  ring_.Blocks(plan_->windows[window], now, ring_.last_time(), &blocks);
  const std::vector<Moments> points = RobustPoints(blocks);
  size_t at = 0;
  if (plan_->options.theil_sen) out[at++] = TheilSenSlope(points);
  if (plan_->options.mann_kendall) out[at] = MannKendallP(points);
}

void TrendDetector::ReportChangepoint(Timestamp now, std::span<double> out) const {
  std::ranges::fill(out, kNone);
  if (ring_.empty()) return;
  std::vector<Block> blocks;
  ring_.Blocks(plan_->windows.back(), now, ring_.last_time(), &blocks);
  if (const auto step = LastChangepoint(blocks)) {
    out[0] = static_cast<double>(step->time) / kSecond;
    out[1] = step->shift;
  }
}

std::vector<DerivedOutput> TrendDetector::Outputs(const Entry& entry) {
  std::vector<DerivedOutput> outputs;
  const auto add = [&](DurationMs window, std::initializer_list<const DerivedMetric*> metrics) {
    const DurationMs every = std::min(window / (2 * TrendPlan::kResolution), kSeldomest);
    for (const DerivedMetric* metric : metrics) {
      outputs.push_back({.metric = metric, .window = WindowText(window), .every = every});
    }
  };
  for (DurationMs window : entry.windows) {
    add(window, {&kSlope, &kDirection, &kChangeRatio});
    if (entry.trend.errors) add(window, {&kSlopeError, &kRSquared, &kStart});
    if (entry.trend.theil_sen) add(window, {&kTheilSen});
    if (entry.trend.mann_kendall) add(window, {&kMannKendall});
  }
  if (entry.trend.changepoints && !entry.windows.empty()) {
    add(entry.windows.back(), {&kChangepoint, &kChangepointShift});
  }
  return outputs;
}

}  // namespace outrider
