// SPDX-License-Identifier: Apache-2.0
// Queries spliced together at random, from a seed: parsing and evaluating them ends without harm,
// and what parses prints to a text with the same meaning.
#include "storage/base/random.h"

#include <gtest/gtest.h>

#include <iterator>
#include <string>

#include "rules/promql/engine.h"
#include "rules/trial/memory_querier.h"
#include "tests/support/fake_clock.h"
#include "tests/support/promql_checks.h"
#include "tests/support/promql_generator.h"

namespace outrider::promql {
namespace {

constexpr std::string_view kPieces[] = {"a",
                                        "b{i=\"1\"}",
                                        "{__name__=~\"a|b\"}",
                                        "1",
                                        "-2.5",
                                        "NaN",
                                        "\"x\"",
                                        "5m",
                                        "[5m]",
                                        "[10m:1m]",
                                        "[5m:]",
                                        "(",
                                        ")",
                                        " + ",
                                        " - ",
                                        " * ",
                                        " / ",
                                        " % ",
                                        " ^ ",
                                        " == ",
                                        " > bool ",
                                        " and ",
                                        " or ",
                                        " unless ",
                                        " on (i) ",
                                        " ignoring (i) ",
                                        " group_left (j) ",
                                        " group_right ",
                                        " offset 1m",
                                        " offset -1m",
                                        " @ 60",
                                        " @ start()",
                                        " @ end()",
                                        "sum(",
                                        "avg by (i) (",
                                        "topk(2, ",
                                        "quantile(0.5, ",
                                        "count_values(\"v\", ",
                                        "limitk(1, ",
                                        "rate(",
                                        "increase(",
                                        "max_over_time(",
                                        "quantile_over_time(0.5, ",
                                        "absent(",
                                        "absent_over_time(",
                                        "scalar(",
                                        "vector(",
                                        "time()",
                                        "hour(",
                                        "label_replace(",
                                        ", \"j\", \"$1\", \"i\", \"(.*)\")",
                                        "sort(",
                                        "histogram_quantile(0.9, ",
                                        "clamp(",
                                        ", 1, 2)",
                                        ",",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        "step()",
                                        " </ ",
                                        "predict_linear(",
                                        ", 60)",
                                        "timestamp(",
                                        "-",
                                        "# c\n"};

std::string RandomQuery(SeededRandom& random) {
  std::string query;
  const uint64_t pieces = 1 + random.Next() % 8;
  int open = 0;
  for (uint64_t i = 0; i < pieces; ++i) {
    const std::string_view piece = kPieces[random.Next() % std::size(kPieces)];
    query += piece;
    for (const char c : piece) open += c == '(' ? 1 : c == ')' ? -1 : 0;
  }
  // Mostly close what is open, so that more than a few parse.
  for (; open > 0; --open) query += ')';
  return query;
}

TEST(RandomQueries, ParsePrintAndEvaluate) {
  MemoryQuerier storage;
  for (int i = 0; i < 20; ++i) {
    for (const char* name : {"a", "b"}) {
      for (const char* label : {"1", "2"}) {
        storage.Append({{"__name__", name}, {"i", label}, {"le", label}}, {i * kMinute, i * 1.5});
      }
    }
  }
  const FakeClock clock;
  const Engine engine({.max_samples = 100'000}, clock);
  const ParseOptions options = kWholeLanguage;
  SeededRandom random(20261121);
  int parsed = 0;
  for (int i = 0; i < 40'000; ++i) {
    const std::string query = RandomQuery(random);
    const auto expr = Expression::Parse(query, options);
    if (!expr.ok()) continue;
    ++parsed;
    ASSERT_EQ(CheckRoundTrip(query), "");
    (void)engine.Instant(*expr, storage, 15 * kMinute);
    (void)engine.Range(*expr, storage, 5 * kMinute, 15 * kMinute, kMinute);
  }
  EXPECT_GT(parsed, 1000);
}

TEST(RandomQueries, AreInEachStepWhatTheyAreThen) {
  const FakeClock clock;
  int with_result = 0;
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    SeededRandom random(seed);
    MemoryQuerier storage;
    FillRandomly(random, &storage);
    const Engine engine({.max_samples = 50'000}, clock);
    const std::string query = RandomExpression(random);
    const auto expr = Expression::Parse(query, kWholeLanguage);
    ASSERT_TRUE(expr.ok()) << query << ": " << Message(expr.status());
    ASSERT_EQ(CheckRoundTrip(query), "") << seed;
    ASSERT_EQ(CheckSteps(engine, *expr, storage, kMinute, 15 * kMinute, 70 * kSecond), "") << seed;
    const auto result = engine.Instant(*expr, storage, 8 * kMinute);
    if (!result.ok()) continue;
    const auto* vector = std::get_if<Vector>(&result->value);
    if (vector == nullptr || !vector->empty()) ++with_result;
  }
  EXPECT_GT(with_result, 1500);
}

}  // namespace
}  // namespace outrider::promql
