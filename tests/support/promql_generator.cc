// SPDX-License-Identifier: Apache-2.0
#include "tests/support/promql_generator.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <span>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr int kMaxDepth = 5;

class Generator {
 public:
  explicit Generator(Random& random) : random_(random) {}

  std::string Vector(int depth) {
    switch (depth >= kMaxDepth ? 0 : Below(10)) {
      case 1:
        return OverElements(depth + 1);
      case 2:
      case 3:
        return OverRange(depth + 1);
      case 4:
      case 5:
        return Aggregation(depth + 1);
      case 6:
      case 7:
        return Binary(depth + 1);
      case 8:
        return Special(depth + 1);
      case 9:
        return fmt::format("{}({})", Pick({"", "-", "+"}), Vector(depth + 1));
      default:
        return Selector() + Pick({"", "", "", " smoothed", " anchored"}) + Time();
    }
  }

  std::string Scalar(int depth) {
    switch (depth >= kMaxDepth ? 0 : Below(5)) {
      case 1:
        return fmt::format("scalar({})", Vector(depth + 1));
      case 2:
        return Pick({"time()", "pi()", "-time()"});
      case 3:
        return fmt::format("({} {} {})", Scalar(depth + 1), Pick(kArithmetic), Scalar(depth + 1));
      default:
        return Pick(kNumbers);
    }
  }

 private:
  static constexpr std::string_view kArithmetic[] = {"+", "-", "*", "/", "%", "^", "atan2"};
  static constexpr std::string_view kComparisons[] = {"==", "!=", "<", "<=", ">", ">=", "</", ">/"};
  static constexpr std::string_view kNumbers[] = {"1", "0", "-1", "2.5", "NaN", "Inf", "1e9", "5m"};
  static constexpr std::string_view kDurations[] = {"5m", "1m", "30s", "90s", "10m", "(1m + 15s)"};
  static constexpr std::string_view kLabels[] = {"i", "job", "le", "j", "__name__"};

  size_t Below(size_t n) { return random_.Next() % n; }
  template <size_t kSize>
  std::string Pick(const std::string_view (&choices)[kSize]) {
    return std::string(choices[Below(kSize)]);
  }

  std::string Selector() {
    constexpr std::string_view kSelectors[] = {"g",
                                               "c_total",
                                               "h_bucket",
                                               "g{i=\"1\"}",
                                               "g{i!=\"1\"}",
                                               "c_total{job=~\"a|b\"}",
                                               "{__name__=~\"g|c_total\"}",
                                               "nothing"};
    return Pick(kSelectors);
  }

  std::string Time() {
    constexpr std::string_view kTimes[] = {
        "", "", "", "", " offset 1m", " @ 300", " offset -30s", " @ 500 offset 1m"};
    return Pick(kTimes);
  }

  std::string Matrix(int depth) {
    if (depth < kMaxDepth && Below(3) == 1) {
      return fmt::format("({})[{}:{}]{}", Vector(depth + 1), Pick(kDurations),
                         Pick({"", "30s", "1m", "45s"}), Time());
    }
    return fmt::format("{}[{}]{}", Selector(), Pick(kDurations), Time());
  }

  std::string OverElements(int depth) {
    constexpr std::string_view kFunctions[] = {
        "abs", "ceil", "exp",  "sqrt",   "sgn",   "ln",        "sort",   "timestamp",
        "deg", "sin",  "year", "minute", "floor", "sort_desc", "absent", "vector_of"};
    switch (Below(5)) {
      case 1:
        return fmt::format("clamp({}, {}, {})", Vector(depth), Scalar(depth), Scalar(depth));
      case 2:
        return fmt::format("round({}, {})", Vector(depth), Scalar(depth));
      case 3:
        return fmt::format("vector({})", Scalar(depth));
      default: {
        const std::string function = Pick(kFunctions);
        return fmt::format("{}({})", function == "vector_of" ? "" : function, Vector(depth));
      }
    }
  }

  std::string OverRange(int depth) {
    constexpr std::string_view kFunctions[] = {"rate",
                                               "increase",
                                               "delta",
                                               "irate",
                                               "idelta",
                                               "deriv",
                                               "changes",
                                               "resets",
                                               "avg_over_time",
                                               "sum_over_time",
                                               "min_over_time",
                                               "max_over_time",
                                               "count_over_time",
                                               "last_over_time",
                                               "first_over_time",
                                               "stddev_over_time",
                                               "stdvar_over_time",
                                               "present_over_time",
                                               "absent_over_time",
                                               "mad_over_time",
                                               "ts_of_max_over_time",
                                               "ts_of_first_over_time"};
    constexpr std::string_view kExtended[] = {"rate", "increase", "delta"};
    switch (Below(6)) {
      case 1:
        return fmt::format("quantile_over_time({}, {})", Scalar(depth), Matrix(depth));
      case 2:
        return fmt::format("predict_linear({}, {})", Matrix(depth), Scalar(depth));
      case 3:
        return fmt::format("{}({}[{}] {}{})", Pick(kExtended), Selector(), Pick(kDurations),
                           Pick({"anchored", "smoothed"}), Time());
      case 4:
        return fmt::format("double_exponential_smoothing({}, 0.5, 0.3)", Matrix(depth));
      default:
        return fmt::format("{}({})", Pick(kFunctions), Matrix(depth));
    }
  }

  std::string Grouping() {
    switch (Below(4)) {
      case 1:
        return fmt::format(" by ({})", Pick(kLabels));
      case 2:
        return fmt::format(" without ({}, {})", Pick(kLabels), Pick(kLabels));
      default:
        return "";
    }
  }

  std::string Aggregation(int depth) {
    constexpr std::string_view kPlain[] = {"sum",   "avg",   "min",    "max",
                                           "count", "group", "stddev", "stdvar"};
    constexpr std::string_view kWithNumber[] = {"quantile", "limit_ratio"};
    constexpr std::string_view kChoosing[] = {"topk", "bottomk", "limitk"};
    switch (Below(5)) {
      case 1:
        return fmt::format("{}{} ({}, {})", Pick(kWithNumber), Grouping(), Scalar(depth),
                           Vector(depth));
      case 3:
        // Between equals the order of the series decides, which only a selector fixes.
        return fmt::format("{}{} ({}, {})", Pick(kChoosing), Grouping(), Scalar(depth),
                           Selector() + Time());
      case 2:
        return fmt::format("count_values{} (\"v\", {})", Grouping(), Vector(depth));
      default:
        return fmt::format("{}{} ({})", Pick(kPlain), Grouping(), Vector(depth));
    }
  }

  std::string Matching() {
    const std::string on = fmt::format(" {} ({})", Pick({"on", "ignoring"}),
                                       Pick({"i", "i, job", "le, __name__", "", "job"}));
    const std::string group =
        Pick({"", "", " group_left ()", " group_right (k)", " group_left (j)"});
    std::string fill = Pick({"", "", " fill (0)", " fill_left (1)", " fill_right (-1)"});
    switch (Below(3)) {
      case 1:
        return on + group + fill;
      case 2:
        return fill;
      default:
        return "";
    }
  }

  std::string Binary(int depth) {
    const std::string comparison = Pick(kComparisons) + Pick({"", " bool"});
    const bool trim = comparison.find('/') != std::string::npos;
    const std::string op = Below(2) == 0 || trim ? Pick(kArithmetic) : comparison;
    switch (Below(5)) {
      case 1:
        return fmt::format("({} {} {})", Scalar(depth), op, Vector(depth));
      case 2:
        return fmt::format("({} {} {})", Vector(depth), op, Scalar(depth));
      case 3:
        return fmt::format("({} {}{} {})", Vector(depth), Pick({"and", "or", "unless"}),
                           Pick({"", " on (i)", " ignoring (i)"}), Vector(depth));
      default:
        return fmt::format("({} {}{} {})", Vector(depth), op, Matching(), Vector(depth));
    }
  }

  std::string Special(int depth) {
    switch (Below(6)) {
      case 1:
        return fmt::format("histogram_quantile({}, {})", Scalar(depth), Vector(depth));
      case 2:
        return fmt::format(R"x(label_replace({}, "{}", "x$1", "{}", "(.*)"))x", Vector(depth),
                           Pick(kLabels), Pick(kLabels));
      case 3:
        return fmt::format(R"(label_join({}, "{}", "-", "i", "job"))", Vector(depth),
                           Pick(kLabels));
      case 4:
        return fmt::format(R"(histogram_quantiles({}, "q", 0.5, {}))", Vector(depth),
                           Pick(kNumbers));
      case 5:
        return fmt::format("histogram_fraction(0, {}, {})", Scalar(depth), Vector(depth));
      default:
        return fmt::format("info({}{})", Vector(depth),
                           Pick({"", R"(, {v=~".+"})", R"(, {__name__=~".+_info"})"}));
    }
  }

  Random& random_;
};

double NextValue(Random& random, bool counter, double value) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  constexpr std::array kOdd = {0.0, -0.0, kInf, -kInf, std::numeric_limits<double>::quiet_NaN()};
  const uint64_t choice = random.Next() % 16;
  if (counter) return choice == 1 ? 1 : value + static_cast<double>(choice);
  if (choice < kOdd.size() && choice > 0) return kOdd[choice];
  return static_cast<double>(random.Next() % 2000) / 8 - 100;
}

void AddSeries(Random& random, const Labels& labels, bool counter, MemoryQuerier* out) {
  Timestamp at = static_cast<Timestamp>(random.Next() % 20) * kSecond;
  double value = 0;
  while (at < 20 * kMinute) {
    value = NextValue(random, counter, value);
    const uint64_t choice = random.Next() % 24;
    out->Append(labels, {at, choice == 1 ? StaleNan() : value});
    at += choice == 2 ? 6 * kMinute : 15 * kSecond + static_cast<Timestamp>(choice);
  }
}

}  // namespace

std::string RandomExpression(Random& random) {
  Generator generator(random);
  return random.Next() % 8 == 7 ? generator.Scalar(0) : generator.Vector(0);
}

void FillRandomly(Random& random, MemoryQuerier* out) {
  const std::array<std::string_view, 2> jobs = {"a", "b"};
  for (const std::string_view i : {"1", "2", "3"}) {
    const std::string_view job = jobs[random.Next() % 2];
    AddSeries(random, {{"__name__", "g"}, {"i", i}, {"job", job}}, false, out);
    AddSeries(random, {{"__name__", "c_total"}, {"i", i}, {"job", job}}, true, out);
  }
  for (const std::string_view le : {"0.1", "1", "+Inf", "x"}) {
    AddSeries(random, {{"__name__", "h_bucket"}, {"le", le}, {"job", "a"}}, true, out);
  }
  for (const std::string_view v : {"1", "2"}) {
    AddSeries(random, {{"__name__", "target_info"}, {"v", v}, {"job", jobs[random.Next() % 2]}},
              false, out);
  }
  AddSeries(random, {{"__name__", "build_info"}, {"w", "1"}, {"job", "a"}}, false, out);
}

}  // namespace outrider
