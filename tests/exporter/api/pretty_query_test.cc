// SPDX-License-Identifier: Apache-2.0
// Layouts that Prometheus 3.14 answers for the same expressions (data/http_api holds more).
#include "exporter/api/pretty_query.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rules/promql/engine.h"

namespace outrider {
namespace {

std::string Formatted(const std::string& query) {
  const StatusOr<promql::Expression> expr = promql::Expression::Parse(query);
  EXPECT_TRUE(expr.ok()) << query << ": " << expr.status();
  return expr.ok() ? PrettyQuery(expr->root()) : "";
}

TEST(PrettyQuery, ShortOnesStayOnOneLine) {
  EXPECT_EQ(Formatted(" foo  /bar"), "foo / bar");
  EXPECT_EQ(Formatted("sum( rate(a[5m]) )by(x)"), "sum by (x) (rate(a[5m]))");
}

TEST(PrettyQuery, LongOnesAreSplitAtTheirOutermostNode) {
  const std::string a(60, 'a');
  const std::string b(60, 'b');
  const std::pair<std::string, std::string> cases[] = {
      {fmt::format("{}+on(x){}", a, b), fmt::format("  {}\n+ on (x)\n  {}", a, b)},
      {fmt::format("topk(3,{}+{})", a, b),
       fmt::format("topk(\n  3,\n    {}\n  +\n    {}\n)", a, b)},
      {fmt::format("clamp({}{},1,2)", a, b), fmt::format("clamp(\n  {}{},\n  1,\n  2\n)", a, b)},
      {fmt::format("({}-{})", a, b), fmt::format("(\n    {}\n  -\n    {}\n)", a, b)},
      {fmt::format("-{}{}", a, b), fmt::format("-{}{}", a, b)},
      {fmt::format("abs({}{})[5m:1m]", a, b), fmt::format("abs(\n  {}{}\n)[5m:1m]", a, b)},
  };
  for (const auto& [query, expected] : cases) EXPECT_EQ(Formatted(query), expected);
}

TEST(PrettyQuery, WhatWouldTakeTooLongStaysOnOneLine) {
  std::string query;
  for (int i = 0; i < 900; ++i) query += "abs(";
  query += "a" + std::string(900, ')') + " + " + std::string(20'000, 'b');
  EXPECT_EQ(Formatted(query), query);
}

}  // namespace
}  // namespace outrider
