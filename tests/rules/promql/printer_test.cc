// SPDX-License-Identifier: Apache-2.0
// The canonical text of expressions: what Prometheus prints, and a fixed point of parsing and
// printing.
#include "rules/promql/printer.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "rules/promql/parser.h"

namespace outrider::promql {
namespace {

struct Row {
  std::string_view query;
  std::string_view printed = {};  // empty: the query itself
};

std::string Printed(std::string_view query) {
  const StatusOr<ExprPtr> expr = ParseExpression(query, {});
  return expr.ok() ? Print(**expr) : Message(expr.status());
}

void ExpectPrinted(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const std::string printed = Printed(row.query);
    EXPECT_EQ(printed, row.printed.empty() ? row.query : row.printed);
    EXPECT_EQ(Printed(printed), printed) << row.query;
  }
}

TEST(Printer, Literals) {
  ExpectPrinted({
      {"42"},
      {"-7.50", "-7.5"},
      {"1e3", "1000"},
      {"0x1F", "31"},
      {"1_000.5", "1000.5"},
      {".25", "0.25"},
      {"inf", "+Inf"},
      {"-Inf"},
      {"nan", "NaN"},
      {"90s", "1m30s"},
      {"1h0m", "1h"},
      {"400d"},
      {"-1h30m"},
      {R"("it's")"},
      {R"('say "hi"')", R"("say \"hi\"")"},
      {R"(`raw\n"x"`)", R"("raw\\n\"x\"")"},
      {R"("tab\t\u00e9\x01")", R"("tab\té\x01")"},
  });
}

TEST(Printer, Selectors) {
  ExpectPrinted({
      {"mash_temp"},
      {"site:flow:rate5m"},
      {"on_tap"},
      {"sum"},
      {"offset"},
      {"beer{}", "beer"},
      {R"(beer{kind="ale"})"},
      {R"(beer{origin="york",kind='ale'})", R"(beer{kind="ale",origin="york"})"},
      {R"(beer{kind!="ale",kind=~"a.*",kind!~'b"c'})",
       R"(beer{kind!="ale",kind!~"b\"c",kind=~"a.*"})"},
      {R"(beer{kind="ale",})", R"(beer{kind="ale"})"},
      {R"({kind="ale"})"},
      {R"({__name__="beer"})"},
      {R"({__name__=~"beer|wine",kind="ale"})"},
      {R"({__name__="beer",kind="ale"})"},
      {R"({"beer"})", R"({__name__="beer"})"},
      {R"({"craft beer",kind="ale"})", R"({__name__="craft beer",kind="ale"})"},
      {R"({"craft.beer"})", R"({__name__="craft.beer"})"},
      {R"(beer{"alc vol"="5"})"},
      {R"(beer{kind=`a\d`})", R"(beer{kind="a\\d"})"},
  });
}

TEST(Printer, TimesAndRanges) {
  ExpectPrinted({
      {"beer[5m]"},
      {"beer[300]", "beer[5m]"},
      {"beer[1h30m0s]", "beer[1h30m]"},
      {R"(beer{kind="ale"}[1w])"},
      {"beer[90]", "beer[1m30s]"},
      {"beer[0.5]", "beer[500ms]"},
      {"beer offset 5m"},
      {"beer offset -1w"},
      {"beer offset 0", "beer"},
      {"beer offset 90", "beer offset 1m30s"},
      {"beer @ 1700000000", "beer @ 1700000000.000"},
      {"beer @ 1.5", "beer @ 1.500"},
      {"beer @ -0.25", "beer @ -0.250"},
      {"beer @ start()"},
      {"beer @ end() offset 1m"},
      {"beer offset 1m @ end()", "beer @ end() offset 1m"},
      {"beer[5m] @ 10 offset 2m", "beer[5m] @ 10.000 offset 2m"},
      {"beer[5m] offset 2m @ 10", "beer[5m] @ 10.000 offset 2m"},
      {"beer[1h:]"},
      {"beer[1h:5m]"},
      {"beer[ 60m : 300 ]", "beer[1h:5m]"},
      {"beer[1h:5m] offset -5m @ start()", "beer[1h:5m] @ start() offset -5m"},
      {"rate(beer[5m])[1h:1m]"},
      {"max_over_time((beer + 1)[30m:])"},
  });
}

TEST(Printer, DurationArithmetic) {
  ExpectPrinted({
      {"beer[1m + 30]"},
      {"beer[(1m)]"},
      {"beer[+1m]", "beer[1m]"},
      {"beer[ -(1m - 2m) ]", "beer[-(1m - 2m)]"},
      {"beer[2*1m:step()]", "beer[2 * 1m:step()]"},
      {"beer[STEP() ^ 2 % 7 / 3]", "beer[step() ^ 2 % 7 / 3]"},
      {"beer[min_of(5m,range()):max_of(step(),1s)]",
       "beer[min_of(5m, range()):max_of(step(), 1s)]"},
      {"beer[- -90]", "beer[1m30s]"},
      {"beer offset (1m*2)", "beer offset (1m * 2)"},
      {"beer offset -(step())"},
      {"beer offset RANGE()", "beer offset range()"},
      {"beer offset -max_of(1,2)", "beer offset -max_of(1, 2)"},
      {"beer offset 1m + 2"},
  });
}

TEST(Printer, Operators) {
  ExpectPrinted({
      {"-beer"},
      {"+beer"},
      {"--beer"},
      {"-(beer)"},
      {"(((beer)))"},
      {"beer+wine", "beer + wine"},
      {"beer - - wine", "beer - -wine"},
      {"1+2*3", "1 + 2 * 3"},
      {"(1+2)*3", "(1 + 2) * 3"},
      {"2^3^2", "2 ^ 3 ^ 2"},
      {"beer % 2 == 0"},
      {"beer > BOOL 3", "beer > bool 3"},
      {"beer ATAN2 wine", "beer atan2 wine"},
      {"beer AND wine OR rum UNLESS gin", "beer and wine or rum unless gin"},
      {"beer and on() wine", "beer and on () wine"},
      {"beer and on(kind) wine", "beer and on (kind) wine"},
      {"beer * ignoring(kind) wine", "beer * ignoring (kind) wine"},
      {"beer * ignoring() wine", "beer * wine"},
      {"beer * on(kind,site) group_left wine", "beer * on (kind, site) group_left () wine"},
      {"beer * on(kind) group_left(owner, city) wine",
       "beer * on (kind) group_left (owner, city) wine"},
      {"beer / ignoring(kind) group_right() wine", "beer / ignoring (kind) group_right () wine"},
      {"beer / ignoring() group_right(owner) wine", "beer / ignoring () group_right (owner) wine"},
      {R"(beer == bool on("alc vol") wine)", R"(beer == bool on ("alc vol") wine)"},
  });
}

TEST(Printer, AggregationsAndCalls) {
  ExpectPrinted({
      {"sum(beer)"},
      {"SUM(beer)", "sum(beer)"},
      {"sum by() (beer)", "sum(beer)"},
      {"sum without() (beer)", "sum without () (beer)"},
      {"sum by(kind) (beer)", "sum by (kind) (beer)"},
      {"sum(beer) by (kind,site,)", "sum by (kind, site) (beer)"},
      {"avg without (kind) (beer)"},
      {R"(count(beer) without ("alc vol", kind))", R"(count without ("alc vol", kind) (beer))"},
      {"topk(3, beer)"},
      {"topk by(kind)(3,beer)", "topk by (kind) (3, beer)"},
      {"quantile(.9, beer) by (kind)", "quantile by (kind) (0.9, beer)"},
      {R"(count_values("level", beer))"},
      {"group(beer) + stddev(beer) - stdvar(beer)"},
      {"bottomk without(kind) (scalar(wine), beer)", "bottomk without (kind) (scalar(wine), beer)"},
      {"time()"},
      {"vector( 1 )", "vector(1)"},
      {"round(beer, .5)", "round(beer, 0.5)"},
      {"clamp(beer,-1,+1)", "clamp(beer, -1, 1)"},
      {"hour()"},
      {R"q(label_replace(beer, "to", "$1", "from", "(.*)"))q"},
      {"label_join(beer,'to','-','a','b')", R"(label_join(beer, "to", "-", "a", "b"))"},
      {"histogram_quantile(0.99, sum by(le) (rate(pour_seconds_bucket[5m])))",
       "histogram_quantile(0.99, sum by (le) (rate(pour_seconds_bucket[5m])))"},
      {R"(absent(beer{kind="ale"}))"},
      {"predict_linear(tank[1h], 4 * 3600)"},
      {"predict_linear(tank[1h], 4h)"},
  });
}

TEST(Printer, Layout) {
  ExpectPrinted({
      {"beer # comment", "beer"},
      {"sum by (kind)\n  (\n    rate(beer[5m])\n  )", "sum by (kind) (rate(beer[5m]))"},
      {"beer </ 5"},
      {"beer >/ 5"},
  });
}

}  // namespace
}  // namespace outrider::promql
