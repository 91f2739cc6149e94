// SPDX-License-Identifier: Apache-2.0
// Calls of range functions: a kernel slides over the windows of each series.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "rules/promql/evaluator.h"
#include "rules/promql/functions/table.h"
#include "rules/promql/query_stats.h"
#include "storage/base/text.h"

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

// The windows of kLanes series beside each other; `rows` are theirs.
void SlideLanes(const FunctionEntry& function, const RangeData& data, size_t series,
                const std::vector<Block>& scalars, const Steps& steps, double* rows) {
  std::array<double, kMaxScalarArgs> args{};
  std::array<double, kLanes> out{};
  const std::span<const RangeSeries, kLanes> all(&data.series[series], kLanes);
  std::array<WindowCursor, kLanes> cursors{WindowCursor(data, all[0]), WindowCursor(data, all[1]),
                                           WindowCursor(data, all[2]), WindowCursor(data, all[3])};
  static_assert(kLanes == 4);
  for (size_t i = 0; i < steps.count; ++i) {
    WindowLanes windows;
    for (size_t k = 0; k < kLanes; ++k) windows[k] = cursors[k].At(steps.At(i));
    for (size_t k = 0; k < scalars.size(); ++k) args[k] = scalars[k].ScalarAt(i);
    const size_t n = windows[0].size();
    if (n > 0 && n == windows[1].size() && n == windows[2].size() && n == windows[3].size()) {
      function.lanes(windows, args.data(), out.data());
      for (size_t k = 0; k < kLanes; ++k) rows[k * steps.count + i] = out[k];
      continue;
    }
    for (size_t k = 0; k < kLanes; ++k) {
      if (windows[k].size() == 0) continue;
      rows[k * steps.count + i] = function.range(windows[k], args.data());
    }
  }
}

// Whether every series of it is one that lanes are for.
bool IsForLanes(const FunctionEntry& function, const RangeData& data) {
  return function.lanes != nullptr && data.extension == Extension::kNone &&
         data.histograms.empty() && data.starts.empty();
}

bool HasAny(std::span<const double> row) {
  return std::ranges::any_of(row, [](double v) { return !IsAbsent(v); });
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

// Which argument is the range vector.
size_t MatrixArg(const FunctionEntry& function) {
  size_t arg = 0;
  while (function.args[arg] != ValueType::kMatrix) ++arg;
  return arg;
}

}  // namespace

// Functions that know nothing of samples outside the window are not given any.
Status Evaluator::CheckExtension(const FunctionEntry& function, const Expr& arg) {
  const auto* matrix = std::get_if<MatrixSelector>(&Unwrapped(arg).node);
  if (matrix == nullptr || matrix->selector.extension == Extension::kNone) return {};
  const bool anchored = matrix->selector.extension == Extension::kAnchored;
  const auto needed = anchored ? FunctionEntry::kAnchored : FunctionEntry::kSmoothed;
  if (function.flags & needed) return {};
  std::vector<std::string> able;
  for (const FunctionEntry& other : AllFunctions()) {
    if (other.flags & needed) able.emplace_back(other.name);
  }
  return ExecutionError(fmt::format("{} modifier can only be used with: {} - not with {}",
                                    anchored ? "anchored" : "smoothed", Join(able, ", "),
                                    function.name));
}

void Evaluator::NoteCounter(const FunctionEntry& function, const Row& row, uint32_t pos) {
  if (!(function.flags & FunctionEntry::kCounter) || NameGone(row)) return;
  const std::string_view name = row.labels->MetricName();
  if (!name.empty() && !LooksLikeCounter(name)) annotations_.PossibleNonCounter(name, pos);
}

// Adds the rows of series from *next on, as long as there are kLanes of them.
Status Evaluator::AddLanes(const WindowCall& call, const RangeData& data, const Steps& steps,
                           size_t* next, Block* block) const {
  for (; *next + kLanes <= data.series.size(); *next += kLanes) {
    if (*next % kRowsPerTimeoutCheck == 0) TRY(CheckTimeout());
    const size_t first = block->rows.size();
    SlideLanes(call.function, data, *next, call.scalars, steps,
               block->values.data() + first * steps.count);
    for (size_t k = 0; k < kLanes; ++k) {
      const std::span<double> row = block->Of(first + k);
      if (!HasAny(row)) continue;
      const size_t to = block->rows.size();
      if (to < first + k) std::ranges::copy(row, block->Of(to).begin());
      block->rows.push_back(data.series[*next + k].row);
    }
    // The places of rows that had nothing are those of the next ones.
    const size_t used = block->rows.size() * steps.count;
    std::fill_n(block->values.begin() + static_cast<ptrdiff_t>(used),
                (first + kLanes) * steps.count - used, kAbsent);
  }
  return {};
}

// Adds the row of one series, if it has a sample at all.
Status Evaluator::AddSeries(const WindowCall& call, const RangeData& data,
                            const RangeSeries& series, const Steps& steps, Block* block) {
  const size_t r = block->rows.size();
  bool any = false;
  if (data.IsMixed(series)) {
    any = TRY(SlideMixed(call, data, series, steps, r, block));
  } else {
    any = SlideWindow(call.function, data, series, call.scalars, steps, block->Of(r));
    // One name is noted once.
    if (any && (r == 0 || !data.one_name)) NoteCounter(call.function, series.row, call.pos);
  }
  if (any) block->rows.push_back(series.row);
  return {};
}

// Adds the rows of some series.
Status Evaluator::AddWindows(const WindowCall& call, const RangeData& data, const Steps& steps,
                             Block* block) {
  block->one_name = block->one_name && data.one_name;
  const size_t most = block->rows.size() + data.series.size();
  if (most * steps.count > budget_.max()) return TooManySamples();
  block->values.resize(most * steps.count, kAbsent);
  size_t s = 0;
  if (IsForLanes(call.function, data)) TRY(AddLanes(call, data, steps, &s, block));
  for (; s < data.series.size(); ++s) {
    if (s % kRowsPerTimeoutCheck == 0) TRY(CheckTimeout());
    TRY(AddSeries(call, data, data.series[s], steps, block));
  }
  block->values.resize(block->rows.size() * steps.count);
  return {};
}

Status Evaluator::EachWindows(const Call& call, const Steps& steps, Block* block,
                              const std::function<Status()>& use) {
  const FunctionEntry& f = *call.function;
  const Expr& matrix = *call.args[MatrixArg(f)];
  const std::vector<Block> scalars = TRY(EvalScalars(call, steps));
  const bool want_starts = uses_starts() && (f.flags & FunctionEntry::kUsesStarts);
  const WindowCall windows{f, scalars, RangeArgPos(matrix)};
  block->steps = steps.count;
  block->one_name = true;
  return EachRange(matrix, steps, want_starts, [&](const RangeData& data) -> Status {
    TRY(AddWindows(windows, data, steps, block));
    return use();
  });
}

StatusOr<Block> Evaluator::EvalWindows(const Call& call, const Steps& steps) {
  Block block;
  TRY(EachWindows(call, steps, &block, [] { return Status(); }));
  if (!(call.function->flags & FunctionEntry::kKeepsName)) {
    TRY(DropNames(&block, WhenEqual::kFail));
  }
  return block;
}

bool Evaluator::ComesInPieces(const Expr& expr, const Steps& steps) const {
  if (expr.step_invariant && steps.count > 1) return false;
  const Expr& inner = Unwrapped(expr);
  if (std::holds_alternative<VectorSelector>(inner.node)) return true;
  const auto* call = std::get_if<Call>(&inner.node);
  if (call == nullptr || call->function->range == nullptr) return false;
  const Expr& matrix = Unwrapped(*call->args[MatrixArg(*call->function)]);
  return std::holds_alternative<MatrixSelector>(matrix.node);
}

// Its samples count as long as it is in use.
Status Evaluator::UsePiece(const BlockSink& use, Block* block) {
  const size_t samples = block->values.size();
  TRY(budget_.Take(samples));
  const Status used = use(*block);
  budget_.Give(samples);
  TRY(used);
  block->rows.clear();
  block->values.clear();
  block->histograms.clear();
  return {};
}

Status Evaluator::EachBlock(const Expr& expr, const Steps& steps, const BlockSink& use) {
  // Whoever breaks off asks for the whole: nothing is to be counted twice.
  const size_t histograms = arena_.cost();
  const std::optional<QueryStats> stats =
      stats_ != nullptr ? std::optional<QueryStats>(*stats_) : std::nullopt;
  const Status status = TryEachBlock(expr, steps, use);
  if (!absl::IsCancelled(status)) return status;
  arena_.ForgetCounted(histograms);
  if (stats) *stats_ = *stats;
  return status;
}

Status Evaluator::TryEachBlock(const Expr& expr, const Steps& steps, const BlockSink& use) {
  TRY(CheckTimeout());
  const Expr& inner = Unwrapped(expr);
  Block block;
  if (const auto* selector = std::get_if<VectorSelector>(&inner.node)) {
    const Sight seen = TRY(SightOf(*selector, steps, SampleField::kValue, inner.pos.start));
    return EachSelected(*selector, seen, &block, [&] {
      if (stats_ != nullptr) stats_->AddSelected(block);
      return UsePiece(use, &block);
    });
  }
  const Call& call = std::get<Call>(inner.node);
  for (const ExprPtr& arg : call.args) TRY(CheckExtension(*call.function, *arg));
  const bool drops = !(call.function->flags & FunctionEntry::kKeepsName);
  // Of all pieces: rows of several metrics may become equal.
  Block named;
  TRY(EachWindows(call, steps, &block, [&] {
    for (Row& row : block.rows) row.drop_name |= drops;
    if (drops && !delayed())
      named.rows.insert(named.rows.end(), block.rows.begin(), block.rows.end());
    return UsePiece(use, &block);
  }));
  return block.one_name ? Status() : CheckUnique(named);
}

}  // namespace outrider::promql
