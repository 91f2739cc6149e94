// SPDX-License-Identifier: Apache-2.0
// The functions behind table.cc, by file. Kernels are pure; see table.h for what each kind is
// given.
#pragma once

#include "rules/promql/evaluator.h"
#include "rules/promql/functions/table.h"
#include "rules/promql/functions/window_notes.h"
#include "rules/promql/histogram/histogram_arena.h"

namespace outrider::promql {

// What a window gives: a float, a histogram, or nothing.
struct WindowSample {
  double value = kAbsent;
  const NativeHistogram* histogram = nullptr;
};
struct MixedContext {
  HistogramArena* arena = nullptr;
  WindowNotes* notes = nullptr;
};

// rate.cc: per-second change and the like.
double RateKernel(const RangeWindow& w, const double* scalars);
double IncreaseKernel(const RangeWindow& w, const double* scalars);
double DeltaKernel(const RangeWindow& w, const double* scalars);
double IrateKernel(const RangeWindow& w, const double* scalars);
double IdeltaKernel(const RangeWindow& w, const double* scalars);
double ChangesKernel(const RangeWindow& w, const double* scalars);
double ResetsKernel(const RangeWindow& w, const double* scalars);

// rate_slide.cc
bool RateSlide(const RangeData& data, const RangeSeries& series, const Steps& steps,
               std::span<double> out);
bool IncreaseSlide(const RangeData& data, const RangeSeries& series, const Steps& steps,
                   std::span<double> out);
bool DeltaSlide(const RangeData& data, const RangeSeries& series, const Steps& steps,
                std::span<double> out);

// lanes.cc
void SumOverTimeLanes(const WindowLanes& windows, const double* scalars, double* out);
void AvgOverTimeLanes(const WindowLanes& windows, const double* scalars, double* out);
void StdvarOverTimeLanes(const WindowLanes& windows, const double* scalars, double* out);
void StddevOverTimeLanes(const WindowLanes& windows, const double* scalars, double* out);
void DerivLanes(const WindowLanes& windows, const double* scalars, double* out);
void PredictLinearLanes(const WindowLanes& windows, const double* scalars, double* out);

// rate_mixed.cc
WindowSample RateMixed(const MixedWindow& w, const MixedContext& context);
WindowSample IncreaseMixed(const MixedWindow& w, const MixedContext& context);
WindowSample DeltaMixed(const MixedWindow& w, const MixedContext& context);
WindowSample IrateMixed(const MixedWindow& w, const MixedContext& context);
WindowSample IdeltaMixed(const MixedWindow& w, const MixedContext& context);
WindowSample ChangesMixed(const MixedWindow& w, const MixedContext& context);
WindowSample ResetsMixed(const MixedWindow& w, const MixedContext& context);

// over_time_mixed.cc
WindowSample SumOverTimeMixed(const MixedWindow& w, const MixedContext& context);
WindowSample AvgOverTimeMixed(const MixedWindow& w, const MixedContext& context);
WindowSample CountOverTimeMixed(const MixedWindow& w, const MixedContext& context);
WindowSample PresentOverTimeMixed(const MixedWindow& w, const MixedContext& context);
WindowSample FirstOverTimeMixed(const MixedWindow& w, const MixedContext& context);
WindowSample LastOverTimeMixed(const MixedWindow& w, const MixedContext& context);
WindowSample TsOfFirstOverTimeMixed(const MixedWindow& w, const MixedContext& context);
WindowSample TsOfLastOverTimeMixed(const MixedWindow& w, const MixedContext& context);

// regression.cc
double DerivKernel(const RangeWindow& w, const double* scalars);
double PredictLinearKernel(const RangeWindow& w, const double* scalars);
StatusOr<Block> DoubleExponentialSmoothing(Evaluator& evaluator, const Expr& expr,
                                           const Steps& steps);

// over_time.cc
double AvgOverTime(const RangeWindow& w, const double* scalars);
double SumOverTime(const RangeWindow& w, const double* scalars);
double CountOverTime(const RangeWindow& w, const double* scalars);
double MinOverTime(const RangeWindow& w, const double* scalars);
double MaxOverTime(const RangeWindow& w, const double* scalars);
double LastOverTime(const RangeWindow& w, const double* scalars);
double FirstOverTime(const RangeWindow& w, const double* scalars);
double PresentOverTime(const RangeWindow& w, const double* scalars);
double StddevOverTime(const RangeWindow& w, const double* scalars);
double StdvarOverTime(const RangeWindow& w, const double* scalars);
double MadOverTime(const RangeWindow& w, const double* scalars);
double TsOfFirstOverTime(const RangeWindow& w, const double* scalars);
double TsOfLastOverTime(const RangeWindow& w, const double* scalars);
double TsOfMinOverTime(const RangeWindow& w, const double* scalars);
double TsOfMaxOverTime(const RangeWindow& w, const double* scalars);
StatusOr<Block> QuantileOverTime(Evaluator& evaluator, const Expr& expr, const Steps& steps);

// math.cc
double Abs(double v, const double* scalars);
double Ceil(double v, const double* scalars);
double Floor(double v, const double* scalars);
double Exp(double v, const double* scalars);
double Sqrt(double v, const double* scalars);
double Ln(double v, const double* scalars);
double Log2(double v, const double* scalars);
double Log10(double v, const double* scalars);
double Sgn(double v, const double* scalars);
double Deg(double v, const double* scalars);
double Rad(double v, const double* scalars);
double Sin(double v, const double* scalars);
double Cos(double v, const double* scalars);
double Tan(double v, const double* scalars);
double Asin(double v, const double* scalars);
double Acos(double v, const double* scalars);
double Atan(double v, const double* scalars);
double Sinh(double v, const double* scalars);
double Cosh(double v, const double* scalars);
double Tanh(double v, const double* scalars);
double Asinh(double v, const double* scalars);
double Acosh(double v, const double* scalars);
double Atanh(double v, const double* scalars);
double Round(double v, const double* scalars);
double Clamp(double v, const double* scalars);
double ClampMin(double v, const double* scalars);
double ClampMax(double v, const double* scalars);
StatusOr<Block> Pi(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> MinOf(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> MaxOf(Evaluator& evaluator, const Expr& expr, const Steps& steps);

// time.cc: calendar parts of a Unix time in UTC, and the query's own times.
double DaysInMonth(double v, const double* scalars);
double DayOfMonth(double v, const double* scalars);
double DayOfWeek(double v, const double* scalars);
double DayOfYear(double v, const double* scalars);
double Hour(double v, const double* scalars);
double Minute(double v, const double* scalars);
double Month(double v, const double* scalars);
double Year(double v, const double* scalars);
StatusOr<Block> Time(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> SampleTime(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> StartTime(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> QueryStart(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> QueryEnd(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> QueryStep(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> QueryRange(Evaluator& evaluator, const Expr& expr, const Steps& steps);

// label.cc
StatusOr<Block> LabelReplace(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> LabelJoin(Evaluator& evaluator, const Expr& expr, const Steps& steps);

// sort.cc
StatusOr<Block> SortAscending(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> SortDescending(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> SortByLabel(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> SortByLabelDescending(Evaluator& evaluator, const Expr& expr, const Steps& steps);

// presence.cc: absence, and conversions between scalars and vectors.
StatusOr<Block> AbsentVector(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> AbsentOverTime(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> ToScalar(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> ToVector(Evaluator& evaluator, const Expr& expr, const Steps& steps);

// info.cc: labels of info metrics.
StatusOr<Block> Info(Evaluator& evaluator, const Expr& expr, const Steps& steps);

// histogram.cc: over classic buckets and native histograms.
StatusOr<Block> HistogramQuantile(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> HistogramQuantiles(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> HistogramFraction(Evaluator& evaluator, const Expr& expr, const Steps& steps);
// histogram_numbers.cc: of native histograms only; floats give nothing.
StatusOr<Block> HistogramCount(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> HistogramSumOf(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> HistogramAvg(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> HistogramStddev(Evaluator& evaluator, const Expr& expr, const Steps& steps);
StatusOr<Block> HistogramStdvar(Evaluator& evaluator, const Expr& expr, const Steps& steps);

}  // namespace outrider::promql
