// SPDX-License-Identifier: Apache-2.0
#include "tests/support/template_cases.h"

#include <fmt/format.h>

#include <limits>

#include "rules/template/text_funcs.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using tmpl::Duration;
using tmpl::List;
using tmpl::MethodList;
using tmpl::Object;
using tmpl::SafeHtml;
using tmpl::Time;
using tmpl::Value;
using Args = std::span<const Value>;
using Fields = std::vector<std::pair<std::string, Value>>;

Value MapOf(Fields fields, bool any_values = false) {
  Object map;
  map.kind = Object::Kind::kMap;
  map.fields = std::move(fields);
  map.any_values = any_values;
  return Value(std::move(map));
}

Value Sub(const char* a, const char* b) {
  Object sub;
  sub.type = "sub";
  sub.fields = {{"A", a}, {"B", b}};
  return Value(std::move(sub));
}

Value Sample(Fields labels, double value) {
  Object sample;
  sample.type = "*template.sample";
  sample.fields = {{"Labels", MapOf(std::move(labels))}, {"Value", Value(value).Boxed()}};
  return Value(std::move(sample));
}

StatusOr<Value> CaseQuery(Args args) {
  const std::string* text = args[0].AsString();
  if (*text == "bad") return Internal("query failed");
  MethodList samples;
  samples.type = "template.queryResult";
  if (*text != "up") return Value(std::move(samples));
  samples.items = {
      Sample({{"__name__", "up"}, {"instance", "b.example.com:80"}, {"job", "y"}}, 2),
      Sample({{"__name__", "up"}, {"instance", "a.example.com:80"}, {"job", "y"}}, 0.25),
      Sample({{"__name__", "up"}, {"instance", "c"}, {"job", "x"}, {"__value__", "text"}}, 1e9)};
  return Value(std::move(samples));
}

tmpl::Function Constant(Value value) {
  return {[value = std::move(value)](Args) -> StatusOr<Value> { return value; }, ""};
}

StatusOr<TemplateCase> ParseCase(std::string_view line) {
  size_t middle = line.find("\" => \"");
  if (middle == std::string_view::npos) middle = line.find("\" !! \"");
  if (middle == std::string_view::npos) return InvalidArgument("neither => nor !!");
  TemplateCase parsed;
  parsed.text = TRY(Unquote(line.substr(0, middle + 1)));
  parsed.want = std::string(line.substr(middle + 2, 3)) + TRY(Unquote(line.substr(middle + 5)));
  return parsed;
}

}  // namespace

StatusOr<std::vector<TemplateCase>> ReadTemplateCases(const std::string& path) {
  const std::string text = TRY(ReadFile(path));
  std::vector<TemplateCase> cases;
  int number = 0;
  for (const std::string_view line : Split(text, '\n')) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const std::string where = fmt::format("{}:{}", path, number);
    StatusOr<TemplateCase> parsed = ParseCase(line);
    if (!parsed.ok()) return Annotate(parsed.status(), where);
    parsed->where = where;
    cases.push_back(*std::move(parsed));
  }
  return cases;
}

std::string CaseResult(const StatusOr<std::string>& result) {
  return result.ok() ? "=> " + *result : "!! " + Message(result.status());
}

Value TemplateCaseData() {
  int offset = 0;
  const Nanos time = *ParseRfc3339("2026-11-21T09:05:07.123456789+01:00", &offset);
  MethodList subs;
  subs.type = "[]sub";
  subs.items = {Sub("p", "q"), Sub("r", "s")};
  const Value deep = MapOf({{"deep", "v"}, {"n", 7}}, true);
  Object data;
  data.type = "data";
  data.fields = {
      {"Labels", MapOf({{"job", "node"}, {"instance", "h1:9100"}, {"empty", ""}})},
      {"Value", 1234567.891},
      {"Int", -42},
      {"List", Value(MethodList{{"a", "b", "c"}, {}, "[]string"})},
      {"Nums", Value(List{3, 1, 2})},
      {"Any", MapOf({{"x", 1}, {"s", "t"}}, true)},
      {"Sub", Sub("p", "q")},
      {"T", Time{time, offset, ""}},
      {"D", Duration{3661500 * kNanosPerMilli}},
      {"Empty", Value(List{})},
      {"Bool", true},
      {"Nil", Value()},
      {"Tiny", -0.000012345},
      {"Big", 1e21},
      {"NaN", std::numeric_limits<double>::quiet_NaN()},
      {"Inf", std::numeric_limits<double>::infinity()},
      {"NInf", -std::numeric_limits<double>::infinity()},
      {"Text", "héllo <wörld> & \"q\" 'x' +1 `b`\n\ttab\\ \u2028 €/?#=%41"},
      {"Mixed", Value(List{1, "a", 2.5, true, Value(), Value(List{1, "z"}),
                           MapOf({{"k", 1.5}}, true), Sub("p", "q")})},
      {"Nested", MapOf({{"m", deep}, {"l", Value(List{1, 2})}, {"nil", Value()}}, true)},
      {"Zero", Time{}},
      {"Max", std::numeric_limits<int64_t>::max()},
      {"Min", std::numeric_limits<int64_t>::min()},
      {"Neg", Duration{-1'500'000}},
      {"Safe", SafeHtml{"<i>ok</i> & \"q\""}},
      {"Link", "http://h/a b?q=<x>&r=1#f"},
      {"Script", "javascript:alert(1)"},
      {"Subs", Value(std::move(subs))},
  };
  return Value(std::move(data));
}

tmpl::FunctionMap TemplateCaseFunctions() {
  return {{"toUpper", {tmpl::ToUpperFunction, "s"}},
          {"fail", {[](Args) -> StatusOr<Value> { return Internal("broken"); }, ""}},
          {"any", {[](Args args) -> StatusOr<Value> { return args[0]; }, "a"}}};
}

Value PrometheusCaseData() {
  Object data;
  data.type =
      "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; "
      "Value interface {} }";
  data.fields = {{"Labels", MapOf({{"__name__", "m"},
                                   {"job", "node"},
                                   {"instance", "h1.example.com:9100"},
                                   {"severity", "page <1>"}})},
                 {"ExternalLabels", MapOf({{"cluster", "eu"}, {"replica", "0"}})},
                 {"ExternalURL", "http://host:9090/prefix"},
                 {"Value", Value(1234567.891).Boxed()}};
  return Value(std::move(data));
}

tmpl::FunctionMap PrometheusCaseFunctions() {
  tmpl::FunctionMap functions = tmpl::PrometheusFunctions();
  functions["query"] = {CaseQuery, "s"};
  functions["now"] = Constant(1700000000.123);
  functions["externalURL"] = Constant("http://host:9090/prefix");
  functions["pathPrefix"] = Constant("/prefix");
  return functions;
}

}  // namespace outrider
