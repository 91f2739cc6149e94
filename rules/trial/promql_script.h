// SPDX-License-Identifier: Apache-2.0
// A test file as commands.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rules/trial/series_notation.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct ClearCommand {};

struct LoadCommand {
  DurationMs step = 0;
  bool with_native_histograms = false;  // load_with_nhcb
  std::vector<SeriesLine> series;
};

// `expect warn msg: …`: a text to equal, a pattern to be found, or nothing.
struct Expectation {
  enum class Kind { kAny, kText, kPattern };
  Kind kind = Kind::kAny;
  std::string text;
};

struct EvalCommand {
  int line = 0;
  std::string expr;
  bool range = false;
  Timestamp start = 0;  // the time of an instant query
  Timestamp end = 0;
  DurationMs step = 0;

  bool ordered = false;
  bool fails = false;
  std::vector<Expectation> fail;
  std::vector<Expectation> warnings;
  std::vector<Expectation> infos;
  bool no_warnings = false;
  bool no_infos = false;
  std::optional<std::string> string;
  std::optional<double> scalar;
  struct Range {
    Timestamp start = 0;
    Timestamp end = 0;
    DurationMs step = 0;
  };
  std::optional<Range> range_vector;
  std::vector<SeriesLine> series;
};

using TestCommand = std::variant<ClearCommand, LoadCommand, EvalCommand>;

// Errors name the line.
StatusOr<std::vector<TestCommand>> ParseTestScript(std::string_view text);

}  // namespace outrider
