// SPDX-License-Identifier: Apache-2.0
// Agreement with Go's text/template on a file of cases; adding one is adding a line.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rules/template/template.h"
#include "rules/template/text_funcs.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider::tmpl {
namespace {

Object StringMap(std::vector<std::pair<std::string, Value>> fields) {
  Object map;
  map.kind = Object::Kind::kMap;
  map.fields = std::move(fields);
  return map;
}

Value CaseData() {
  Object any = StringMap({{"x", 1}, {"s", "t"}});
  any.any_values = true;
  Object sub;
  sub.type = "sub";
  sub.fields = {{"A", "p"}, {"B", "q"}};
  int offset = 0;
  const Nanos time = *ParseRfc3339("2026-11-21T09:05:07.123456789+01:00", &offset);
  Object data;
  data.type = "data";
  data.fields = {
      {"Labels", Value(StringMap({{"job", "node"}, {"instance", "h1:9100"}, {"empty", ""}}))},
      {"Value", 1234567.891},
      {"Int", -42},
      {"List", Value(List{"a", "b", "c"})},
      {"Nums", Value(List{3, 1, 2})},
      {"Any", Value(std::move(any))},
      {"Sub", Value(std::move(sub))},
      {"T", Time{time, offset, ""}},
      {"D", Duration{3661500 * kNanosPerMilli}},
      {"Empty", Value(List{})},
      {"Bool", true},
  };
  return Value(std::move(data));
}

TemplateOptions CaseOptions() {
  TemplateOptions options;
  options.functions["toUpper"] = ToUpperFunction;
  options.functions["fail"] = [](std::span<const Value>) -> StatusOr<Value> {
    return Internal("broken");
  };
  return options;
}

// What one template gives: its output, or the error of parsing or executing it.
std::string Render(const std::string& text, const Value& data) {
  TemplateSet set(CaseOptions());
  if (const Status parsed = set.Parse("t", text); !parsed.ok()) return "!! " + Message(parsed);
  const StatusOr<std::string> out = set.Execute("t", data);
  return out.ok() ? "=> " + *out : "!! " + Message(out.status());
}

TEST(GoCases, AgreeWithTextTemplate) {
  const std::string path = OUTRIDER_SOURCE_DIR "/tests/data/templates/text_template.cases";
  const std::string file = ReadFile(path).value();
  const Value data = CaseData();
  int number = 0;
  int cases = 0;
  for (const std::string_view line : Split(file, '\n')) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    size_t middle = line.find("\" => \"");
    if (middle == std::string_view::npos) middle = line.find("\" !! \"");
    ASSERT_NE(middle, std::string_view::npos) << path << ":" << number;
    const std::string text = Unquote(line.substr(0, middle + 1)).value();
    const std::string want =
        std::string(line.substr(middle + 2, 3)) + Unquote(line.substr(middle + 5)).value();
    EXPECT_EQ(Render(text, data), want)
        << path << ":" << number << ": " << line.substr(0, middle + 1);
    ++cases;
  }
  EXPECT_GT(cases, 130);
}

}  // namespace
}  // namespace outrider::tmpl
