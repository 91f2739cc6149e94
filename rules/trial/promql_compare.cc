// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/promql_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "rules/promql/histogram/histogram_math.h"
#include "storage/base/regex.h"
#include "storage/base/text.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr double kTolerance = 1e-6;

Status Different(const std::string& message) { return absl::FailedPreconditionError(message); }

bool Satisfied(const Expectation& expectation, const std::string& text) {
  switch (expectation.kind) {
    case Expectation::Kind::kAny:
      return true;
    case Expectation::Kind::kText:
      return expectation.text == text;
    case Expectation::Kind::kPattern: {
      const StatusOr<Regex> regex =
          Regex::Compile(expectation.text, Regex::Anchor::kNone, Regex::Dot::kNoNewline);
      return regex.ok() && regex->Matches(text);
    }
  }
  return false;
}

// Every expectation meets a text, and every text an expectation.
Status CompareTexts(std::string_view what, const std::vector<Expectation>& wanted,
                    const std::vector<std::string>& got) {
  if (wanted.empty()) return {};
  for (const Expectation& expectation : wanted) {
    const bool met = std::any_of(got.begin(), got.end(), [&](const std::string& text) {
      return Satisfied(expectation, text);
    });
    if (!met) {
      return Different(fmt::format("expected {} {} but got [{}]", what, Quote(expectation.text),
                                   Join(got, "; ")));
    }
  }
  for (const std::string& text : got) {
    const bool wanted_it = std::any_of(wanted.begin(), wanted.end(),
                                       [&](const Expectation& e) { return Satisfied(e, text); });
    if (!wanted_it) return Different(fmt::format("unexpected {}: {}", what, text));
  }
  return {};
}

bool AllAlmostEqual(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), AlmostEqual);
}

// Empty buckets do not count. The hint is looked at only where the test names one.
bool SameHistogram(const SequenceValue& expected, NativeHistogram got) {
  NativeHistogram wanted = *expected.histogram;
  promql::CompactHistogram(&wanted);
  promql::CompactHistogram(&got);
  if (expected.hint_written && wanted.reset_hint != got.reset_hint) return false;
  return wanted.schema == got.schema && AlmostEqual(wanted.count, got.count) &&
         AlmostEqual(wanted.sum, got.sum) && wanted.custom_values == got.custom_values &&
         wanted.zero_threshold == got.zero_threshold &&
         AlmostEqual(wanted.zero_count, got.zero_count) &&
         wanted.negative_spans == got.negative_spans &&
         AllAlmostEqual(wanted.negative_buckets, got.negative_buckets) &&
         wanted.positive_spans == got.positive_spans &&
         AllAlmostEqual(wanted.positive_buckets, got.positive_buckets);
}

std::string TextOf(double value, const NativeHistogram* histogram) {
  if (histogram == nullptr) return FormatFloatF(value);
  return fmt::format("schema {} hint {} threshold {} {}", histogram->schema,
                     static_cast<int>(histogram->reset_hint), histogram->zero_threshold,
                     promql::HistogramText(*histogram));
}

Status CompareValue(const SequenceValue& wanted, double value, const NativeHistogram* histogram) {
  const bool same_kind = (wanted.histogram == nullptr) == (histogram == nullptr);
  const bool same = same_kind && (histogram == nullptr ? AlmostEqual(wanted.value, value)
                                                       : SameHistogram(wanted, *histogram));
  if (same) return {};
  return Different(fmt::format("expected {} but got {}",
                               TextOf(wanted.value, wanted.histogram.get()),
                               TextOf(value, histogram)));
}

Status CompareSeries(const SeriesLine& wanted, const EvalCommand::Range& at,
                     const promql::Series& got) {
  struct Point {
    double value = 0;
    const NativeHistogram* histogram = nullptr;
  };
  std::map<Timestamp, Point> points;
  for (const Sample& sample : got.samples) points[sample.time] = {sample.value};
  for (const promql::HistogramPoint& point : got.histograms) {
    if (points.contains(point.time)) return Different("a float and a histogram at one time");
    points[point.time] = {0, point.histogram.get()};
  }
  size_t expected = 0;
  for (size_t i = 0; i < wanted.values.size(); ++i) {
    if (wanted.values[i].omitted) continue;
    ++expected;
    const Timestamp time = at.start + static_cast<Timestamp>(i) * at.step;
    if (time > at.end) {
      return Different(
          fmt::format("expected {} points for {}, but query time range cannot return "
                      "this many points",
                      wanted.values.size(), got.labels.ToString()));
    }
    const auto point = points.find(time);
    if (point == points.end()) {
      return Different(fmt::format("{}: expected {} at {} but got nothing", got.labels.ToString(),
                                   TextOf(wanted.values[i].value, wanted.values[i].histogram.get()),
                                   time));
    }
    const Status same =
        CompareValue(wanted.values[i], point->second.value, point->second.histogram);
    if (!same.ok()) return Annotate(same, fmt::format("{} at {}", got.labels.ToString(), time));
  }
  if (points.size() == expected) return {};
  return Different(fmt::format("{}: expected {} points but got {}", got.labels.ToString(), expected,
                               points.size()));
}

}  // namespace

bool AlmostEqual(double a, double b) {
  if (IsStale(a) || IsStale(b)) return IsStale(a) && IsStale(b);
  if (std::isnan(a) && std::isnan(b)) return true;
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b);
  const double difference = std::fabs(a - b);
  if (a == 0 || b == 0 || sum < std::numeric_limits<double>::min()) {
    return difference < kTolerance * std::numeric_limits<double>::min();
  }
  return difference / std::min(sum, std::numeric_limits<double>::max()) < kTolerance;
}

Status CompareVector(const EvalCommand& expected, const promql::Vector& got, bool ordered) {
  std::map<Labels, size_t> places;  // the last line of one metric wins
  for (size_t i = 0; i < expected.series.size(); ++i) places[expected.series[i].labels] = i;
  std::map<Labels, bool> seen;
  for (size_t i = 0; i < got.size(); ++i) {
    const std::string name = got[i].labels.ToString();
    const auto place = places.find(got[i].labels);
    if (place == places.end()) {
      return Different(fmt::format("unexpected series {} with value {}", name,
                                   TextOf(got[i].value, got[i].histogram.get())));
    }
    if (!seen.emplace(got[i].labels, true).second) {
      return Different(fmt::format("series {} comes twice", name));
    }
    if (ordered && place->second != i) {
      return Different(fmt::format("expected series {} at position {} but it is at {}", name,
                                   place->second + 1, i + 1));
    }
    const auto& values = expected.series[place->second].values;
    if (values.size() != 1) return Different(fmt::format("{}: one value is expected", name));
    const Status same = CompareValue(values[0], got[i].value, got[i].histogram.get());
    if (!same.ok()) return Annotate(same, name);
  }
  for (const auto& [labels, place] : places) {
    if (!seen.contains(labels)) {
      return Different(fmt::format("expected series {} not found", labels.ToString()));
    }
  }
  return {};
}

Status CompareScalar(const EvalCommand& expected, double got) {
  if (!expected.scalar) return Different("expected no scalar, but the result is one");
  if (AlmostEqual(*expected.scalar, got)) return {};
  return Different(fmt::format("expected scalar {} but got {}", FormatFloatF(*expected.scalar),
                               FormatFloatF(got)));
}

Status CompareMatrix(const EvalCommand& expected, const EvalCommand::Range& at,
                     const promql::Matrix& got) {
  if (expected.ordered) return Different("expected ordered result, but query returned a matrix");
  std::map<Labels, const SeriesLine*> wanted;
  for (const SeriesLine& line : expected.series) wanted[line.labels] = &line;
  std::map<Labels, bool> seen;
  for (const promql::Series& series : got) {
    const auto line = wanted.find(series.labels);
    if (line == wanted.end()) {
      return Different(fmt::format("unexpected series {}", series.labels.ToString()));
    }
    if (!seen.emplace(series.labels, true).second) {
      return Different(fmt::format("series {} comes twice", series.labels.ToString()));
    }
    TRY(CompareSeries(*line->second, at, series));
  }
  for (const auto& [labels, line] : wanted) {
    if (!seen.contains(labels)) {
      return Different(fmt::format("expected series {} not found", labels.ToString()));
    }
  }
  return {};
}

Status CompareAnnotations(const EvalCommand& expected, const promql::QueryResult& got) {
  TRY(CompareTexts("warning", expected.warnings, got.warnings));
  TRY(CompareTexts("info", expected.infos, got.infos));
  if (expected.no_warnings && !got.warnings.empty()) {
    return Different("unexpected warnings: " + Join(got.warnings, "; "));
  }
  if (expected.no_infos && !got.infos.empty()) {
    return Different("unexpected infos: " + Join(got.infos, "; "));
  }
  return {};
}

Status CompareFailure(const EvalCommand& expected, const Status& got) {
  if (got.ok()) return Different("expected the query to fail, but it did not");
  for (const Expectation& expectation : expected.fail) {
    if (!Satisfied(expectation, Message(got))) {
      return Different(fmt::format("expected failure {} but got {}", Quote(expectation.text),
                                   Quote(Message(got))));
    }
  }
  return {};
}

}  // namespace outrider
