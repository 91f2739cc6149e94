// SPDX-License-Identifier: Apache-2.0
// Lines through samples: deriv, predict_linear (least squares), double_exponential_smoothing
// (Holt's linear method).
#include <fmt/format.h>

#include <cmath>

#include "rules/promql/functions/kernels.h"
#include "rules/promql/functions/line.h"

namespace outrider::promql {
namespace {

Line Fit(const RangeWindow& w, Timestamp origin) {
  LineSums sums;
  sums.n = static_cast<double>(w.size());
  sums.first = w.first();
  sums.constant = true;
  for (size_t i = 0; i < w.size(); ++i) {
    const double y = w.values[i];
    const double x = static_cast<double>(w.times[i] - origin) / 1000;
    sums.constant = sums.constant && y == w.first();
    sums.x.Add(x);
    sums.y.Add(y);
    sums.xy.Add(x * y);
    sums.xx.Add(x * x);
  }
  return LineOf(sums);
}

double Smooth(std::span<const double> values, double smoothing, double trending) {
  double smoothed = values[0];
  double before = 0;
  double trend = values[1] - values[0];
  for (size_t i = 1; i < values.size(); ++i) {
    if (i > 1) trend = trending * (smoothed - before) + (1 - trending) * trend;
    const double next = smoothing * values[i] + (1 - smoothing) * (smoothed + trend);
    before = smoothed;
    smoothed = next;
  }
  return smoothed;
}

}  // namespace

Line LineOf(const LineSums& sums) {
  if (sums.constant) {
    if (std::isinf(sums.first)) return {std::nan(""), std::nan("")};
    return {0, sums.first};
  }
  const double x = sums.x.sum + sums.x.lost;
  const double y = sums.y.sum + sums.y.lost;
  const double covariance = (sums.xy.sum + sums.xy.lost) - x * y / sums.n;
  const double variance = (sums.xx.sum + sums.xx.lost) - x * x / sums.n;
  const double slope = covariance / variance;
  return {slope, y / sums.n - slope * x / sums.n};
}

double DerivKernel(const RangeWindow& w, const double* /*scalars*/) {
  if (w.size() < 2) return kAbsent;
  // From the first sample, not from the epoch, so that large times do not eat the precision.
  return Fit(w, w.times.front()).slope;
}

double PredictLinearKernel(const RangeWindow& w, const double* scalars) {
  if (w.size() < 2) return kAbsent;
  const Line line = Fit(w, w.eval_time);
  return line.slope * scalars[0] + line.intercept;
}

namespace {

Status CheckFactors(const Block& smoothing, const Block& trend) {
  const auto inside = [](double v) { return v > 0 && v < 1; };
  for (size_t i = 0; i < smoothing.steps; ++i) {
    if (!inside(smoothing.ScalarAt(i))) {
      return ExecutionError(fmt::format("invalid smoothing factor. Expected: 0 < sf < 1, got: {:f}",
                                        smoothing.ScalarAt(i)));
    }
    if (!inside(trend.ScalarAt(i))) {
      return ExecutionError(
          fmt::format("invalid trend factor. Expected: 0 < tf < 1, got: {:f}", trend.ScalarAt(i)));
    }
  }
  return {};
}

// Of one series, at factors that may differ from step to step.
WindowNotes SmoothWindows(MixedCursor* cursor, const Steps& steps, const Block& smoothing,
                          const Block& trend, std::span<double> row) {
  WindowNotes notes;
  for (size_t i = 0; i < steps.count; ++i) {
    const MixedWindow window = cursor->At(steps.At(i));
    const std::span<const double> values = window.floats.values;
    if (!values.empty() && !window.histograms.empty()) notes.bits |= WindowNotes::kIgnored;
    if (values.size() < 2) continue;
    row[i] = Smooth(values, smoothing.ScalarAt(i), trend.ScalarAt(i));
  }
  return notes;
}

}  // namespace

StatusOr<Block> DoubleExponentialSmoothing(Evaluator& evaluator, const Expr& expr,
                                           const Steps& steps) {
  const auto& args = std::get<Call>(expr.node).args;
  const Block smoothing = TRY(evaluator.Eval(*args[1], steps));
  const Block trend = TRY(evaluator.Eval(*args[2], steps));
  Block block;
  block.steps = steps.count;
  block.one_name = true;
  const auto add = [&](const RangeData& data) -> Status {
    if (!data.series.empty()) TRY(CheckFactors(smoothing, trend));
    block.one_name = block.one_name && data.one_name;
    for (const RangeSeries& series : data.series) {
      MixedCursor cursor(data, series);
      const WindowNotes notes =
          SmoothWindows(&cursor, steps, smoothing, trend, block.AddRow(series.row));
      evaluator.Tell(notes, series.row, args[0]->pos.start);
    }
    return evaluator.CheckSize(block);
  };
  TRY(evaluator.EachRange(*args[0], steps, /*want_starts=*/false, add));
  block.RemoveEmptyRows();
  TRY(evaluator.DropNames(&block, Evaluator::WhenEqual::kFail));
  return block;
}

}  // namespace outrider::promql
