// SPDX-License-Identifier: Apache-2.0
// Expression and Engine: the seam. Turns blocks into results; names that were dropped go here at
// the latest.
#include "rules/promql/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "rules/promql/evaluator.h"
#include "rules/promql/parser.h"
#include "rules/promql/plan.h"
#include "rules/promql/printer.h"
#include "rules/promql/query_stats.h"
#include "storage/base/duration.h"

namespace outrider::promql {
namespace {

// The evaluator's histograms die with it.
std::shared_ptr<const NativeHistogram> CopyOf(const NativeHistogram& histogram) {
  return std::make_shared<const NativeHistogram>(histogram);
}

Vector ToVector(const Block& block, Timestamp time) {
  Vector vector;
  vector.reserve(block.rows.size());
  for (size_t r = 0; r < block.rows.size(); ++r) {
    const double value = block.Of(r)[0];
    const Row& row = block.rows[r];
    if (!IsAbsent(value)) {
      vector.push_back({EffectiveLabels(row, row.drop_name), time, value});
    } else if (const NativeHistogram* histogram = block.HistogramAt(r, 0)) {
      vector.push_back({EffectiveLabels(row, row.drop_name), time, 0, CopyOf(*histogram)});
    }
  }
  return vector;
}

void SortByLabels(Matrix* matrix) {
  std::sort(matrix->begin(), matrix->end(),
            [](const Series& a, const Series& b) { return a.labels < b.labels; });
}

Matrix ToMatrix(const Block& block, const Steps& steps) {
  Matrix matrix;
  matrix.reserve(block.rows.size());
  for (size_t r = 0; r < block.rows.size(); ++r) {
    const Row& row = block.rows[r];
    const bool scalar = block.type == ValueType::kScalar;
    Series series{scalar ? Labels() : EffectiveLabels(row, row.drop_name), {}};
    const std::span<const double> values = block.Of(r);
    for (size_t i = 0; i < steps.count; ++i) {
      if (!IsAbsent(values[i])) series.samples.push_back({steps.At(i), values[i]});
    }
    for (size_t i = 0; i < steps.count && block.HasHistograms(r); ++i) {
      const NativeHistogram* histogram = block.HistogramAt(r, i);
      if (histogram != nullptr) series.histograms.push_back({steps.At(i), CopyOf(*histogram)});
    }
    if (!series.samples.empty() || !series.histograms.empty()) matrix.push_back(std::move(series));
  }
  SortByLabels(&matrix);
  return matrix;
}

// An extended window shows its two ends in place of the samples outside.
void AppendFloats(const RangeWindow& window, std::vector<Sample>* out) {
  const auto append = [&](std::span<const Timestamp> times, std::span<const double> values) {
    for (size_t i = 0; i < times.size(); ++i) out->push_back({times[i], values[i]});
  };
  if (window.extension == Extension::kNone) return append(window.times, window.values);
  const std::optional<WindowEnds> ends = FindEnds(window, /*counter=*/false);
  if (!ends) return;
  out->push_back({window.start, ends->left});
  append(ends->times, ends->values);
  out->push_back({window.end, ends->right});
}

void AppendSamples(const MixedWindow& window, Series* series) {
  if (window.floats.size() > 0) AppendFloats(window.floats, &series->samples);
  for (const WindowHistogram& point : window.histograms) {
    series->histograms.push_back({point.time, CopyOf(*point.histogram)});
  }
}

Status AppendTo(Matrix* matrix, const RangeData& data, Timestamp time, Evaluator& evaluator) {
  if (data.extension != Extension::kNone && !data.histograms.empty()) {
    return ExecutionError(
        fmt::format("{} modifier is not supported with histograms",
                    data.extension == Extension::kAnchored ? "anchored" : "smoothed"));
  }
  for (const RangeSeries& source : data.series) {
    MixedCursor cursor(data, source);
    const MixedWindow window = cursor.At(time);
    if (window.floats.size() == 0 && window.histograms.empty()) continue;
    Series series{EffectiveLabels(source.row, source.row.drop_name), {}};
    AppendSamples(window, &series);
    if (series.samples.empty() && series.histograms.empty()) continue;
    TRY(evaluator.TakeResult(series.samples.size()));
    matrix->push_back(std::move(series));
  }
  return {};
}

// Delayed removal: names that operators asked to drop go now, and rows may become equal by that.
Status RemoveNames(Block* block, const Evaluator& evaluator) {
  if (!evaluator.delayed() || block->type != ValueType::kVector) return {};
  const bool any = std::any_of(block->rows.begin(), block->rows.end(),
                               [](const Row& row) { return row.drop_name; });
  return any ? MergeDuplicates(block, /*delayed=*/false) : Status();
}

QueryResult WithAnnotations(Value value, Evaluator& evaluator) {
  return {std::move(value), evaluator.annotations().Warnings(), evaluator.annotations().Infos()};
}

Status CheckTime(Timestamp time) {
  if (time >= -kFarthestTime && time <= kFarthestTime) return {};
  return InvalidArgument("the evaluation time is out of range");
}

// A query that reaches before what is kept says so.
void WarnAboutRetention(const Expression& expr, const EngineOptions& options,
                        const Querier& querier, Timestamp start, QueryResult* result) {
  if (start - expr.LongestReach(options.lookback) >= querier.AllKeptSince()) return;
  for (const Expression::Reach& reach : expr.Selectors(options.lookback)) {
    const KeptSince kept = querier.KeptSinceOf(reach.matchers);
    if (start - reach.horizon >= kept.time) continue;
    result->warnings.push_back(
        fmt::format("the query reaches before {}, the oldest time for which samples are kept (see "
                    "{})",
                    FormatRfc3339(kept.time * kNanosPerMilli, 0), kept.setting));
    return;
  }
}

}  // namespace

StatusOr<Expression> Expression::Parse(std::string_view text, const ParseOptions& options) {
  ExprPtr root = TRY(ParseExpression(text, options));
  return Expression(std::shared_ptr<const Expr>(std::move(root)),
                    std::make_shared<const std::string>(text));
}

Expression::Expression(std::shared_ptr<const Expr> root, std::shared_ptr<const std::string> text)
    : root_(std::move(root)), text_(std::move(text)) {
  for (const Reach& reach : Selectors(0)) {
    longest_range_ = std::max(longest_range_, reach.horizon);
  }
}

ValueType Expression::type() const { return TypeOf(*root_); }
std::string Expression::ToString() const { return Print(*root_); }
std::vector<Expression::Reach> Expression::Selectors(DurationMs lookback) const {
  return SelectorReach(*root_, lookback);
}

StatusOr<QueryResult> Engine::Instant(const Expression& expr, const Querier& querier,
                                      Timestamp time, QueryStats* stats) const {
  TRY(CheckTime(time));
  Evaluator evaluator(options_, querier, clock_,
                      {.text = expr.text(), .start = time, .end = time, .stats = stats});
  if (stats != nullptr) stats->Begin(1);
  const Steps steps{.start = time, .step = 0, .count = 1};
  const Expr& root = expr.root();
  Value value;
  switch (TypeOf(root)) {
    case ValueType::kString:
      value = String{time, Evaluator::TextOf(root)};
      break;
    case ValueType::kMatrix: {
      Matrix matrix;
      TRY(evaluator.EachRange(root, steps, /*want_starts=*/false, [&](const RangeData& data) {
        return AppendTo(&matrix, data, time, evaluator);
      }));
      SortByLabels(&matrix);
      value = std::move(matrix);
      break;
    }
    case ValueType::kScalar:
      value = Scalar{time, TRY(evaluator.Eval(root, steps)).ScalarAt(0)};
      break;
    case ValueType::kVector:
    case ValueType::kNone: {
      Block block = TRY(evaluator.Eval(root, steps));
      TRY(RemoveNames(&block, evaluator));
      value = ToVector(block, time);
      break;
    }
  }
  if (stats != nullptr) stats->peak = evaluator.peak_samples();
  QueryResult result = WithAnnotations(std::move(value), evaluator);
  WarnAboutRetention(expr, options_, querier, time, &result);
  return result;
}

StatusOr<QueryResult> Engine::Range(const Expression& expr, const Querier& querier, Timestamp start,
                                    Timestamp end, DurationMs step, QueryStats* stats) const {
  const Expr& root = expr.root();
  const ValueType type = TypeOf(root);
  if (type != ValueType::kScalar && type != ValueType::kVector) {
    return InvalidArgument(fmt::format(
        "invalid expression type \"{}\" for range query, must be Scalar or instant Vector",
        ValueTypeText(type)));
  }
  TRY(CheckTime(start));
  TRY(CheckTime(end));
  if (end < start) return InvalidArgument("end timestamp must not be before start time");
  if (step <= 0) {
    return InvalidArgument(
        "zero or negative query resolution step widths are not accepted. Try a positive integer");
  }
  Evaluator evaluator(options_, querier, clock_,
                      {.text = expr.text(),
                       .start = start,
                       .end = end,
                       .step = step,
                       .is_range = true,
                       .stats = stats});
  const Steps steps{
      .start = start, .step = step, .count = static_cast<size_t>((end - start) / step) + 1};
  if (steps.count > options_.max_samples) return TooManySamples();
  if (stats != nullptr) stats->Begin(steps.count);
  Block block = TRY(evaluator.Eval(root, steps));
  TRY(RemoveNames(&block, evaluator));
  if (stats != nullptr) stats->peak = evaluator.peak_samples();
  QueryResult result = WithAnnotations(ToMatrix(block, steps), evaluator);
  WarnAboutRetention(expr, options_, querier, start, &result);
  return result;
}

}  // namespace outrider::promql
