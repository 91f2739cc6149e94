// SPDX-License-Identifier: Apache-2.0
// A scanner that knows where it is: what is not looked for is skipped, nesting is bounded.
#include "exporter/read/matrix_json.h"

#include <fmt/format.h>

#include <cmath>

#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int kDeepest = 64;
constexpr size_t kNone = std::string_view::npos;
constexpr double kLargestTime = 1e14;  // milliseconds: far, and exact in a double

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Status Fail(std::string_view what) const {
    return InvalidArgument(fmt::format("byte {} of the answer: {}", at_, what));
  }
  // The next character that is not blank; 0 at the end.
  char Peek() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != kNone) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  Status Expect(char c) { return Take(c) ? Status() : Fail(fmt::format("expected {}", c)); }

  // As it stands between the quotes; `escaped` says whether it has escapes.
  StatusOr<std::string_view> RawString(bool* escaped) {
    TRY(Expect('"'));
    *escaped = false;
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        *escaped = true;
        ++at_;
      }
      ++at_;
    }
    if (at_ >= text_.size()) return Fail("a text does not end");
    return text_.substr(begin, at_++ - begin);
  }
  StatusOr<std::string> String() {
    const size_t begin = at_;
    bool escaped = false;
    const std::string_view raw = TRY(RawString(&escaped));
    if (!escaped) return std::string(raw);
    const auto json = ParseJson(Trim(text_.substr(begin, at_ - begin)));
    if (!json.ok()) return Fail("a text with a wrong escape");
    return json->string;
  }
  StatusOr<double> Number(std::string_view what) {
    const size_t begin = (Peek(), at_);
    while (at_ < text_.size() && std::string_view("+-.eE0123456789").find(text_[at_]) != kNone) {
      ++at_;
    }
    const auto number = ParseDouble(text_.substr(begin, at_ - begin));
    return number.ok() ? number : Fail(fmt::format("expected {}", what));
  }

  // Whether the next value is `true`; it is left there.
  bool AtTrue() {
    Peek();
    return text_.substr(at_).starts_with("true");
  }

  // Calls `use` with each key; it takes the value.
  template <typename Use>
  Status Object(Use use) {
    TRY(Expect('{'));
    if (Take('}')) return {};
    do {
      const std::string key = TRY(String());
      TRY(Expect(':'));
      TRY(use(key));
    } while (Take(','));
    return Expect('}');
  }
  template <typename Use>
  Status Array(Use use) {
    TRY(Expect('['));
    if (Take(']')) return {};
    do {
      TRY(use());
    } while (Take(','));
    return Expect(']');
  }
  Status Skip(int depth = 0) {  // NOLINT(misc-no-recursion): bounded
    if (depth > kDeepest) return Fail("nested too deep");
    const char next = Peek();
    bool escaped = false;
    if (next == '"') return RawString(&escaped).status();
    if (next == '{') return Object([&](const std::string&) { return Skip(depth + 1); });
    if (next == '[') return Array([&] { return Skip(depth + 1); });
    for (const std::string_view word : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return {};
    }
    return Number("a value").status();
  }

 private:
  const std::string_view text_;
  size_t at_ = 0;
};

// [1435781430.781, "1"]
StatusOr<Sample> ReadPoint(Scanner* in) {
  TRY(in->Expect('['));
  const double time = TRY(in->Number("a time in seconds"));
  if (!(std::fabs(time * 1000) <= kLargestTime)) return in->Fail("a time out of reach");
  TRY(in->Expect(','));
  bool escaped = false;
  const auto value = ParseDouble(TRY(in->RawString(&escaped)));
  if (!value.ok()) return in->Fail("expected a value");
  TRY(in->Expect(']'));
  return Sample{std::llround(time * 1000), *value};
}

Status ReadRow(Scanner* in, MatrixRow* row) {
  row->labels.clear();
  row->samples.clear();
  row->histograms = false;
  return in->Object([&](const std::string& key) -> Status {
    if (key == "metric") {
      return in->Object([&](const std::string& name) -> Status {
        row->labels.emplace_back(name, TRY(in->String()));
        return {};
      });
    }
    if (key == "values") {
      return in->Array([&]() -> Status {
        row->samples.push_back(TRY(ReadPoint(in)));
        return {};
      });
    }
    row->histograms |= key == "histograms";
    return in->Skip();
  });
}

Status ReadData(Scanner* in, const MatrixRowSink& sink) {
  MatrixRow row;
  return in->Object([&](const std::string& key) -> Status {
    if (key == "resultType") {
      const std::string type = TRY(in->String());
      return type == "matrix" ? Status() : in->Fail("a result of type " + type + ", not matrix");
    }
    if (key != "result") return in->Skip();
    return in->Array([&]() -> Status {
      TRY(ReadRow(in, &row));
      sink(row);
      return {};
    });
  });
}

}  // namespace

Status ReadMatrixJson(std::string_view body, const MatrixRowSink& sink,
                      std::vector<std::string>* warnings) {
  Scanner in(body);
  bool data = false;
  TRY(in.Object([&](const std::string& key) -> Status {
    if (key == "data") {
      data = true;
      return ReadData(&in, sink);
    }
    // VictoriaMetrics' word for some of its storage nodes being away.
    if (key == "isPartial" && in.AtTrue()) {
      warnings->emplace_back("the server calls its answer incomplete (isPartial)");
    }
    if (key != "warnings") return in.Skip();
    return in.Array([&]() -> Status {
      warnings->push_back(TRY(in.String()));
      return {};
    });
  }));
  if (!data) return in.Fail("no data in it");
  return in.Peek() == '\0' ? Status() : in.Fail("something behind its end");
}

}  // namespace outrider
