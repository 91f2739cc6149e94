// SPDX-License-Identifier: Apache-2.0
// What parses, and as what: the tree is shown with a parenthesis around every operation.
#include "rules/promql/parser.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rules/promql/functions/table.h"
#include "rules/promql/printer.h"

namespace outrider::promql {
namespace {

std::string Shape(const Expr& e) {
  if (const auto* b = std::get_if<BinaryExpr>(&e.node)) {
    return fmt::format("({} {} {})", Shape(*b->lhs), TokenText(b->op), Shape(*b->rhs));
  }
  if (const auto* u = std::get_if<UnaryExpr>(&e.node)) {
    return fmt::format("({}{})", u->negate ? "-" : "+", Shape(*u->expr));
  }
  if (const auto* p = std::get_if<ParenExpr>(&e.node)) return Shape(*p->expr);
  return Print(e);
}

struct Case {
  std::string_view query;
  std::string_view shape;
};

TEST(Parser, Precedence) {
  constexpr Case kCases[] = {
      {"1 + 2 * 3", "(1 + (2 * 3))"},
      {"1 * 2 + 3", "((1 * 2) + 3)"},
      {"1 - 2 - 3", "((1 - 2) - 3)"},
      {"2 ^ 3 ^ 2", "(2 ^ (3 ^ 2))"},
      {"-1^2", "(-(1 ^ 2))"},
      {"-a * b", "((-a) * b)"},
      {"2 ^ -1 * 3", "((2 ^ -1) * 3)"},
      {"---a", "(-(-(-a)))"},
      {"a or b and c", "(a or (b and c))"},
      {"a and b unless c", "((a and b) unless c)"},
      {"a == b + c", "(a == (b + c))"},
      {"a < b == c", "((a < b) == c)"},
      {"a atan2 b % c", "((a atan2 b) % c)"},
      {"-a offset 5m", "(-a offset 5m)"},
      {"a offset 100 + 2", "(a offset 1m40s + 2)"},
      {"a offset -2 ^ 2", "(a offset -2s ^ 2)"},
      {"a offset 5m @ 10 + b", "(a @ 10.000 offset 5m + b)"},
      {"(a)[5m:]", "(a)[5m:]"},
  };
  for (const Case& c : kCases) {
    const StatusOr<ExprPtr> expr = ParseExpression(c.query, {});
    ASSERT_TRUE(expr.ok()) << c.query << ": " << Message(expr.status());
    EXPECT_EQ(Shape(**expr), c.shape) << c.query;
  }
}

TEST(Parser, Accepts) {
  constexpr std::string_view kQueries[] = {
      "sum",
      "avg{a=\"b\"}",
      "by",
      "without",
      "offset",
      "and",
      "start",
      "step",
      "group",
      "sum(sum)",
      "sum by (by, sum, on, bool, offset) (a)",
      "a{on=\"x\", by=\"y\"}",
      "rate(avg[5m])",
      "sum by (a,) (b)",
      "a{b=\"c\",}",
      "{\"a b\"}",
      "{'a b', \"c d\"=~'e'}",
      "SUM(a) BY (b)",
      "a and ON(x) b",
      "a > BOOL 1",
      "topk by (a) (3, b)",
      "(((a)))",
      "a[5m:30s] offset -1h @ end()",
      "a @ 1.5e3",
      "a @ -10",
      "a @ 1m40s",
      "a offset 1h30m",
      "histogram_quantile(0.9, rate(a[5m]))",
      "absent(a{b=\"c\"})",
      "hour()",
      "hour(a)",
      "round(a, 5)",
      "label_join(a, \"b\", \"-\")",
      "a[1h/2]",
      "a[1h:1h / 2]",
      "010",
      "08",
      "0x_ff",
      "1h30m + 5",
      "# comment\na",
      "a # comment",
      "sum(\n  rate(a[5m]) # inner\n) by (b)",
      "a{b=~\"c|d\"} unless on (e) f",
      "a * on (b, c) group_left (d) e",
      "count_values without (a) (\"b\", c)",
      "quantile(0.5, a)",
      "vector(1)",
      "scalar(a)",
      "pi()",
      "time() - timestamp(a)",
      "min_over_time(rate(a[5m])[1h:1m])",
      "{__name__=~\"a.*\"}",
  };
  for (const std::string_view query : kQueries) {
    const StatusOr<Expression> expr = Expression::Parse(query);
    EXPECT_TRUE(expr.ok()) << query << ": " << Message(expr.status());
  }
}

TEST(Parser, Numbers) {
  struct Number {
    std::string_view text;
    double value;
  };
  constexpr Number kNumbers[] = {{"1", 1},        {".5", 0.5},    {"5.", 5},       {"1e-3", 0.001},
                                 {"010", 8},      {"08", 8},      {"0xff", 255},   {"1_0", 10},
                                 {"1h30m", 5400}, {"2ms", 0.002}, {"1y", 31536000}};
  for (const Number& n : kNumbers) {
    const StatusOr<ExprPtr> expr = ParseExpression(n.text, {});
    ASSERT_TRUE(expr.ok()) << n.text << ": " << Message(expr.status());
    EXPECT_EQ(std::get<NumberLiteral>((*expr)->node).value, n.value) << n.text;
  }
}

TEST(Parser, TypesAreKnown) {
  struct Typed {
    std::string_view query;
    ValueType type;
  };
  constexpr Typed kTyped[] = {{"1 + 1", ValueType::kScalar},    {"a + 1", ValueType::kVector},
                              {"a[5m]", ValueType::kMatrix},    {"a[5m:]", ValueType::kMatrix},
                              {"\"x\"", ValueType::kString},    {"(time())", ValueType::kScalar},
                              {"sum(a)", ValueType::kVector},   {"-1", ValueType::kScalar},
                              {"vector(1)", ValueType::kVector}};
  for (const Typed& t : kTyped) EXPECT_EQ(Expression::Parse(t.query)->type(), t.type) << t.query;
}

TEST(Parser, ExperimentalFunctionsNeedTheSwitch) {
  for (const FunctionEntry& f : AllFunctions()) {
    if (f.name != "step") continue;
    EXPECT_FALSE(Expression::Parse("step()").ok());
    EXPECT_TRUE(Expression::Parse("step()", {.experimental_functions = true}).ok());
  }
}

TEST(Plan, ReachAddsRangeOffsetAndSubqueries) {
  struct Reach {
    std::string_view query;
    DurationMs horizon;
  };
  constexpr Reach kReaches[] = {
      {"a", 5 * kMinute},
      {"a offset 1h", 65 * kMinute},
      {"rate(a[10m])", 10 * kMinute},
      {"rate(a[10m] offset 5m)", 15 * kMinute},
      {"max_over_time(a[1h:1m])", 65 * kMinute},
      {"max_over_time(rate(a[5m])[1h:1m] offset 10m)", 75 * kMinute},
      {"a offset -1h", 0},
  };
  for (const Reach& r : kReaches) {
    const auto selectors = Expression::Parse(r.query)->Selectors(5 * kMinute);
    ASSERT_EQ(selectors.size(), 1u) << r.query;
    EXPECT_EQ(selectors[0].horizon, r.horizon) << r.query;
    EXPECT_EQ(selectors[0].matchers[0].ToString(), "__name__=\"a\"");
  }
  EXPECT_EQ(Expression::Parse("a + b * c")->Selectors(0).size(), 3u);
}

TEST(Plan, StepInvariance) {
  struct Invariant {
    std::string_view query;
    bool invariant;
  };
  constexpr Invariant kCases[] = {{"1 + 2", true},
                                  {"a", false},
                                  {"a @ 10", true},
                                  {"sum(a @ end())", true},
                                  {"a @ 10 + b", false},
                                  {"time()", false},
                                  {"vector(1)", true},
                                  {"rate(a[5m] @ 5)", true},
                                  {"timestamp(a @ 5)", false},
                                  {"max_over_time(a[5m:] @ 5)", true}};
  for (const Invariant& c : kCases) {
    EXPECT_EQ(Expression::Parse(c.query)->root().step_invariant, c.invariant) << c.query;
  }
}

TEST(ParseSelector, GivesMatchersOrSaysWhyNot) {
  const auto matchers = ParseSelector("a{b=\"c\", d!~\"e\"}");
  ASSERT_TRUE(matchers.ok());
  EXPECT_EQ(matchers->size(), 3u);
  EXPECT_FALSE(ParseSelector("{}").ok());
  EXPECT_FALSE(ParseSelector("a + b").ok());
  EXPECT_FALSE(ParseSelector("a[5m]").ok());
  EXPECT_EQ(ParseLabels("a{b=\"c\"}")->ToString(), "a{b=\"c\"}");
  EXPECT_EQ(ParseLabels("{}")->size(), 0u);
}

}  // namespace
}  // namespace outrider::promql
