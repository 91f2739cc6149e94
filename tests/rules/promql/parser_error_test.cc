// SPDX-License-Identifier: Apache-2.0
// What the parser says about queries it refuses, and where. All rows agree with Prometheus 3.14;
// many more are in tests/data/promql/parser.txt.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "rules/promql/parser.h"

namespace outrider::promql {
namespace {

struct Row {
  std::string_view query;
  std::string_view position;
  std::string_view text;
};

std::string ErrorOf(std::string_view query, const ParseOptions& options = {}) {
  const StatusOr<ExprPtr> expr = ParseExpression(query, options);
  return expr.ok() ? "none" : Message(expr.status());
}

void ExpectErrors(std::initializer_list<Row> rows, std::string_view ending = "") {
  for (const Row& row : rows) {
    EXPECT_EQ(ErrorOf(row.query),
              fmt::format("{}: parse error: {}{}", row.position, row.text, ending))
        << row.query;
  }
}

TEST(ParserErrors, Characters) {
  ExpectErrors({
      {"tank_level & pump", "1:12", "unexpected character: '&'"},
      {"tank_level ? 1", "1:12", "unexpected character: '?'"},
      {R"(tank\level)", "1:5", R"(unexpected character: '\\')"},
      {"tänk_level", "1:2", "unexpected character: 'ä'"},
      {"tank_level → pump", "1:12", "unexpected character: '→'"},
      {"tank_level ! pump", "1:12", "unexpected character after '!': ' '"},
      {"tank_level !'full'", "1:12", R"(unexpected character after '!': '\'')"},
      {R"(tank_level =~ "full")", "1:12", "unexpected character after '=': '~'"},
      {R"(tank_level !~ "full")", "1:12", "unexpected character after '!': '~'"},
      {"tank_level}", "1:11", "unexpected character: '}'"},
      {"tank_level]", "1:11", "unexpected right bracket ']'"},
      {"tank_level)", "1:12", "unexpected right parenthesis ')'"},
      {"(tank_level))", "1:14", "unexpected right parenthesis ')'"},
      {"(tank_level", "1:12", "unclosed left parenthesis"},
      {"rate((tank_level[5m]", "1:21", "unclosed left parenthesis"},
  });
}

TEST(ParserErrors, Strings) {
  ExpectErrors({
      {R"("lager)", "1:1", "unterminated quoted string"},
      {"`lager", "1:1", "unterminated raw string"},
      {"\"lager\nale\"", "1:1", "unterminated quoted string"},
      {R"("lager\y")", "1:1", "unknown escape sequence U+0079 'y'"},
      {R"("lager\'")", "1:1", "unknown escape sequence U+0027 '''"},
      {R"('lager\"')", "1:1", R"(unknown escape sequence U+0022 '"')"},
      {R"("lager\é")", "1:1", "unknown escape sequence U+00E9 'é'"},
      {R"("\x4")", "1:1", R"(illegal character U+0022 '"' in escape sequence)"},
      {R"("\x4g")", "1:1", "illegal character U+0067 'g' in escape sequence"},
      {R"("\u12")", "1:1", R"(illegal character U+0022 '"' in escape sequence)"},
      {R"("\08")", "1:1", "illegal character U+0038 '8' in escape sequence"},
      {R"("\)", "1:1", "escape sequence not terminated"},
      {R"("\u00)", "1:1", "escape sequence not terminated"},
      {R"("\400")", "1:1", "escape sequence is an invalid Unicode code point"},
      {R"("\ud812")", "1:1", "escape sequence is an invalid Unicode code point"},
      {R"("\U00FF0000")", "1:1", "escape sequence is an invalid Unicode code point"},
      {R"(beer{kind="lager\qale"})", "1:11", "unknown escape sequence U+0071 'q'"},
      {"beer{kind='lager", "1:11", "unterminated quoted string"},
      {"beer{kind=`lager}", "1:11", "unterminated raw string"},
  });
}

TEST(ParserErrors, Numbers) {
  ExpectErrors({
      {"7up", "1:1", R"(bad number or duration syntax: "7")"},
      {"7_", "1:1", R"(bad number or duration syntax: "7_")"},
      {"7._5", "1:1", R"(bad number or duration syntax: "7._")"},
      {"7.5.2", "1:1", R"(bad number or duration syntax: "7.5.")"},
      {"7e", "1:1", R"(bad number or duration syntax: "7e")"},
      {"7e_2", "1:1", R"(bad number or duration syntax: "7e_")"},
      {"0x", "1:1", R"(error parsing number: strconv.ParseFloat: parsing "0x": invalid syntax)"},
      {"0xFFFFFFFFFFFFFFFFFF", "1:1",
       R"(error parsing number: strconv.ParseFloat: parsing "0xFFFFFFFFFFFFFFFFFF": invalid syntax)"},
      {"0xAg", "1:1", R"(bad number or duration syntax: "0xA")"},
      {"0x_", "1:1", R"(error parsing number: strconv.ParseFloat: parsing "0x_": invalid syntax)"},
      {"0xA.8", "1:1", R"(bad number or duration syntax: "0xA.")"},
      {"-9e999", "1:2",
       R"(error parsing number: strconv.ParseFloat: parsing "9e999": value out of range)"},
      {"12min", "1:1", R"(bad number or duration syntax: "12mi")"},
      {"3h15m_", "1:1", R"(bad number or duration syntax: "3h15m_")"},
      {"4.5h", "1:1", R"(unknown unit "." in duration "4.5h")"},
      {"0x2h", "1:1", R"(unknown unit "x" in duration "0x2h")"},
      {"20m3h", "1:1", R"(not a valid duration string: "20m3h")"},
      {"8ys", "1:1", R"(unknown unit "ys" in duration "8ys")"},
      {"4h9ms2s", "1:1", R"(not a valid duration string: "4h9ms2s")"},
  });
}

TEST(ParserErrors, Matchers) {
  ExpectErrors({
      {"beer{", "1:6", "unexpected end of input inside braces"},
      {"beer{kind=", "1:11", "unexpected end of input inside braces"},
      {R"(beer{kind="ale",)", "1:17", "unexpected end of input inside braces"},
      {R"(beer{kind="ale" origin="york"})", "1:17",
       R"(unexpected identifier "origin" in label matching, expected "," or "}")"},
      {"beer{kind}", "1:10",
       R"(unexpected "}" in label matching, expected label matching operator)"},
      {R"(beer{kind "ale"})", "1:11",
       R"(unexpected string "\"ale\"" in label matching, expected label matching operator)"},
      {"beer{kind=ale}", "1:11",
       R"(unexpected identifier "ale" in label matching, expected string)"},
      {"beer{=}", "1:6", R"(unexpected "=" in label matching, expected identifier or "}")"},
      {"beer{,}", "1:6", R"(unexpected "," in label matching, expected identifier or "}")"},
      {R"(beer{kind="ale",,})", "1:17",
       R"(unexpected "," in label matching, expected identifier or "}")"},
      {R"(beer{kind=="ale"})", "1:11", R"(unexpected "=" in label matching, expected string)"},
      {R"(beer{kind!"ale"})", "1:10", R"(unexpected character after '!' inside braces: '"')"},
      {"beer{kind!", "1:10", "unexpected character after '!' inside braces: '�'"},
      {R"(beer{kind>"ale"})", "1:10", "unexpected character inside braces: '>'"},
      {R"(beer{kind:dark="ale"})", "1:10", "unexpected character inside braces: ':'"},
      {R"(beer{(kind="ale")})", "1:6", "unexpected character inside braces: '('"},
      {R"(beer{{kind="ale"}})", "1:6", "unexpected left brace '{'"},
      {R"(beer{kind="ale"}{origin="york"})", "1:17", R"(unexpected "{")"},
      {R"(beer{kind="ale"}})", "1:17", "unexpected character: '}'"},
      {R"(beer{"kind"="ale","origin" "york"})", "1:28",
       R"(unexpected string "\"york\"" in label matching, expected "," or "}")"},
      {R"(beer{"kind"=})", "1:13", R"(unexpected "}" in label matching, expected string)"},
      {R"(beer{"wheat"})", "1:1", R"(metric name must not be set twice: "beer" or "wheat")"},
      {R"(beer{__name__="wheat"})", "1:1",
       R"(metric name must not be set twice: "beer" or "wheat")"},
      {R"(beer{kind=~"(ale"})", "1:6", "error parsing regexp: missing closing ): `(ale`"},
      {R"(beer{kind=~"ale{3,2}"})", "1:6", "error parsing regexp: invalid repeat count: `{3,2}`"},
      {"{}", "1:1", "vector selector must contain at least one non-empty matcher"},
      {R"({kind=""})", "1:1", "vector selector must contain at least one non-empty matcher"},
      {R"({kind=~".*|ale"})", "1:1", "vector selector must contain at least one non-empty matcher"},
      {R"({kind!="ale",origin!~"york"})", "1:1",
       "vector selector must contain at least one non-empty matcher"},
      {R"({""})", "1:1", "vector selector must contain at least one non-empty matcher"},
      {R"(beer{°="x"})", "1:6", "unexpected character inside braces: '°'"},
  });
}

TEST(ParserErrors, Ranges) {
  ExpectErrors({
      {"flow[", "1:6", "unexpected end of input in duration expression"},
      {"flow[5m", "1:8", "unclosed left bracket"},
      {"flow[:30s]", "1:7", "unexpected colon before duration in duration expression"},
      {"flow[5m::]", "1:9", "unexpected colon ':'"},
      {"flow[5m[5m]]", "1:8", "unexpected left bracket '['"},
      {"flow[[5m]]", "1:6", "unexpected character in duration expression: '['"},
      {"flow[rate]", "1:6", "unexpected character in duration expression: 'r'"},
      {"flow[# five", "1:6", "unexpected character in duration expression: '#'"},
      {"flow[=5m]", "1:6", "unexpected character in duration expression: '='"},
      {"flow[5m=6m]", "1:8", R"(unexpected "=" in subquery or range, expected ":" or "]")"},
      {"flow[5m == 6m]", "1:9", R"(unexpected <op:==> in subquery or range, expected ":" or "]")"},
      {"flow[5m, 6m]", "1:8", R"(unexpected "," in subquery or range, expected ":" or "]")"},
      {"flow[5m rate]", "1:9", "unexpected character: 'r', expected ':'"},
      {"flow[5m and 6m]", "1:9", "unexpected character: 'a', expected ':'"},
      {R"(flow[5m "x"])", "1:9",
       R"(unexpected string "\"x\"" in subquery or range, expected ":" or "]")"},
      {"flow[5m {}]", "1:9", R"(unexpected "{" in subquery or range, expected ":" or "]")"},
      {"flow[5m 6m]", "1:9",
       R"(unexpected duration "6m" in subquery or range, expected ":" or "]")"},
      {"flow[5m @ 3]", "1:9", R"(unexpected <op:@> in subquery or range, expected ":" or "]")"},
      {"flow[5m step()]", "1:9", R"(unexpected "step" in subquery or range, expected ":" or "]")"},
      {"flow[5m)]", "1:9", "unexpected right parenthesis ')'"},
      {"(flow[5m)]", "1:9", R"q(unexpected ")" in subquery or range, expected ":" or "]")q"},
      {"flow[5m;]", "1:8", "unexpected character: ';'"},
      {"flow[5m!]", "1:8", "unexpected character after '!': ']'"},
      {"flow[5mm]", "1:6", R"(bad number or duration syntax: "5mm")"},
      {"flow[2.5m]", "1:6", R"(unknown unit "." in duration "2.5m")"},
      {"flow[0]", "1:6", "duration must be greater than 0"},
      {"flow[0s]", "1:6", "duration must be greater than 0"},
      {"flow[-5m]", "1:6", "duration must be greater than 0"},
      {"flow[5m:0]", "1:9", "duration must be greater than 0"},
      {"flow[400y]", "1:6", "duration out of range"},
      {"flow[9999999999999]", "1:6", "duration out of range"},
      {"flow[5m][5m]", "1:9", "ranges only allowed for vector selectors"},
      {"(flow)[5m]", "1:7", "ranges only allowed for vector selectors"},
      {"7[5m]", "1:2", "ranges only allowed for vector selectors"},
      {"sum(flow)[5m]", "1:10", "ranges only allowed for vector selectors"},
      {R"("flow"[5m])", "1:7", "ranges only allowed for vector selectors"},
      {"[5m]", "1:1", R"(unexpected "[")"},
  });
}

TEST(ParserErrors, MissingDurations) {
  ExpectErrors(
      {
          {"flow[]", "1:6", R"(unexpected "]" in subquery or range selector)"},
          {"flow[5m+]", "1:9", R"(unexpected "]" in subquery or range selector)"},
          {"flow[*5m]", "1:6", "unexpected <op:*> in subquery or range selector"},
          {"flow[5m**2]", "1:9", "unexpected <op:*> in subquery or range selector"},
          {"flow[()]", "1:7", R"q(unexpected ")" in subquery or range selector)q"},
          {"flow[step]", "1:10", R"(unexpected "]" in subquery or range selector)"},
          {"flow[step(3)]", "1:11", R"(unexpected number "3" in subquery or range selector)"},
          {"flow[max_of()]", "1:13", R"q(unexpected ")" in subquery or range selector)q"},
          {"flow[max_of(5m)]", "1:15", R"q(unexpected ")" in subquery or range selector)q"},
          {"flow[max_of(5m,)]", "1:16", R"q(unexpected ")" in subquery or range selector)q"},
          {"flow[max_of(5m 6m)]", "1:16",
           R"(unexpected duration "6m" in subquery or range selector)"},
          {"flow[max_of(5m,6m,7m)]", "1:18", R"(unexpected "," in subquery or range selector)"},
          {"flow offset", "1:12", "unexpected end of input in offset"},
          {"flow offset pump", "1:13", R"(unexpected identifier "pump" in offset)"},
          {R"(flow offset "5m")", "1:13", R"(unexpected string "\"5m\"" in offset)"},
          {"flow offset start()", "1:13", R"(unexpected "start" in offset)"},
          {"flow offset -", "1:14", "unexpected end of input in offset"},
          {"flow offset (pump)", "1:14", R"(unexpected identifier "pump" in offset)"},
          {"flow offset step(1)", "1:18", R"(unexpected number "1" in offset)"},
      },
      ", expected number, duration, step(), or range()");
}

TEST(ParserErrors, DurationArithmetic) {
  ExpectErrors({
      {"flow[5m/0]", "1:8", "division by zero"},
      {"flow[5m%0s]", "1:8", "modulo by zero"},
      {"flow[2^(1/0)]", "1:10", "division by zero"},
      {"flow[(5m]", "1:9",
       R"(unexpected "]" in subquery or range selector, expected number, duration, step(), or range())"},
      {"flow[(5m:30s)]", "1:9",
       R"(unexpected ":" in subquery or range selector, expected number, duration, step(), or range())"},
      {"flow[(5m", "1:9", "unclosed left parenthesis"},
      {"flow[(", "1:7", "unexpected end of input in duration expression"},
      {"flow[range(", "1:12", "unexpected end of input in duration expression"},
      {"flow[min_of(rate,5m)]", "1:13", "unexpected character in duration expression: 'r'"},
      {"flow[min_of(400y,5m)]", "1:13", "duration out of range"},
      {"flow[stepper()]", "1:6", "unexpected character in duration expression: 's'"},
  });
}

TEST(ParserErrors, Modifiers) {
  ExpectErrors({
      {"flow offset (5m", "1:16", "unclosed left parenthesis"},
      {"flow offset (5m,6m)", "1:16",
       R"(unexpected "," in offset, expected number, duration, step(), or range())"},
      {"flow offset (5m/0)", "1:16", "division by zero"},
      {"flow offset 400y", "1:13", "duration out of range"},
      {"flow offset Inf", "1:13", "duration out of range"},
      {"flow offset -NaN", "1:13", "duration out of range"},
      {"flow offset 3.5h", "1:13", R"(unknown unit "." in duration "3.5h")"},
      {"flow offset 5m offset 6m", "1:1", "offset may not be set multiple times"},
      {"flow offset 5m @ 7 offset 5m", "1:1", "offset may not be set multiple times"},
      {"flow offset 5m[5m]", "1:15", "no offset modifiers allowed before range"},
      {"7 offset 5m", "1:1",
       "offset modifier must be preceded by an instant vector selector or range vector selector or "
       "a subquery"},
      {"(flow) offset 5m", "1:1",
       "offset modifier must be preceded by an instant vector selector or range vector selector or "
       "a subquery"},
      {"rate(flow[5m]) offset 5m", "1:1",
       "offset modifier must be preceded by an instant vector selector or range vector selector or "
       "a subquery"},
      {"flow @", "1:7", "unexpected end of input in @, expected timestamp"},
      {"flow @ pump", "1:8", R"(unexpected identifier "pump" in @, expected timestamp)"},
      {"flow @ (7)", "1:8", R"(unexpected "(" in @, expected timestamp)"},
      {"flow @ start", "1:13", "unexpected end of input in @, expected timestamp"},
      {"flow @ start(7)", "1:14", R"(unexpected number "7" in @, expected timestamp)"},
      {"flow @ end(", "1:12", "unclosed left parenthesis"},
      {"flow @ step()", "1:8", R"(unexpected "step" in @, expected timestamp)"},
      {"flow @ Inf", "1:1", "timestamp out of bounds for @ modifier: +Inf"},
      {"flow @ -nan", "1:1", "timestamp out of bounds for @ modifier: NaN"},
      {"flow @ 1e20", "1:1",
       "timestamp out of bounds for @ modifier: 100000000000000000000.000000"},
      {"flow @ 7[5m]", "1:9", "no @ modifiers allowed before range"},
      {"flow @ 7 @ 8", "1:1", "@ <timestamp> may not be set multiple times"},
      {"flow @ start() @ end()", "1:1", "@ <timestamp> may not be set multiple times"},
      {"sum(flow) @ 7", "1:1",
       "@ modifier must be preceded by an instant vector selector or range vector selector or a "
       "subquery"},
      {R"("flow" @ 7)", "1:1",
       "@ modifier must be preceded by an instant vector selector or range vector selector or a "
       "subquery"},
      {"flow anchored", "1:1", "anchored modifier is experimental and not enabled"},
      {"flow[5m] smoothed", "1:1", "smoothed modifier is experimental and not enabled"},
  });
}

TEST(ParserErrors, Aggregations) {
  ExpectErrors({
      {"sum()", "1:1", "no arguments for aggregate expression provided"},
      {"sum(flow, pump)", "1:1",
       "wrong number of arguments for aggregate expression provided, expected 1, got 2"},
      {"topk(flow)", "1:1",
       "wrong number of arguments for aggregate expression provided, expected 2, got 1"},
      {R"(count_values("level"))", "1:1",
       "wrong number of arguments for aggregate expression provided, expected 2, got 1"},
      {"sum flow", "1:5", R"(unexpected identifier "flow")"},
      {"sum by flow", "1:8", R"(unexpected identifier "flow" in grouping opts, expected "(")"},
      {"sum by (tank", "1:13", "unclosed left parenthesis"},
      {"sum by (tank flow) (pump)", "1:14",
       R"q(unexpected identifier "flow" in grouping opts, expected "," or ")")q"},
      {"sum by (tank,,site) (pump)", "1:14", R"(unexpected "," in grouping opts, expected label)"},
      {"sum by (7) (pump)", "1:9", R"(unexpected number "7" in grouping opts, expected label)"},
      {R"(sum by ("") (pump))", "1:9", R"(invalid label name for grouping: "")"},
      {R"(sum by ("\xff") (pump))", "1:9", R"(invalid label name for grouping: "\xff")"},
      {"sum(pump) by (tank) without (site)", "1:21", "unexpected <without>"},
      {"sum(7)", "1:5", "expected type instant vector in aggregation expression, got scalar"},
      {"max(pump[5m])", "1:5",
       "expected type instant vector in aggregation expression, got range vector"},
      {R"(topk("3", pump))", "1:6", "expected type scalar in aggregation parameter, got string"},
      {"quantile(pump, pump)", "1:10",
       "expected type scalar in aggregation parameter, got instant vector"},
      {"count_values(3, pump)", "1:14",
       "expected type string in aggregation parameter, got scalar"},
      {"limitk(3, pump)", "1:1",
       "limitk() is experimental and must be enabled with "
       "--enable-feature=promql-experimental-functions"},
      {"limit_ratio(0.5, pump)", "1:1",
       "limit_ratio() is experimental and must be enabled with "
       "--enable-feature=promql-experimental-functions"},
  });
}

TEST(ParserErrors, Calls) {
  ExpectErrors({
      {"pour(pump)", "1:1", R"(unknown function with name "pour")"},
      {"RATE(pump[5m])", "1:1", R"(unknown function with name "RATE")"},
      {"rate()", "1:1", R"(expected 1 argument(s) in call to "rate", got 0)"},
      {"rate(pump[5m], 7)", "1:1", R"(expected 1 argument(s) in call to "rate", got 2)"},
      {"rate(pump[5m],)", "1:14", "trailing commas not allowed in function call args"},
      {"rate(, pump[5m])", "1:6", R"(unexpected ",")"},
      {"rate(pump[5m] 7)", "1:15", R"(unexpected number "7")"},
      {"round()", "1:1", R"(expected at least 1 argument(s) in call to "round", got 0)"},
      {"round(pump, 7, 7)", "1:1", R"(expected at most 2 argument(s) in call to "round", got 3)"},
      {R"(label_replace(pump, "a", "b", "c"))", "1:1",
       R"(expected 5 argument(s) in call to "label_replace", got 4)"},
      {R"(label_join(pump, "a"))", "1:1",
       R"(expected at least 3 argument(s) in call to "label_join", got 2)"},
      {"clamp_max(pump)", "1:1", R"(expected 2 argument(s) in call to "clamp_max", got 1)"},
      {"pi(7)", "1:1", R"(expected 0 argument(s) in call to "pi", got 1)"},
      {"rate(pump)", "1:6",
       R"(expected type range vector in call to function "rate", got instant vector)"},
      {"ceil(pump[5m])", "1:6",
       R"(expected type instant vector in call to function "ceil", got range vector)"},
      {R"(ceil("pump"))", "1:6",
       R"(expected type instant vector in call to function "ceil", got string)"},
      {"ceil(7)", "1:6", R"(expected type instant vector in call to function "ceil", got scalar)"},
      {"vector(pump)", "1:8",
       R"(expected type scalar in call to function "vector", got instant vector)"},
      {"scalar(7)", "1:8",
       R"(expected type instant vector in call to function "scalar", got scalar)"},
      {"histogram_quantile(pump, pump)", "1:20",
       R"(expected type scalar in call to function "histogram_quantile", got instant vector)"},
      {R"(label_replace(pump, "a", 7, "c", "d"))", "1:26",
       R"(expected type string in call to function "label_replace", got scalar)"},
      {"minute(7)", "1:8",
       R"(expected type instant vector in call to function "minute", got scalar)"},
      {"mad_over_time(pump[5m])", "1:1", R"(function "mad_over_time" is not enabled)"},
      {"info(pump)", "1:1", R"(function "info" is not enabled)"},
      {"start(7)", "1:1", R"(function "start" is not enabled)"},
  });
}

TEST(ParserErrors, Operators) {
  ExpectErrors({
      {"tank +", "1:7", "unexpected end of input"},
      {"* tank", "1:1", "unexpected <op:*>"},
      {"tank + * pump", "1:8", "unexpected <op:*>"},
      {"tank == == pump", "1:9", "unexpected <op:==>"},
      {"tank = pump", "1:6", R"(unexpected "=")"},
      {"tank, pump", "1:5", R"(unexpected ",")"},
      {"tank 7", "1:6", R"(unexpected number "7")"},
      {"7 tank", "1:3", R"(unexpected identifier "tank")"},
      {"7m 7m", "1:4", R"(unexpected duration "7m")"},
      {R"(tank "pump")", "1:6", R"(unexpected string "\"pump\"")"},
      {"()", "1:2", R"q(unexpected ")")q"},
      {"(,)", "1:2", R"(unexpected ",")"},
      {"tank{} pump", "1:8", R"(unexpected identifier "pump")"},
      {"and and", "1:8", "unexpected end of input"},
      {"tank or or pump", "1:12", R"(unexpected identifier "pump")"},
      {"bool", "1:1", "unexpected <bool>"},
      {"on", "1:1", "unexpected <on>"},
      {"tank bool pump", "1:6", "unexpected <bool>"},
      {"tank > bool bool pump", "1:13", "unexpected <bool>"},
      {"tank + bool pump", "1:6", "bool modifier can only be used on comparison operators"},
      {"tank and bool pump", "1:6", "bool modifier can only be used on comparison operators"},
      {"3 > 4", "1:3", "comparisons between scalars must use BOOL modifier"},
      {"tank + on pump", "1:11", R"(unexpected identifier "pump" in grouping opts, expected "(")"},
      {"tank + on (site", "1:16", "unclosed left parenthesis"},
      {"tank + on (site) ignoring (kind) pump", "1:18", "unexpected <ignoring>"},
      {"tank + on (site) group_left (kind) group_right pump", "1:36", "unexpected <group_right>"},
      {"tank + group_left pump", "1:8", "unexpected <group_left>"},
      {"tank + on (site) group_left (site) pump", "1:6",
       R"(label "site" must not occur in ON and GROUP clause at once)"},
      {"tank and on (site) group_left pump", "1:1", R"(no grouping allowed for "and" operation)"},
      {"tank unless on (site) group_right (kind) pump", "1:1",
       R"(no grouping allowed for "unless" operation)"},
      {"7 * on (site) pump", "1:1", "vector matching only allowed between instant vectors"},
      {"tank and 7", "1:1", R"(set operator "and" not allowed in binary scalar expression)"},
      {"7 or tank", "1:1", R"(set operator "or" not allowed in binary scalar expression)"},
      {"1 unless 2", "1:1", R"(set operator "unless" not allowed in binary scalar expression)"},
      {R"(tank + "pump")", "1:8",
       "binary expression must contain only scalar and instant vector types"},
      {R"("tank" + "pump")", "1:1",
       "binary expression must contain only scalar and instant vector types"},
      {"tank[5m] + pump", "1:1",
       "binary expression must contain only scalar and instant vector types"},
      {"tank + pump[5m:]", "1:8",
       "binary expression must contain only scalar and instant vector types"},
      {"-tank[5m]", "1:1",
       R"(unary expression only allowed on expressions of type scalar or instant vector, got "range vector")"},
      {R"(+"tank")", "1:1",
       R"(unary expression only allowed on expressions of type scalar or instant vector, got "string")"},
      {"-(tank[5m:1m])", "1:1",
       R"(unary expression only allowed on expressions of type scalar or instant vector, got "range vector")"},
      {"tank[5m:][5m:]", "1:1", "subquery is only allowed on instant vector, got matrix instead"},
      {R"("tank"[5m:])", "1:1", "subquery is only allowed on instant vector, got string instead"},
      {"time()[5m:]", "1:1", "subquery is only allowed on instant vector, got scalar instead"},
      {"tank + fill(0) pump", "1:1", "binop fill modifiers are experimental and not enabled"},
      {"tank + on (site) fill_left(0) pump", "1:1",
       "binop fill modifiers are experimental and not enabled"},
  });
}

TEST(ParserErrors, Layout) {
  ExpectErrors({
      {"", "unknown position", "no expression found in input"},
      {"# nothing but a comment", "1:1", "no expression found in input"},
      {"tank\n  pump", "2:3", R"(unexpected identifier "pump")"},
      {"\n\ntank +\n", "4:1", "unexpected end of input"},
      {"sum by (site) (\n  rate(pump)\n)", "2:8",
       R"(expected type range vector in call to function "rate", got instant vector)"},
      {"tank # level )\n)", "2:2", "unexpected right parenthesis ')'"},
      {"beer{\n  kind=\"ale\",\n  origin=york\n}", "3:10",
       R"(unexpected identifier "york" in label matching, expected string)"},
      {R"("é" + tank)", "1:1",
       "binary expression must contain only scalar and instant vector types"},
      {"tank + \"\n\"\n", "1:8", "unterminated quoted string"},
  });
}

TEST(ParserErrors, BytesThatAreNoUtf8) {
  ExpectErrors({
      {"beer \xff", "1:6", "unexpected character: '\xEF\xBF\xBD'"},
      {"beer{\xfe}", "1:6", "unexpected character inside braces: '\xEF\xBF\xBD'"},
      {"beer{kind=\"\xc3\"}", "1:11", "invalid UTF-8 rune"},
      {"`\xe2\x82`", "1:1", "invalid UTF-8 rune"},
      {std::string_view("beer\0", 5), "1:5", R"(unexpected character: '\x00')"},
      {"\"\\\xff\"", "1:1", "unknown escape sequence U+FFFD '\xEF\xBF\xBD'"},
      {"beer\xC2\xA0", "1:5", R"(unexpected character: '\u00a0')"},
  });
}

// The switch lets the names through; what follows is checked as ever.
TEST(ParserErrors, ExperimentalFunctions) {
  constexpr ParseOptions kOn{.experimental_functions = true};
  EXPECT_EQ(ErrorOf("limitk(3, pump)", kOn), "none");
  EXPECT_EQ(ErrorOf("mad_over_time(pump[5m])", kOn), "none");
  EXPECT_EQ(ErrorOf(R"(limit_ratio("half", pump))", kOn),
            "1:13: parse error: expected type scalar in aggregation parameter, got string");
  EXPECT_EQ(ErrorOf("max_of(7)", kOn),
            R"(1:1: parse error: expected 2 argument(s) in call to "max_of", got 1)");
  EXPECT_EQ(ErrorOf("step(7)", kOn),
            R"(1:1: parse error: expected 0 argument(s) in call to "step", got 1)");
}

}  // namespace
}  // namespace outrider::promql
