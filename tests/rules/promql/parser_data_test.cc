// SPDX-License-Identifier: Apache-2.0
// What the parser says to each query of tests/data/promql/parser.txt, to the letter.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/parser.h"
#include "rules/promql/printer.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider::promql {
namespace {

TEST(ParserData, SaysWhatPrometheusSays) {
  const auto text = ReadFile(std::string(OUTRIDER_SOURCE_DIR) + "/tests/data/promql/parser.txt");
  ASSERT_TRUE(text.ok()) << Message(text.status());
  int rows = 0;
  for (const std::string_view line : Split(*text, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::vector<std::string_view> columns = Split(line, '\t');
    ASSERT_EQ(columns.size(), 3U) << line;
    const StatusOr<std::string> query = Unquote(columns[0]);
    const StatusOr<std::string> wanted = Unquote(columns[2]);
    ASSERT_TRUE(query.ok() && wanted.ok()) << line;
    const StatusOr<ExprPtr> expr = ParseExpression(*query, kWholeLanguage);
    ++rows;
    EXPECT_EQ(expr.ok(), columns[1] == "ok") << line;
    EXPECT_EQ(expr.ok() ? Print(**expr) : Message(expr.status()), *wanted) << line;
    if (!expr.ok()) continue;
    const StatusOr<ExprPtr> again = ParseExpression(*wanted, kWholeLanguage);
    ASSERT_TRUE(again.ok()) << *wanted << ": " << Message(again.status());
    EXPECT_EQ(Print(**again), *wanted) << line;
  }
  EXPECT_GT(rows, 2000);
}

}  // namespace
}  // namespace outrider::promql
