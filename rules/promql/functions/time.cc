// SPDX-License-Identifier: Apache-2.0
// Calendar parts of a Unix time in seconds, in UTC, and the times of the query itself.
#include <chrono>
#include <cmath>

#include "rules/promql/functions/kernels.h"

namespace outrider::promql {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

constexpr double kMillis = 1000;
// Years in std::chrono end at 32767; beyond, there is no date to speak of.
constexpr double kMaxSeconds = 9e11;

bool HasDate(double v) { return std::fabs(v) < kMaxSeconds; }
sys_seconds ToTime(double v) { return sys_seconds(std::chrono::seconds(static_cast<int64_t>(v))); }
sys_days ToDay(double v) { return std::chrono::floor<days>(ToTime(v)); }
year_month_day ToDate(double v) { return year_month_day(ToDay(v)); }

int64_t SecondOfDay(double v) { return (ToTime(v) - ToDay(v)).count(); }

StatusOr<Block> EachStep(const Steps& steps, double ms_per_step, double ms) {
  Block block = Block::Scalar(steps.count);
  for (size_t i = 0; i < steps.count; ++i) {
    block.values[i] = (ms + ms_per_step * static_cast<double>(i)) / kMillis;
  }
  return block;
}

}  // namespace

double DaysInMonth(double v, const double* /*scalars*/) {
  if (!HasDate(v)) return std::nan("");
  const year_month_day date = ToDate(v);
  const auto last =
      std::chrono::year_month_day_last(date.year(), std::chrono::month_day_last(date.month()));
  return static_cast<double>(static_cast<unsigned>(last.day()));
}
double DayOfMonth(double v, const double* /*scalars*/) {
  return HasDate(v) ? static_cast<double>(static_cast<unsigned>(ToDate(v).day())) : std::nan("");
}
double DayOfWeek(double v, const double* /*scalars*/) {
  if (!HasDate(v)) return std::nan("");
  return static_cast<double>(std::chrono::weekday(ToDay(v)).c_encoding());
}
double DayOfYear(double v, const double* /*scalars*/) {
  if (!HasDate(v)) return std::nan("");
  const sys_days first(ToDate(v).year() / std::chrono::January / 1);
  return static_cast<double>((ToDay(v) - first).count() + 1);
}
double Hour(double v, const double* /*scalars*/) {
  if (!HasDate(v)) return std::nan("");
  const auto hour = SecondOfDay(v) / 3600;
  return static_cast<double>(hour);
}
double Minute(double v, const double* /*scalars*/) {
  return HasDate(v) ? static_cast<double>(SecondOfDay(v) / 60 % 60) : std::nan("");
}
double Month(double v, const double* /*scalars*/) {
  return HasDate(v) ? static_cast<double>(static_cast<unsigned>(ToDate(v).month())) : std::nan("");
}
double Year(double v, const double* /*scalars*/) {
  return HasDate(v) ? static_cast<double>(static_cast<int>(ToDate(v).year())) : std::nan("");
}

StatusOr<Block> Time(Evaluator& /*evaluator*/, const Expr& /*expr*/, const Steps& steps) {
  return EachStep(steps, static_cast<double>(steps.step), static_cast<double>(steps.start));
}

// Of a plain selector the samples' own times, of anything else the evaluation time.
StatusOr<Block> SampleTime(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const Expr& arg = Unwrapped(*std::get<Call>(expr.node).args[0]);
  Block block;
  if (const auto* selector = std::get_if<VectorSelector>(&arg.node)) {
    block = TRY(evaluator.EvalSelector(*selector, steps, SampleField::kTime));
  } else {
    block = TRY(evaluator.Eval(arg, steps));
    for (size_t r = 0; r < block.rows.size(); ++r) {
      const std::span<double> row = block.Of(r);
      for (size_t i = 0; i < steps.count; ++i) {
        if (block.HasSample(r, i)) row[i] = static_cast<double>(steps.At(i)) / kMillis;
      }
    }
    block.histograms.clear();
  }
  TRY(evaluator.DropNames(&block));
  return block;
}

// Of a plain selector; of anything else nothing is known, and the switch may be off.
StatusOr<Block> StartTime(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const Expr& arg = Unwrapped(*std::get<Call>(expr.node).args[0]);
  const auto* selector = std::get_if<VectorSelector>(&arg.node);
  if (selector == nullptr || !evaluator.uses_starts()) {
    TRY(evaluator.Eval(arg, steps));
    Block none;
    none.steps = steps.count;
    return none;
  }
  Block block = TRY(evaluator.EvalSelector(*selector, steps, SampleField::kStart));
  TRY(evaluator.DropNames(&block));
  return block;
}

StatusOr<Block> QueryStart(Evaluator& evaluator, const Expr& /*expr*/, const Steps& steps) {
  return EachStep(steps, 0, static_cast<double>(evaluator.query().start));
}
StatusOr<Block> QueryEnd(Evaluator& evaluator, const Expr& /*expr*/, const Steps& steps) {
  return EachStep(steps, 0, static_cast<double>(evaluator.query().end));
}
StatusOr<Block> QueryStep(Evaluator& evaluator, const Expr& /*expr*/, const Steps& steps) {
  return EachStep(steps, 0, static_cast<double>(evaluator.query().step));
}
StatusOr<Block> QueryRange(Evaluator& evaluator, const Expr& /*expr*/, const Steps& steps) {
  return EachStep(steps, 0, static_cast<double>(evaluator.query().end - evaluator.query().start));
}

}  // namespace outrider::promql
