// SPDX-License-Identifier: Apache-2.0
// Calls of range functions: a kernel slides over the windows of each series.
#include <array>

#include "rules/promql/evaluator.h"
#include "rules/promql/functions/table.h"

namespace outrider::promql {
namespace {

constexpr size_t kMaxScalarArgs = 4;
constexpr size_t kRowsPerTimeoutCheck = 256;

// Fills one row; false when no step gave a sample.
bool SlideWindow(const FunctionEntry& function, const RangeData& data, const RangeSeries& series,
                 const std::vector<Block>& scalars, const Steps& steps, std::span<double> row) {
  if (function.slide != nullptr && data.extension == Extension::kNone) {
    return function.slide(data, series, steps, row);
  }
  std::array<double, kMaxScalarArgs> args{};
  WindowCursor cursor(data, series);
  bool any = false;
  for (size_t i = 0; i < steps.count; ++i) {
    const RangeWindow window = cursor.At(steps.At(i));
    if (window.size() == 0) continue;
    for (size_t k = 0; k < scalars.size(); ++k) args[k] = scalars[k].ScalarAt(i);
    row[i] = function.range(window, args.data());
    any = any || !IsAbsent(row[i]);
  }
  return any;
}

// Where annotations point: to the beginning of the query for a subquery, as in Prometheus.
uint32_t RangeArgPos(const Expr& arg) {
  return std::holds_alternative<Subquery>(Unwrapped(arg).node) ? 0 : arg.pos.start;
}

// Of a counter's name, by convention.
bool LooksLikeCounter(std::string_view name) {
  return name.ends_with("_total") || name.ends_with("_sum") || name.ends_with("_count") ||
         name.ends_with("_bucket");
}

}  // namespace

void Evaluator::NoteCounter(const FunctionEntry& function, const Row& row, uint32_t pos) {
  if (!(function.flags & FunctionEntry::kCounter) || NameGone(row)) return;
  const std::string_view name = row.labels->MetricName();
  if (!name.empty() && !LooksLikeCounter(name)) annotations_.PossibleNonCounter(name, pos);
}

// Adds the rows of some series.
Status Evaluator::AddWindows(const WindowCall& call, const RangeData& data, const Steps& steps,
                             Block* block) {
  block->one_name = block->one_name && data.one_name;
  const size_t most = block->rows.size() + data.series.size();
  if (most * steps.count > budget_.max()) return TooManySamples();
  block->values.resize(most * steps.count, kAbsent);
  for (size_t s = 0; s < data.series.size(); ++s) {
    if (s % kRowsPerTimeoutCheck == 0) TRY(CheckTimeout());
    const RangeSeries& series = data.series[s];
    const size_t r = block->rows.size();
    bool any = false;
    if (data.IsMixed(series)) {
      any = TRY(SlideMixed(call, data, series, steps, r, block));
    } else {
      const std::span<double> row = block->Of(r);
      any = SlideWindow(call.function, data, series, call.scalars, steps, row);
      // One name is noted once.
      if (any && (r == 0 || !data.one_name)) NoteCounter(call.function, series.row, call.pos);
    }
    if (any) block->rows.push_back(series.row);
  }
  block->values.resize(block->rows.size() * steps.count);
  return {};
}

StatusOr<Block> Evaluator::EvalWindows(const Call& call, const Steps& steps) {
  const FunctionEntry& f = *call.function;
  size_t matrix_arg = 0;
  while (f.args[matrix_arg] != ValueType::kMatrix) ++matrix_arg;
  const Expr& matrix = *call.args[matrix_arg];
  const std::vector<Block> scalars = TRY(EvalScalars(call, steps));
  const bool want_starts = uses_starts() && (f.flags & FunctionEntry::kUsesStarts);
  const WindowCall windows{f, scalars, RangeArgPos(matrix)};
  Block block;
  block.steps = steps.count;
  block.one_name = true;
  TRY(EachRange(matrix, steps, want_starts,
                [&](const RangeData& data) { return AddWindows(windows, data, steps, &block); }));
  if (!(f.flags & FunctionEntry::kKeepsName)) TRY(DropNames(&block, WhenEqual::kFail));
  return block;
}

}  // namespace outrider::promql
