// SPDX-License-Identifier: Apache-2.0
// Line by line. The text of a series is parsed once: after that it is found by its bytes.
#include "exporter/trial/exposition_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "storage/base/duration.h"
#include "storage/base/hash.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kEnd = "# EOF";
constexpr double kLargestTime = 1e14;  // milliseconds: far, and exact in a double
// Nobody has samples of before 1980: they are seconds, and the file was cut off before `# EOF`.
constexpr Timestamp kEarliestTime = 315'532'800'000;

bool IsOpenMetrics(std::string_view text) {
  text = Trim(text);
  return text.ends_with(kEnd) &&
         (text.size() == kEnd.size() || text[text.size() - kEnd.size() - 1] == '\n');
}

// One line; `at` is where reading goes on.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : line_(line) {}

  bool AtEnd() const { return at_ == line_.size(); }
  char Peek() const { return AtEnd() ? '\0' : line_[at_]; }
  bool Take(char c) {
    if (Peek() != c || AtEnd()) return false;
    ++at_;
    return true;
  }
  void SkipBlanks() {
    while (Peek() == ' ' || Peek() == '\t') ++at_;
  }
  // Up to a blank, or one of `ends`.
  std::string_view Word(std::string_view ends = "") {
    const size_t start = at_;
    while (!AtEnd() && Peek() != ' ' && Peek() != '\t' &&
           ends.find(Peek()) == std::string_view::npos)
      ++at_;
    return line_.substr(start, at_ - start);
  }
  // "…" with the escapes \\ \" \n.
  StatusOr<std::string> Quoted() {
    if (!Take('"')) return Fail("expected \"");
    std::string out;
    while (!AtEnd() && Peek() != '"') {
      char c = line_[at_++];
      if (c == '\\' && !AtEnd()) {
        c = line_[at_++];
        if (c == 'n') {
          c = '\n';
        } else if (c != '\\' && c != '"') {
          out += '\\';
        }
      }
      out += c;
    }
    if (!Take('"')) return Fail("a quoted text does not end");
    return out;
  }
  // The end of the text of the series: behind the closing brace, or the name.
  size_t SeriesEnd() const {
    bool quoted = false;
    bool braces = false;
    for (size_t i = 0; i < line_.size(); ++i) {
      const char c = line_[i];
      if (quoted && c == '\\') {
        ++i;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && c == '{') {
        braces = true;
      } else if (!quoted && c == '}') {
        return i + 1;
      } else if (!quoted && !braces && (c == ' ' || c == '\t') && !BraceFollows(i)) {
        return i;
      }
    }
    return line_.size();
  }
  size_t at() const { return at_; }
  void GoTo(size_t at) { at_ = at; }
  // InvalidArgument whose message begins with the column.
  Status Fail(const std::string& what) const { return FailAt(at_, what); }
  Status FailAt(size_t at, const std::string& what) const {
    return InvalidArgument(fmt::format("{}: {}", at + 1, what));
  }

 private:
  bool BraceFollows(size_t at) const {
    const size_t next = line_.find_first_not_of(" \t", at);
    return next != std::string_view::npos && line_[next] == '{';
  }
  std::string_view line_;
  size_t at_ = 0;
};

struct Pair {
  std::string name;
  std::string value;
};

// label="value", either of them quoted; a lone "name" is the metric's.
StatusOr<Pair> ReadPair(LineReader* line) {
  Pair pair;
  const size_t start = line->at();
  const bool quoted = line->Peek() == '"';
  pair.name = quoted ? TRY(line->Quoted()) : std::string(line->Word("=,}"));
  line->SkipBlanks();
  if (quoted && line->Peek() != '=') {
    pair.value = std::exchange(pair.name, std::string(kMetricName));
    return pair;
  }
  if (!quoted && !IsLegacyLabelName(pair.name)) {
    return line->FailAt(start, "expected a label name");
  }
  if (!line->Take('=')) return line->Fail("expected =");
  line->SkipBlanks();
  pair.value = TRY(line->Quoted());
  return pair;
}

// Inside of { }: pairs by comma.
Status ReadBraces(LineReader* line, std::map<std::string, std::string>* labels) {
  while (true) {
    line->SkipBlanks();
    if (line->Take('}')) return {};
    const size_t start = line->at();
    const Pair pair = TRY(ReadPair(line));
    if (!IsValidUtf8(pair.name) || !IsValidUtf8(pair.value)) {
      return line->FailAt(start, "not valid UTF-8");
    }
    if (!labels->emplace(pair.name, pair.value).second) {
      return line->FailAt(start, fmt::format("label {} stands there twice", Quote(pair.name)));
    }
    line->SkipBlanks();
    if (!line->Take(',') && line->Peek() != '}') return line->Fail("expected , or }");
  }
}

StatusOr<Labels> ReadSeries(LineReader* line) {
  std::map<std::string, std::string> labels;
  const std::string_view name = line->Word("{");
  if (!name.empty()) {
    if (!IsLegacyMetricName(name)) return line->FailAt(0, "expected a metric name");
    labels.emplace(kMetricName, name);
  }
  line->SkipBlanks();
  if (line->Take('{')) TRY(ReadBraces(line, &labels));
  if (labels.find(std::string(kMetricName)) == labels.end()) {
    return line->FailAt(0, "a series without a name");
  }
  return Labels::FromMap(labels);
}

// What follows the series: value, time, perhaps an exemplar.
StatusOr<Sample> ReadNumbers(LineReader* line, bool open_metrics) {
  line->SkipBlanks();
  const size_t value_at = line->at();
  const auto value = ParseDouble(line->Word());
  if (!value.ok()) return line->FailAt(value_at, "expected a value");
  line->SkipBlanks();
  const size_t time_at = line->at();
  if (line->AtEnd() || line->Peek() == '#') {
    return line->FailAt(time_at, "no timestamp; a back-test needs one with every sample");
  }
  const auto time = ParseDouble(line->Word());
  const double scale = open_metrics ? 1000 : 1;
  const bool fits = time.ok() && std::abs(*time * scale) <= kLargestTime;  // no NaN either
  if (!fits) {
    return line->FailAt(time_at, open_metrics ? "expected a timestamp in seconds"
                                              : "expected a timestamp in milliseconds");
  }
  // The text format has whole milliseconds only.
  if (!open_metrics && *time != std::trunc(*time)) {
    return line->FailAt(time_at,
                        "expected a timestamp in milliseconds; with seconds, the file must end "
                        "with a line # EOF");
  }
  line->SkipBlanks();
  const bool more = !line->AtEnd() && !(open_metrics && line->Peek() == '#');
  if (more) return line->Fail("expected the end of the line");
  return Sample{std::llround(*time * scale), *value};
}

}  // namespace

size_t SampleTable::Find(const Labels& labels) {
  const auto [at, added] = index_.emplace(labels, series_.size());
  if (added) series_.push_back({labels, {}});
  return at->second;
}

void SampleTable::Sort() {
  for (Series& series : series_) {
    std::ranges::stable_sort(series.samples, {}, &Sample::time);
    const auto rest = std::ranges::unique(series.samples, {}, &Sample::time);
    series.samples.erase(rest.begin(), rest.end());
  }
}

Status ReadExposition(std::string_view text, const std::string& path, SampleTable* table,
                      std::vector<std::string>* warnings) {
  const bool open_metrics = IsOpenMetrics(text);
  std::optional<Timestamp> newest;
  StringMap<size_t> known;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view content = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (content.ends_with('\r')) content.remove_suffix(1);
    if (open_metrics && content == kEnd) break;
    content.remove_prefix(std::min(content.find_first_not_of(" \t"), content.size()));
    LineReader line(content);
    if (line.AtEnd() || line.Peek() == '#') continue;
    const auto failed = [&](const Status& status) {
      return InvalidArgument(fmt::format("{}:{}:{}", path, number, Message(status)));
    };
    line.GoTo(0);
    const std::string_view series_text = content.substr(0, line.SeriesEnd());
    auto at = known.find(series_text);
    if (at == known.end()) {
      const auto labels = ReadSeries(&line);
      if (!labels.ok()) return failed(labels.status());
      at = known.emplace(std::string(series_text), table->Find(*labels)).first;
    }
    line.GoTo(series_text.size());
    const auto sample = ReadNumbers(&line, open_metrics);
    if (!sample.ok()) return failed(sample.status());
    table->Add(at->second, *sample);
    newest = std::max(newest.value_or(sample->time), sample->time);
  }
  if (warnings != nullptr && !open_metrics && newest && *newest < kEarliestTime) {
    warnings->push_back(
        fmt::format("{}: the newest sample is of {}, taken for milliseconds; a file with seconds "
                    "must end with a line # EOF",
                    path, FormatRfc3339(*newest * kNanosPerMilli)));
  }
  return absl::OkStatus();
}

}  // namespace outrider
