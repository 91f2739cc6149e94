// SPDX-License-Identifier: Apache-2.0
// histogram_count, _sum, _avg, _stddev and _stdvar: one number out of each native histogram.
#include <cmath>

#include "rules/promql/functions/kernels.h"
#include "rules/promql/histogram/histogram_stats.h"

namespace outrider::promql {
namespace {

StatusOr<Block> OfEach(Evaluator& evaluator, const Expr& expr, const Steps& steps,
                       double (*number)(const NativeHistogram&)) {
  Block block = TRY(evaluator.Eval(*std::get<Call>(expr.node).args[0], steps));
  for (size_t r = 0; r < block.rows.size(); ++r) {
    const std::span<double> row = block.Of(r);
    for (size_t i = 0; i < steps.count; ++i) {
      const NativeHistogram* histogram = block.HistogramAt(r, i);
      row[i] = histogram != nullptr ? number(*histogram) : kAbsent;
    }
  }
  block.histograms.clear();
  block.RemoveEmptyRows();
  TRY(evaluator.DropNames(&block));
  return block;
}

}  // namespace

StatusOr<Block> HistogramCount(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return OfEach(evaluator, expr, steps, [](const NativeHistogram& h) { return h.count; });
}
StatusOr<Block> HistogramSumOf(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return OfEach(evaluator, expr, steps, [](const NativeHistogram& h) { return h.sum; });
}
StatusOr<Block> HistogramAvg(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return OfEach(evaluator, expr, steps, [](const NativeHistogram& h) { return h.sum / h.count; });
}
StatusOr<Block> HistogramStddev(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return OfEach(evaluator, expr, steps,
                [](const NativeHistogram& h) { return std::sqrt(HistogramVarianceOf(h)); });
}
StatusOr<Block> HistogramStdvar(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return OfEach(evaluator, expr, steps, HistogramVarianceOf);
}

}  // namespace outrider::promql
