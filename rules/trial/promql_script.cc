// SPDX-License-Identifier: Apache-2.0
// Line by line: the first word of a block says what it is; an empty line or a comment ends it.
#include "rules/trial/promql_script.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "storage/base/duration.h"
#include "storage/base/regex.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Up to the next blank; the rest keeps no blank in front.
std::string_view TakeWord(std::string_view* text) {
  size_t end = 0;
  while (end < text->size() && (*text)[end] != ' ' && (*text)[end] != '\t') ++end;
  const std::string_view word = text->substr(0, end);
  *text = Trim(text->substr(end));
  return word;
}

StatusOr<Timestamp> ParseTime(std::string_view text) {
  const bool negative = text.starts_with("-");
  if (negative) text.remove_prefix(1);
  DurationMs ms = 0;
  if (const StatusOr<double> seconds = ParseDouble(text); seconds.ok()) {
    ms = std::llround(*seconds * 1000);
  } else {
    ms = TRY(ParseDuration(text));
  }
  return negative ? -ms : ms;
}

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view text) : lines_(Split(text, '\n')) {}

  StatusOr<std::vector<TestCommand>> Run() {
    for (; at_ < lines_.size(); ++at_) {
      std::string_view line = Current();
      if (line.empty()) continue;
      const Status status = Command(line);
      if (!status.ok()) return Annotate(status, fmt::format("line {}", at_ + 1));
    }
    return std::move(commands_);
  }

 private:
  // The current line without blanks; a comment counts as empty.
  std::string_view Current() const {
    const std::string_view line = Trim(lines_[at_]);
    return line.starts_with("#") ? std::string_view() : line;
  }
  // Moves to the next line of the block; false at its end.
  bool NextInBlock() {
    if (at_ + 1 >= lines_.size()) return false;
    ++at_;
    return !Current().empty();
  }

  Status Command(std::string_view line) {
    const std::string word = ToLower(TakeWord(&line));
    if (word == "clear") {
      commands_.emplace_back(ClearCommand{});
      return {};
    }
    if (word == "load" || word == "load_with_nhcb") return Load(line, word != "load");
    if (word.starts_with("eval")) return Eval(word, line);
    return InvalidArgument(fmt::format("invalid command {}", Quote(word)));
  }

  Status Load(std::string_view rest, bool with_native_histograms) {
    LoadCommand load;
    load.with_native_histograms = with_native_histograms;
    load.step = TRY(ParseTime(rest));
    while (NextInBlock()) load.series.push_back(TRY(ParseSeriesLine(Current())));
    TRY(CheckStartTimes(load.series));
    commands_.emplace_back(std::move(load));
    return {};
  }

  // Start times stand before the samples they are of.
  static Status CheckStartTimes(const std::vector<SeriesLine>& lines) {
    for (size_t i = 0; i < lines.size(); ++i) {
      if (!lines[i].start_times) continue;
      const bool fits = i + 1 < lines.size() && !lines[i + 1].start_times &&
                        lines[i + 1].labels == lines[i].labels &&
                        lines[i + 1].values.size() == lines[i].values.size();
      if (fits) continue;
      return InvalidArgument(fmt::format("{}@st has no line of as many samples behind it",
                                         lines[i].labels.ToString()));
    }
    return {};
  }

  Status Eval(std::string_view command, std::string_view rest) {
    EvalCommand eval;
    eval.line = static_cast<int>(at_ + 1);
    if (command == "eval_fail") eval.fails = true;
    if (command == "eval_warn") eval.warnings.emplace_back();
    if (command == "eval_info") eval.infos.emplace_back();
    if (command == "eval_ordered") eval.ordered = true;
    TRY(EvalTimes(&rest, &eval));
    eval.expr = std::string(rest);
    while (NextInBlock()) TRY(EvalLine(Current(), &eval));
    TRY(CheckExpectations(eval));
    commands_.emplace_back(std::move(eval));
    return {};
  }

  // instant, instant at TIME, or range from TIME to TIME step DURATION.
  static Status EvalTimes(std::string_view* rest, EvalCommand* eval) {
    const std::string_view mode = TakeWord(rest);
    if (mode == "instant") {
      if (!rest->starts_with("at ")) return {};
      TakeWord(rest);
      eval->start = eval->end = TRY(ParseTime(TakeWord(rest)));
      return {};
    }
    if (mode != "range") return InvalidArgument("eval wants instant or range");
    eval->range = true;
    eval->start = TRY(TimeAfter("from", rest));
    eval->end = TRY(TimeAfter("to", rest));
    eval->step = TRY(TimeAfter("step", rest));
    return {};
  }

  static StatusOr<Timestamp> TimeAfter(std::string_view keyword, std::string_view* rest) {
    if (TakeWord(rest) != keyword) return InvalidArgument(fmt::format("expected {}", keyword));
    return ParseTime(TakeWord(rest));
  }

  static Status EvalLine(std::string_view line, EvalCommand* eval) {
    std::string_view rest = line;
    const std::string_view word = TakeWord(&rest);
    if (word == "expect") return Expect(rest, eval);
    if (word == "expected_fail_message") {
      eval->fail.push_back({Expectation::Kind::kText, std::string(rest)});
      return {};
    }
    if (word == "expected_fail_regexp") {
      eval->fail.push_back({Expectation::Kind::kPattern, std::string(rest)});
      return {};
    }
    if (rest.empty()) {
      std::string_view number = word;
      if (number.starts_with("+")) number.remove_prefix(1);
      if (const StatusOr<double> scalar = ParseDouble(number); scalar.ok()) {
        eval->scalar = *scalar;
        return {};
      }
    }
    eval->series.push_back(TRY(ParseSeriesLine(line)));
    return {};
  }

  static Status Expect(std::string_view rest, EvalCommand* eval) {
    const std::string_view what = TakeWord(&rest);
    if (what == "string") {
      eval->string = TRY(Unquote(rest));
      return {};
    }
    if (what == "range") return ExpectRange(rest, eval);
    // Of the flags a text is allowed, and of no meaning.
    Expectation expectation = TRY(TextOrPattern(rest));
    if (what == "ordered") {
      eval->ordered = true;
    } else if (what == "no_warn") {
      eval->no_warnings = true;
    } else if (what == "no_info") {
      eval->no_infos = true;
    } else if (what == "fail") {
      eval->fails = true;
      eval->fail.push_back(std::move(expectation));
    } else if (what == "warn") {
      eval->warnings.push_back(std::move(expectation));
    } else if (what == "info") {
      eval->infos.push_back(std::move(expectation));
    } else {
      return InvalidArgument(fmt::format("cannot expect {}", Quote(what)));
    }
    return {};
  }

  static Status ExpectRange(std::string_view rest, EvalCommand* eval) {
    TakeWord(&rest);  // vector
    EvalCommand::Range range;
    range.start = TRY(TimeAfter("from", &rest));
    range.end = TRY(TimeAfter("to", &rest));
    range.step = TRY(TimeAfter("step", &rest));
    eval->range_vector = range;
    eval->start = eval->end = range.end;
    return {};
  }

  // What contradicts itself, or could never come.
  static Status CheckExpectations(const EvalCommand& eval) {
    if (!eval.warnings.empty() && eval.no_warnings) {
      return InvalidArgument("invalid expect lines, warn and no_warn cannot be used together");
    }
    if (!eval.infos.empty() && eval.no_infos) {
      return InvalidArgument("invalid expect lines, info and no_info cannot be used together");
    }
    if (eval.fail.size() > 1) {
      return InvalidArgument("invalid expect lines, multiple expect fail lines are not allowed");
    }
    for (const SeriesLine& line : eval.series) {
      if (!eval.range && !eval.range_vector && line.values.size() > 1) {
        return InvalidArgument(
            "expecting multiple values in instant evaluation not allowed. consider using 'expect "
            "range vector' directive to enable a range vector result for an instant query");
      }
    }
    return {};
  }

  // Nothing, `msg: text` or `regex: pattern`; no blank is needed behind the colon.
  static StatusOr<Expectation> TextOrPattern(std::string_view rest) {
    Expectation expectation;
    if (rest.empty()) return expectation;
    if (rest.starts_with("msg:")) {
      expectation.kind = Expectation::Kind::kText;
      expectation.text = std::string(Trim(rest.substr(4)));
    } else if (rest.starts_with("regex:")) {
      expectation.kind = Expectation::Kind::kPattern;
      expectation.text = std::string(Trim(rest.substr(6)));
      TRY(Regex::Compile(expectation.text, Regex::Anchor::kNone, Regex::Dot::kNoNewline).status());
    } else {
      return InvalidArgument(
          "invalid expect statement, must match `expect <type> <match_type>: <string>` format");
    }
    return expectation;
  }

  std::vector<std::string_view> lines_;
  size_t at_ = 0;
  std::vector<TestCommand> commands_;
};

}  // namespace

StatusOr<std::vector<TestCommand>> ParseTestScript(std::string_view text) {
  return ScriptParser(text).Run();
}

}  // namespace outrider
