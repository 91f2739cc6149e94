// SPDX-License-Identifier: Apache-2.0
// A new function is a line here and its code in one of the files beside.
#include "rules/promql/functions/table.h"

#include <algorithm>
#include <iterator>

#include "rules/promql/functions/kernels.h"

namespace outrider::promql {
namespace {

using enum ValueType;
using enum FunctionEntry::Flag;

constexpr ValueType kV[] = {kVector};
constexpr ValueType kM[] = {kMatrix};
constexpr ValueType kS[] = {kScalar};
constexpr ValueType kMS[] = {kMatrix, kScalar};
constexpr ValueType kMSS[] = {kMatrix, kScalar, kScalar};
constexpr ValueType kSM[] = {kScalar, kMatrix};
constexpr ValueType kSS[] = {kScalar, kScalar};
constexpr ValueType kSSV[] = {kScalar, kScalar, kVector};
constexpr ValueType kSV[] = {kScalar, kVector};
constexpr ValueType kVS[] = {kVector, kScalar};
constexpr ValueType kVSS[] = {kVector, kScalar, kScalar};
constexpr ValueType kVT[] = {kVector, kString};
constexpr ValueType kVTSS[] = {kVector, kString, kScalar, kScalar};
constexpr ValueType kVTTT[] = {kVector, kString, kString, kString};
constexpr ValueType kVTTTT[] = {kVector, kString, kString, kString, kString};
constexpr ValueType kVV[] = {kVector, kVector};
constexpr std::span<const ValueType> kNoArgs;
constexpr uint16_t kQueryClock = kExperimental | kReadsClock;
constexpr uint16_t kExtended = kAnchored | kSmoothed;

constexpr FunctionEntry Element(std::string_view name, std::span<const ValueType> args,
                                ElementKernel fn, int variadic = 0, uint16_t flags = kPlain) {
  return {.name = name, .args = args, .variadic = variadic, .flags = flags, .element = fn};
}
constexpr FunctionEntry Range(std::string_view name, std::span<const ValueType> args,
                              RangeKernel fn, uint16_t flags = kPlain, MixedKernel mixed = nullptr,
                              SlideKernel slide = nullptr) {
  return {.name = name, .args = args, .flags = flags, .range = fn, .mixed = mixed, .slide = slide};
}
constexpr FunctionEntry WithLanes(FunctionEntry entry, LaneKernel lanes) {
  entry.lanes = lanes;
  return entry;
}
constexpr FunctionEntry Whole(std::string_view name, std::span<const ValueType> args,
                              BlockFunction fn, int variadic = 0, uint16_t flags = kPlain) {
  return {.name = name, .args = args, .variadic = variadic, .flags = flags, .block = fn};
}
constexpr FunctionEntry OneNumber(std::string_view name, std::span<const ValueType> args,
                                  BlockFunction fn, uint16_t flags = kPlain) {
  return {.name = name, .args = args, .result = kScalar, .flags = flags, .block = fn};
}

// Sorted by name.
constexpr FunctionEntry kTable[] = {
    Element("abs", kV, Abs),
    Whole("absent", kV, AbsentVector),
    Whole("absent_over_time", kM, AbsentOverTime),
    Element("acos", kV, Acos),
    Element("acosh", kV, Acosh),
    Element("asin", kV, Asin),
    Element("asinh", kV, Asinh),
    Element("atan", kV, Atan),
    Element("atanh", kV, Atanh),
    WithLanes(Range("avg_over_time", kM, AvgOverTime, kPlain, AvgOverTimeMixed), AvgOverTimeLanes),
    Element("ceil", kV, Ceil),
    Range("changes", kM, ChangesKernel, kAnchored, ChangesMixed),
    Element("clamp", kVSS, Clamp),
    Element("clamp_max", kVS, ClampMax),
    Element("clamp_min", kVS, ClampMin),
    Element("cos", kV, Cos),
    Element("cosh", kV, Cosh),
    Range("count_over_time", kM, CountOverTime, kPlain, CountOverTimeMixed),
    Element("day_of_month", kV, DayOfMonth, 1, kReadsClock),
    Element("day_of_week", kV, DayOfWeek, 1, kReadsClock),
    Element("day_of_year", kV, DayOfYear, 1, kReadsClock),
    Element("days_in_month", kV, DaysInMonth, 1, kReadsClock),
    Element("deg", kV, Deg),
    Range("delta", kM, DeltaKernel, kExtended, DeltaMixed, DeltaSlide),
    WithLanes(Range("deriv", kM, DerivKernel), DerivLanes),
    Whole("double_exponential_smoothing", kMSS, DoubleExponentialSmoothing, 0, kExperimental),
    OneNumber("end", kNoArgs, QueryEnd, kQueryClock),
    Element("exp", kV, Exp),
    Range("first_over_time", kM, FirstOverTime, kKeepsName, FirstOverTimeMixed),
    Element("floor", kV, Floor),
    Whole("histogram_avg", kV, HistogramAvg),
    Whole("histogram_count", kV, HistogramCount),
    Whole("histogram_fraction", kSSV, HistogramFraction),
    Whole("histogram_quantile", kSV, HistogramQuantile),
    Whole("histogram_quantiles", kVTSS, HistogramQuantiles, 9, kExperimental),
    Whole("histogram_stddev", kV, HistogramStddev),
    Whole("histogram_stdvar", kV, HistogramStdvar),
    Whole("histogram_sum", kV, HistogramSumOf),
    Element("hour", kV, Hour, 1, kReadsClock),
    Range("idelta", kM, IdeltaKernel, kPlain, IdeltaMixed),
    Range("increase", kM, IncreaseKernel, kCounter | kExtended | kUsesStarts, IncreaseMixed,
          IncreaseSlide),
    Whole("info", kVV, Info, 1, kExperimental | kLabelSelector),
    Range("irate", kM, IrateKernel, kUsesStarts, IrateMixed),
    Whole("label_join", kVTTT, LabelJoin, kAnyNumber),
    Whole("label_replace", kVTTTT, LabelReplace),
    Range("last_over_time", kM, LastOverTime, kKeepsName, LastOverTimeMixed),
    Element("ln", kV, Ln),
    Element("log10", kV, Log10),
    Element("log2", kV, Log2),
    Range("mad_over_time", kM, MadOverTime, kExperimental),
    OneNumber("max_of", kSS, MaxOf, kExperimental),
    Range("max_over_time", kM, MaxOverTime),
    OneNumber("min_of", kSS, MinOf, kExperimental),
    Range("min_over_time", kM, MinOverTime),
    Element("minute", kV, Minute, 1, kReadsClock),
    Element("month", kV, Month, 1, kReadsClock),
    OneNumber("pi", kNoArgs, Pi),
    WithLanes(Range("predict_linear", kMS, PredictLinearKernel, kReadsClock), PredictLinearLanes),
    Range("present_over_time", kM, PresentOverTime, kPlain, PresentOverTimeMixed),
    Whole("quantile_over_time", kSM, QuantileOverTime),
    Element("rad", kV, Rad),
    OneNumber("range", kNoArgs, QueryRange, kQueryClock),
    Range("rate", kM, RateKernel, kCounter | kExtended | kUsesStarts, RateMixed, RateSlide),
    Range("resets", kM, ResetsKernel, kAnchored | kUsesStarts, ResetsMixed),
    Element("round", kVS, Round, 1),
    OneNumber("scalar", kV, ToScalar),
    Element("sgn", kV, Sgn),
    Element("sin", kV, Sin),
    Element("sinh", kV, Sinh),
    Whole("sort", kV, SortAscending),
    Whole("sort_by_label", kVT, SortByLabel, kAnyNumber, kExperimental),
    Whole("sort_by_label_desc", kVT, SortByLabelDescending, kAnyNumber, kExperimental),
    Whole("sort_desc", kV, SortDescending),
    Element("sqrt", kV, Sqrt),
    OneNumber("start", kNoArgs, QueryStart, kQueryClock),
    Whole("start_timestamp", kV, StartTime, 0, kExperimental),
    WithLanes(Range("stddev_over_time", kM, StddevOverTime), StddevOverTimeLanes),
    WithLanes(Range("stdvar_over_time", kM, StdvarOverTime), StdvarOverTimeLanes),
    OneNumber("step", kNoArgs, QueryStep, kQueryClock),
    WithLanes(Range("sum_over_time", kM, SumOverTime, kPlain, SumOverTimeMixed), SumOverTimeLanes),
    Element("tan", kV, Tan),
    Element("tanh", kV, Tanh),
    OneNumber("time", kNoArgs, Time, kReadsClock),
    Whole("timestamp", kV, SampleTime, 0, kReadsClock),
    Range("ts_of_first_over_time", kM, TsOfFirstOverTime, kExperimental, TsOfFirstOverTimeMixed),
    Range("ts_of_last_over_time", kM, TsOfLastOverTime, kExperimental, TsOfLastOverTimeMixed),
    Range("ts_of_max_over_time", kM, TsOfMaxOverTime, kExperimental),
    Range("ts_of_min_over_time", kM, TsOfMinOverTime, kExperimental),
    Whole("vector", kS, ToVector),
    Element("year", kV, Year, 1, kReadsClock),
};

constexpr bool IsSorted() {
  for (size_t i = 1; i < std::size(kTable); ++i) {
    if (!(kTable[i - 1].name < kTable[i].name)) return false;
  }
  return true;
}
static_assert(IsSorted());

}  // namespace

const FunctionEntry* FindFunction(std::string_view name) {
  const auto* it = std::lower_bound(
      std::begin(kTable), std::end(kTable), name,
      [](const FunctionEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  return it != std::end(kTable) && it->name == name ? it : nullptr;
}

std::span<const FunctionEntry> AllFunctions() { return kTable; }

}  // namespace outrider::promql
