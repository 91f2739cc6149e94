// SPDX-License-Identifier: Apache-2.0
// Hostile queries end in an error in time, and selectors parsed alone say what is wrong.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "rules/promql/limits.h"
#include "rules/promql/parser.h"

namespace outrider::promql {
namespace {

std::string ErrorOf(std::string_view query) {
  const StatusOr<ExprPtr> expr = ParseExpression(query, {});
  return expr.ok() ? "none" : Message(expr.status());
}

std::string Repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// Each way to nest, far beyond the limit: an error, in time, without a deep stack.
TEST(ParserLimits, NestingIsBounded) {
  struct Nest {
    std::string_view open;
    std::string_view core;
    std::string_view close;
  };
  constexpr Nest kNests[] = {
      {"(", "pump", ")"},    {"-", "pump", ""},          {"abs(", "pump", ")"},
      {"sum(", "pump", ")"}, {"", "pump", "[5m:]"},      {"2 ^ ", "pump", ""},
      {"", "pump", " + 1"},  {"pump[", "5m", "]"},       {"pump or (", "pump", ")"},
      {"-(", "pump", ")"},   {"max(", "pump", "[1h:])"}, {"topk(1, ", "pump", ")"},
  };
  for (const Nest& nest : kNests) {
    constexpr int kTimes = 50000;
    const std::string query =
        Repeat(nest.open, kTimes) + std::string(nest.core) + Repeat(nest.close, kTimes);
    EXPECT_NE(ErrorOf(query), "none") << nest.open << nest.core << nest.close;
  }
  constexpr std::string_view kInBrackets[] = {"(", "-", "+", "2^", "1+", "min_of(1,"};
  for (const std::string_view piece : kInBrackets) {
    const std::string query = fmt::format("pump[{}5m]", Repeat(piece, 50000));
    EXPECT_NE(ErrorOf(query), "none") << piece;
  }
}

TEST(ParserLimits, NestingSaysItsLimit) {
  const std::string said = fmt::format("expression nests deeper than {} levels", kMaxDepth);
  for (const std::string& query :
       {Repeat("(", 5000) + "pump" + Repeat(")", 5000), "pump" + Repeat(" * 2", 5000),
        "pump[" + Repeat("(", 5000) + "5m" + Repeat(")", 5000) + "]",
        "pump[5m" + Repeat(" + 1", 5000) + "]"}) {
    EXPECT_NE(ErrorOf(query).find(said), std::string::npos) << ErrorOf(query);
  }
  EXPECT_EQ(ErrorOf(Repeat("(", 300) + "pump" + Repeat(")", 300)), "none");
}

TEST(ParserLimits, LengthIsBounded) {
  EXPECT_EQ(ErrorOf(std::string(kMaxQueryBytes, ' ') + "7"),
            fmt::format("the query is longer than {} bytes", kMaxQueryBytes));
  EXPECT_EQ(ErrorOf(std::string(kMaxQueryBytes - 1, ' ') + "7"), "none");
  EXPECT_EQ(ErrorOf("\"" + std::string(kMaxQueryBytes - 2, 'x') + "\""), "none");
  EXPECT_EQ(ErrorOf(std::string(kMaxQueryBytes, 'x')), "none");
  EXPECT_EQ(ErrorOf("#" + std::string(kMaxQueryBytes - 3, '#') + "\n7"), "none");
}

TEST(ParserErrors, SelectorsAlone) {
  struct Alone {
    std::string_view text;
    std::string_view error;
  };
  constexpr Alone kSelectors[] = {
      {"", "unknown position: parse error: no expression found in input"},
      {" ", "1:1: parse error: no expression found in input"},
      {"beer pump", R"(1:6: parse error: unexpected identifier "pump")"},
      {"beer[5m]", R"(1:5: parse error: unexpected "[")"},
      {"beer offset 5m", "1:6: parse error: unexpected <offset>"},
      {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"beer{kind}",
       R"(1:10: parse error: unexpected "}" in label matching, expected label matching operator)"},
  };
  for (const Alone& row : kSelectors) {
    const auto matchers = ParseSelector(row.text);
    ASSERT_FALSE(matchers.ok()) << row.text;
    EXPECT_EQ(Message(matchers.status()), row.error) << row.text;
  }
  const auto labels = ParseLabels(R"(beer{kind!="ale"})");
  ASSERT_FALSE(labels.ok());
  EXPECT_EQ(Message(labels.status()),
            R"(series beer{kind!="ale"} may only use = between name and value)");
}

}  // namespace
}  // namespace outrider::promql
