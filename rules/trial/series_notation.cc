// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/series_notation.h"

#include <fmt/format.h>

#include <utility>

#include "rules/promql/histogram/histogram_math.h"
#include "rules/promql/parser.h"
#include "rules/trial/histogram_notation.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr size_t kMaxValues = 1'000'000;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUnit(char c) { return std::string_view("ywdhms").find(c) != std::string_view::npos; }

class SequenceParser {
 public:
  explicit SequenceParser(std::string_view text) : text_(text) {}

  enum class Of { kValues, kDurations };
  StatusOr<std::vector<SequenceValue>> Run(Of of) {
    while (true) {
      while (pos_ < text_.size() && IsBlank(text_[pos_])) ++pos_;
      if (pos_ == text_.size()) return std::move(values_);
      TRY(of == Of::kValues ? Item() : StartTimes());
      if (pos_ < text_.size() && !IsBlank(text_[pos_])) return Bad("a blank");
    }
  }

 private:
  Status Bad(std::string_view wanted) const {
    return InvalidArgument(
        fmt::format("series values: expected {} at {}", wanted, Quote(text_.substr(pos_))));
  }
  bool Accept(std::string_view word) {
    if (text_.substr(pos_, word.size()) != word) return false;
    pos_ += word.size();
    return true;
  }

  Status Repeat(SequenceValue value, double step, size_t count) {
    if (values_.size() + count > kMaxValues) return InvalidArgument("series values: too many");
    for (size_t i = 0; i < count; ++i) {
      values_.push_back(value);
      // Adding zero would turn a stale marker into an ordinary NaN.
      if (step != 0) value.value += step;
    }
    return {};
  }

  // xN, if it is there.
  StatusOr<size_t> Times() {
    if (!Accept("x")) return 0;
    const size_t start = pos_;
    while (pos_ < text_.size() && IsDigit(text_[pos_])) ++pos_;
    const StatusOr<int64_t> n = ParseInt(text_.substr(start, pos_ - start));
    if (!n.ok() || *n > static_cast<int64_t>(kMaxValues)) return Bad("a number of repetitions");
    return static_cast<size_t>(*n);
  }

  Status Item() {
    if (Accept("_")) {
      const bool repeated = pos_ < text_.size() && text_[pos_] == 'x';
      const size_t times = TRY(Times());
      return Repeat({.omitted = true}, 0, repeated ? times : 1);
    }
    if (Accept("stale")) {
      const size_t times = TRY(Times());
      return Repeat({.value = StaleNan()}, 0, times + 1);
    }
    if (text_.substr(pos_, 2) == "{{") return Histograms();
    return Ramp([this] { return Number(); });
  }

  Status StartTimes() {
    if (Accept("_")) {
      const bool repeated = pos_ < text_.size() && text_[pos_] == 'x';
      const size_t times = TRY(Times());
      return Repeat({.omitted = true}, 0, repeated ? times : 1);
    }
    return Ramp([this] { return Duration(); });
  }

  // START, STARTxN, START+STEPxN or START-STEPxN.
  template <typename Read>
  Status Ramp(Read read) {
    const double start = TRY(read());
    double step = 0;
    const bool has_step = pos_ < text_.size() && (text_[pos_] == '+' || text_[pos_] == '-');
    if (has_step) step = TRY(read());
    if (has_step && (pos_ == text_.size() || text_[pos_] != 'x')) return Bad("x and a number");
    const size_t times = TRY(Times());
    return Repeat({.value = start}, step, times + 1);
  }

  Status Histograms() {
    HistogramLiteral first = TRY(Histogram());
    const char sign = pos_ < text_.size() ? text_[pos_] : ' ';
    if (sign != '+' && sign != '-') {
      const size_t times = TRY(Times());
      SequenceValue value{.hint_written = first.hint_written};
      value.histogram = std::make_shared<const NativeHistogram>(std::move(first.histogram));
      return Repeat(value, 0, times + 1);
    }
    ++pos_;
    const HistogramLiteral step = TRY(Histogram());
    const size_t times = TRY(Times());
    if (values_.size() + times >= kMaxValues) return InvalidArgument("series values: too many");
    return HistogramRamp(std::move(first.histogram), step, sign == '-', times);
  }

  Status HistogramRamp(NativeHistogram next, const HistogramLiteral& step, bool subtract,
                       size_t times) {
    for (size_t i = 0; i <= times; ++i) {
      values_.push_back({.histogram = std::make_shared<const NativeHistogram>(next),
                         .hint_written = step.hint_written});
      if (i == times) break;
      if (next.schema > step.histogram.schema) {
        return InvalidArgument(
            fmt::format("error combining histograms: cannot merge from schema "
                        "{} to {}",
                        step.histogram.schema, next.schema));
      }
      promql::AddOutcome outcome;
      constexpr auto kKeep = promql::EmptyCells::kKeep;
      next = subtract ? promql::SubtractHistograms(next, step.histogram, &outcome, kKeep)
                      : promql::AddHistograms(next, step.histogram, &outcome, kKeep);
      if (outcome.incompatible) return InvalidArgument("histograms with incompatible schema");
    }
    return {};
  }

  StatusOr<HistogramLiteral> Histogram() {
    const size_t end = text_.find("}}", pos_);
    if (text_.substr(pos_, 2) != "{{" || end == std::string_view::npos) return Bad("{{…}}");
    const std::string_view inside = text_.substr(pos_ + 2, end - pos_ - 2);
    pos_ = end + 2;
    return ParseHistogramLiteral(inside);
  }

  // The _ of 1_000.
  bool IsDigitGap() const {
    return text_[pos_] == '_' && pos_ > 0 && IsDigit(text_[pos_ - 1]) && pos_ + 1 < text_.size() &&
           IsDigit(text_[pos_ + 1]);
  }

  // In milliseconds.
  StatusOr<double> Duration() {
    const bool negative = pos_ < text_.size() && text_[pos_] == '-';
    if (pos_ < text_.size() && (text_[pos_] == '+' || text_[pos_] == '-')) ++pos_;
    const size_t start = pos_;
    while (pos_ < text_.size() && (IsDigit(text_[pos_]) || IsUnit(text_[pos_]))) ++pos_;
    const auto ms = static_cast<double>(TRY(ParseDuration(text_.substr(start, pos_ - start))));
    return negative ? -ms : ms;
  }

  StatusOr<double> Number() {
    const size_t start = pos_;
    if (pos_ < text_.size() && (text_[pos_] == '+' || text_[pos_] == '-')) ++pos_;
    const std::string word = ToLower(text_.substr(pos_, 3));
    if (word == "inf" || word == "nan") {
      pos_ += 3;
    } else {
      while (pos_ < text_.size() && (IsDigit(text_[pos_]) || text_[pos_] == '.' || IsDigitGap())) {
        ++pos_;
      }
      if (pos_ < text_.size() && (text_[pos_] == 'e' || text_[pos_] == 'E')) {
        ++pos_;
        if (pos_ < text_.size() && (text_[pos_] == '+' || text_[pos_] == '-')) ++pos_;
        while (pos_ < text_.size() && IsDigit(text_[pos_])) ++pos_;
      }
    }
    std::string token(text_.substr(start, pos_ - start));
    if (token.starts_with("+")) token.erase(0, 1);
    std::erase(token, '_');
    const StatusOr<double> value = ParseDouble(token);
    if (!value.ok()) {
      pos_ = start;
      return Bad("a number");
    }
    return *value;
  }

  std::string_view text_;
  size_t pos_ = 0;
  std::vector<SequenceValue> values_;
};

// Where the metric ends: after its closing brace, or at the first blank.
size_t MetricEnd(std::string_view line) {
  size_t i = 0;
  while (i < line.size() && !IsBlank(line[i]) && line[i] != '{' && line[i] != '@') ++i;
  size_t brace = i;
  while (brace < line.size() && IsBlank(line[brace])) ++brace;
  if (brace >= line.size() || line[brace] != '{' || line.substr(brace, 2) == "{{") return i;
  char quote = 0;
  for (i = brace; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\' && quote != '`') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '}') {
      return i + 1;
    }
  }
  return line.size();
}

}  // namespace

StatusOr<std::vector<SequenceValue>> ParseSequence(std::string_view text) {
  return SequenceParser(text).Run(SequenceParser::Of::kValues);
}

StatusOr<std::vector<SequenceValue>> ParseStartTimes(std::string_view text) {
  return SequenceParser(text).Run(SequenceParser::Of::kDurations);
}

StatusOr<SeriesLine> ParseSeriesLine(std::string_view line) {
  const size_t end = MetricEnd(line);
  SeriesLine series;
  series.labels = TRY(promql::ParseLabels(line.substr(0, end)));
  std::string_view rest = line.substr(end);
  if (rest.starts_with("@st")) {
    series.start_times = true;
    series.values = TRY(ParseStartTimes(rest.substr(3)));
    return series;
  }
  series.values = TRY(ParseSequence(rest));
  return series;
}

}  // namespace outrider
