// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/recommend_evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "exporter/trial/recommend_reference.h"

namespace outrider {
namespace {

constexpr Timestamp kMidnight = 1'700'006'400'000;

// A sample a minute; `level` of the day and the minute.
template <typename Level>
UsageSeries Make(int days, Level level) {
  UsageSeries series;
  series.name = "made.csv";
  for (int minute = 0; minute < days * 1440; ++minute) {
    series.times.push_back(kMidnight + minute * kMinute);
    series.values.push_back(level(minute / 1440, minute % 1440));
  }
  return series;
}

double Wavy(int day, int minute) { return 100 + (minute * 7 + day * 13) % 50; }

TEST(RecommendEvaluation, NothingOfTheJudgedDayIsUsed) {
  // The fourth day, the only one that is judged, as it was and with twice the use: what is
  // recommended must be the same.
  const std::vector<UsageSeries> plain = {Make(4, Wavy)};
  const std::vector<UsageSeries> twice = {
      Make(4, [](int day, int minute) { return Wavy(day, minute) * (day == 3 ? 2 : 1); })};
  const auto a = EvaluateRecommendations(plain, {}, 1);
  const auto b = EvaluateRecommendations(twice, {}, 1);
  ASSERT_TRUE(a.ok() && b.ok());
  ASSERT_EQ(a->rows.size(), b->rows.size());
  for (size_t i = 0; i < a->rows.size(); ++i) {
    const double factor = a->rows[i].name.starts_with("oracle") ? 1 : 2;
    EXPECT_NEAR(a->rows[i].all.request_to_use, factor * b->rows[i].all.request_to_use, 1e-9)
        << a->rows[i].name;
    EXPECT_EQ(a->rows[i].all.days, 1);
  }
}

TEST(RecommendEvaluation, TheUnitDoesNotMatter) {
  const std::vector<UsageSeries> cores = {Make(5, Wavy)};
  const std::vector<UsageSeries> other = {
      Make(5, [](int day, int minute) { return Wavy(day, minute) * 1024; })};
  const auto a = EvaluateRecommendations(cores, {"vpa", "adaptive"}, 1);
  const auto b = EvaluateRecommendations(other, {"vpa", "adaptive"}, 1);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(RecommendTable(*a), RecommendTable(*b));
}

TEST(RecommendEvaluation, CountsOfAKnownDay) {
  // Three days at 1, then half of the day at 1 and half at 3: KRR says 1.
  const std::vector<UsageSeries> corpus = {
      Make(4, [](int day, int minute) { return day == 3 && minute >= 720 ? 3.0 : 1.0; })};
  const auto evaluation = EvaluateRecommendations(corpus, {}, 1);
  ASSERT_TRUE(evaluation.ok());
  for (const RecommendRow& row : evaluation->rows) {
    if (row.name != "KRR simple: p95 of 14d") continue;
    EXPECT_DOUBLE_EQ(row.all.violations, 0.5);
    EXPECT_DOUBLE_EQ(row.all.slack, 0);
    EXPECT_DOUBLE_EQ(row.all.shortfall, 0.5);  // 720 * 2 of 720 * 4
    EXPECT_DOUBLE_EQ(row.all.request_to_use, 0.5);
    return;
  }
  FAIL() << "no such row";
}

TEST(RecommendEvaluation, Refuses) {
  const std::vector<UsageSeries> shorter = {Make(3, Wavy)};
  EXPECT_THAT(Message(EvaluateRecommendations(shorter, {}, 1).status()),
              testing::HasSubstr("fourth day"));
  EXPECT_THAT(Message(EvaluateRecommendations(shorter, {"magic"}, 1).status()),
              testing::HasSubstr("unknown recommendation policy"));
}

TEST(UsageFile, TableOfErrors) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case cases[] = {{"", "f.csv:1:1: expected the header"},
                        {"ts,value\n", "there are no points"},
                        {"ts,value\n1\n", "f.csv:2:1: expected ts,value"},
                        {"ts,value\n1,nan\n", "f.csv:2:3: \"nan\""},
                        {"ts,value\n1,inf\n", "f.csv:2:3: \"inf\""},
                        {"ts,value\n-1,2\n", "f.csv:2:1: \"-1\" is not a time"},
                        {"ts,value\n2,1\r\n2,1\n", "f.csv:3:1: the times do not rise"}};
  for (const Case& c : cases) {
    const auto file = ParseUsageFile(c.text, "f.csv");
    ASSERT_FALSE(file.ok()) << c.text;
    EXPECT_THAT(Message(file.status()), testing::HasSubstr(c.error));
  }
  const auto good = ParseUsageFile("ts,value\n10,1.5\n25, 2\n", "dir/f.csv");
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->name, "f.csv");
  EXPECT_THAT(good->times, testing::ElementsAre(10'000, 25'000));
  EXPECT_THAT(good->values, testing::ElementsAre(1.5, 2.0));
}

}  // namespace
}  // namespace outrider
