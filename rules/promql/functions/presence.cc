// SPDX-License-Identifier: Apache-2.0
// absent, absent_over_time, scalar, vector.
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "rules/promql/functions/kernels.h"

namespace outrider::promql {
namespace {

// What can be said of a series that is not there: the labels that a single `=` matcher of the
// selector fixes.
Labels LabelsOfAbsent(const Expr& arg) {
  const VectorSelector* selector = std::get_if<VectorSelector>(&arg.node);
  if (const auto* matrix = std::get_if<MatrixSelector>(&arg.node)) selector = &matrix->selector;
  LabelsBuilder labels;
  if (selector == nullptr) return labels.Build();
  std::set<std::string> seen;
  for (const Matcher& m : selector->matchers) {
    if (m.name() == kMetricName) continue;
    if (m.type() == MatchType::kEqual && !seen.contains(m.name())) {
      seen.insert(m.name());
      labels.Set(m.name(), m.value());
    } else {
      labels.Remove(m.name());
    }
  }
  return labels.Build();
}

Block AbsentWhere(Evaluator& evaluator, const Expr& arg, const Steps& steps,
                  const std::vector<bool>& present) {
  Block block;
  block.steps = steps.count;
  const std::span<double> row = block.AddRow({.labels = evaluator.Own(LabelsOfAbsent(arg))});
  for (size_t i = 0; i < steps.count; ++i) {
    if (!present[i]) row[i] = 1;
  }
  block.RemoveEmptyRows();
  return block;
}

}  // namespace

StatusOr<Block> AbsentVector(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const Expr& arg = Unwrapped(*std::get<Call>(expr.node).args[0]);
  const Block block = TRY(evaluator.Eval(arg, steps));
  std::vector<bool> present(steps.count);
  for (size_t k = 0; k < block.values.size(); ++k) {
    if (!IsAbsent(block.values[k])) present[k % steps.count] = true;
  }
  for (const auto& row : block.histograms) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i] != nullptr) present[i] = true;
    }
  }
  return AbsentWhere(evaluator, arg, steps, present);
}

StatusOr<Block> AbsentOverTime(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const Expr& arg = Unwrapped(*std::get<Call>(expr.node).args[0]);
  std::vector<bool> present(steps.count);
  TRY(evaluator.EachRange(arg, steps, /*want_starts=*/false, [&](const RangeData& data) {
    for (const RangeSeries& series : data.series) {
      MixedCursor cursor(data, series);
      for (size_t i = 0; i < steps.count; ++i) {
        const MixedWindow window = cursor.At(steps.At(i));
        if (window.floats.size() > 0 || !window.histograms.empty()) present[i] = true;
      }
    }
    return Status();
  }));
  return AbsentWhere(evaluator, arg, steps, present);
}

// NaN unless there is exactly one sample.
StatusOr<Block> ToScalar(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const Block block = TRY(evaluator.Eval(*std::get<Call>(expr.node).args[0], steps));
  Block scalar = Block::Scalar(steps.count, std::nan(""));
  std::vector<bool> seen(steps.count);
  for (size_t r = 0; r < block.rows.size(); ++r) {
    const std::span<const double> row = block.Of(r);
    for (size_t i = 0; i < steps.count; ++i) {
      if (IsAbsent(row[i])) continue;
      scalar.values[i] = seen[i] ? std::nan("") : row[i];
      seen[i] = true;
    }
  }
  return scalar;
}

StatusOr<Block> ToVector(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  Block block = TRY(evaluator.Eval(*std::get<Call>(expr.node).args[0], steps));
  block.type = ValueType::kVector;
  block.rows[0].labels = evaluator.Own(Labels());
  return block;
}

}  // namespace outrider::promql
