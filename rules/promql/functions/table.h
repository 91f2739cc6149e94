// SPDX-License-Identifier: Apache-2.0
// Every PromQL function: name, signature, and the code that computes it. One line each in table.cc.
// Source: specs/prometheus.md §2.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "rules/promql/value.h"
#include "storage/base/status.h"

namespace outrider::promql {

class Evaluator;
struct Block;
struct Call;
struct Expr;
struct MixedContext;
struct MixedWindow;
struct RangeData;
struct RangeSeries;
struct RangeWindow;
struct Steps;
struct WindowSample;

// One sample out of one window. `scalars` are the call's scalar arguments at this step. Returns
// kAbsent for none.
using RangeKernel = double (*)(const RangeWindow& window, const double* scalars);
// The same of all windows of one series of floats that is not extended, into absent samples; false
// when there was none. For functions that need not look at every sample of every window.
using SlideKernel = bool (*)(const RangeData& data, const RangeSeries& series, const Steps& steps,
                             std::span<double> out);
// The same as RangeKernel of windows of several series of floats that are not extended, all with as
// many samples, at one step: out[k] is what the kernel gives for windows[k].
inline constexpr size_t kLanes = 4;
using WindowLanes = std::array<RangeWindow, kLanes>;
using LaneKernel = void (*)(const WindowLanes& windows, const double* scalars, double* out);
// The same as RangeKernel where a window may hold native histograms and start times (kernels.h).
using MixedKernel = WindowSample (*)(const MixedWindow& window, const MixedContext& context);
// One sample out of one sample. Returns kAbsent to drop it.
using ElementKernel = double (*)(double value, const double* scalars);
// Everything that looks at more than one series, or at labels, or at the query itself.
using BlockFunction = StatusOr<Block> (*)(Evaluator& evaluator, const Expr& call,
                                          const Steps& steps);

inline constexpr int kAnyNumber = -1;

struct FunctionEntry {
  enum Flag : uint16_t {
    kPlain = 0,
    kExperimental = 1,    // needs ParseOptions::experimental_functions
    kKeepsName = 2,       // the metric name stays
    kReadsClock = 4,      // depends on the evaluation time even if its arguments do not
    kCounter = 8,         // an info is due when the metric does not look like a counter
    kUsesStarts = 16,     // looks at start times, if the engine may
    kLabelSelector = 32,  // the second argument is not evaluated: matchers only
    kAnchored = 64,       // may be given an anchored range
    kSmoothed = 128,      // may be given a smoothed range
  };
  std::string_view name;
  std::span<const ValueType> args;
  // 0: exactly args; n > 0: the last argument may come 0 … n times; kAnyNumber: 0 or more times.
  int variadic = 0;
  ValueType result = ValueType::kVector;
  uint16_t flags = kPlain;
  // Exactly one of the three. A range kernel without a mixed one beside it does not look at
  // histograms.
  RangeKernel range = nullptr;
  MixedKernel mixed = nullptr;
  SlideKernel slide = nullptr;  // beside `range`, and giving the same
  LaneKernel lanes = nullptr;   // so too
  ElementKernel element = nullptr;
  BlockFunction block = nullptr;
};

// nullptr when there is no such function. Case-sensitive.
const FunctionEntry* FindFunction(std::string_view name);
std::span<const FunctionEntry> AllFunctions();

}  // namespace outrider::promql
