// SPDX-License-Identifier: Apache-2.0
// The seam: kinds of results, errors, limits, what is asked of the Querier.
#include "rules/promql/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "rules/trial/memory_querier.h"
#include "tests/support/fake_clock.h"

namespace outrider::promql {
namespace {

using absl::StatusCode;

// Counts and remembers what was asked; may make time pass.
class SpyQuerier final : public Querier {
 public:
  Status Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to, size_t max_samples,
                SeriesSet* out) const override {
    asked.emplace_back(from, to);
    if (clock != nullptr) clock->Advance(delay);
    TRY(data.Select(matchers, from, to, max_samples, out));
    if (backwards) std::ranges::reverse(out->rows);
    return {};
  }
  StatusOr<std::vector<Labels>> SelectLabels(std::span<const Matcher> /*matchers*/,
                                             Timestamp /*from*/, Timestamp /*to*/) const override {
    return std::vector<Labels>();
  }
  StatusOr<std::vector<std::string>> LabelNames(std::span<const Matcher> /*matchers*/,
                                                Timestamp /*from*/,
                                                Timestamp /*to*/) const override {
    return std::vector<std::string>();
  }
  StatusOr<std::vector<std::string>> LabelValues(std::string_view /*name*/,
                                                 std::span<const Matcher> /*matchers*/,
                                                 Timestamp /*from*/,
                                                 Timestamp /*to*/) const override {
    return std::vector<std::string>();
  }
  Timestamp OldestKept() const override { return oldest; }

  MemoryQuerier data;
  mutable std::vector<std::pair<Timestamp, Timestamp>> asked;
  FakeClock* clock = nullptr;
  bool backwards = false;  // the order of series is another one
  DurationMs delay = 0;
  Timestamp oldest = std::numeric_limits<Timestamp>::min();
};

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    for (int i = 0; i < 60; ++i) {
      const Timestamp t = i * kMinute;
      storage_.data.Append({{"__name__", "m_total"}, {"i", "1"}}, {t, 60.0 * i});
      storage_.data.Append({{"__name__", "m_total"}, {"i", "2"}}, {t, 120.0 * i});
      storage_.data.Append({{"__name__", "n"}, {"i", "1"}}, {t, 1.0 * i});
    }
  }
  static Expression Parsed(std::string_view query) {
    auto expr = Expression::Parse(query, kWholeLanguage);
    EXPECT_TRUE(expr.ok()) << Message(expr.status());
    return *expr;
  }
  StatusOr<QueryResult> Instant(std::string_view query, Timestamp t = 30 * kMinute) {
    return Engine(options_, clock_).Instant(Parsed(query), storage_, t);
  }
  StatusOr<QueryResult> Range(std::string_view query) {
    return Engine(options_, clock_)
        .Range(Parsed(query), storage_, 10 * kMinute, 30 * kMinute, 5 * kMinute);
  }
  FakeClock clock_;
  EngineOptions options_;
  SpyQuerier storage_;
};

TEST_F(EngineTest, GivesEachKindOfValue) {
  EXPECT_EQ(std::get<Scalar>(Instant("1 + 2 * 3")->value).value, 7);
  EXPECT_EQ(std::get<String>(Instant("\"x\"")->value).value, "x");
  const Vector vector = std::get<Vector>(Instant("m_total{i=\"1\"}")->value);
  ASSERT_EQ(vector.size(), 1u);
  EXPECT_EQ(vector[0].labels.ToString(), "m_total{i=\"1\"}");
  EXPECT_EQ(vector[0].value, 1800);
  EXPECT_EQ(vector[0].time, 30 * kMinute);
  const Matrix matrix = std::get<Matrix>(Instant("m_total[3m]")->value);
  ASSERT_EQ(matrix.size(), 2u);
  ASSERT_EQ(matrix[0].samples.size(), 3u);  // open at the left
  EXPECT_EQ(matrix[0].samples[0].time, 28 * kMinute);
}

TEST_F(EngineTest, RangeQueriesAreSortedMatrices) {
  const Matrix matrix = std::get<Matrix>(Range("rate(m_total[5m])")->value);
  ASSERT_EQ(matrix.size(), 2u);
  EXPECT_EQ(matrix[0].labels.ToString(), "{i=\"1\"}");
  ASSERT_EQ(matrix[0].samples.size(), 5u);
  for (const Sample& s : matrix[1].samples) EXPECT_DOUBLE_EQ(s.value, 2);
  EXPECT_EQ(matrix[0].samples[4].time, 30 * kMinute);
  const Matrix scalar = std::get<Matrix>(Range("time()")->value);
  ASSERT_EQ(scalar.size(), 1u);
  EXPECT_TRUE(scalar[0].labels.empty());
}

// In whichever order storage gives series, which is another one after a restart.
TEST_F(EngineTest, EqualValuesAreToldApartByLabels) {
  for (const char i : std::string_view("cadb")) {
    storage_.data.Append({{"__name__", "same"}, {"i", std::string(1, i)}}, {0, i == 'd' ? 2.0 : 1});
    storage_.data.Append({{"__name__", "none"}, {"i", std::string(1, i)}}, {0, std::nan("")});
  }
  const struct {
    const char* query;
    const char* series;
  } kCases[] = {
      {"topk(2, same)", "da"},         {"topk(3, same)", "dab"},
      {"bottomk(2, same)", "ab"},      {"topk(9, same)", "dabc"},
      {"topk(2, none)", "ab"},         {"limitk(2, same)", "ab"},
      {"topk by (x) (1, -same)", "a"}, {"sort(same)", "abcd"},
      {"sort_desc(same)", "dabc"},     {"sort_by_label(same, 'x')", "abcd"},
      {"topk(2, same or none)", "da"},
  };
  for (const auto& c : kCases) {
    for (const bool backwards : {false, true}) {
      storage_.backwards = backwards;
      const auto result = Instant(c.query, kMinute);
      ASSERT_TRUE(result.ok()) << result.status();
      std::string series;
      for (const VectorSample& sample : std::get<Vector>(result->value)) {
        series += sample.labels.Get("i");
      }
      EXPECT_EQ(series, c.series) << c.query << backwards;
    }
  }
}

TEST_F(EngineTest, EachSelectorIsAskedOnce) {
  ASSERT_TRUE(Range("rate(m_total[5m]) + on (i) n").ok());
  EXPECT_THAT(storage_.asked, testing::ElementsAre(std::pair(5 * kMinute + 1, 30 * kMinute),
                                                   std::pair(5 * kMinute + 1, 30 * kMinute)));
  storage_.asked.clear();
  ASSERT_TRUE(Range("max_over_time(sum(n)[10m:1m])").ok());
  // Subquery steps are multiples of 1m in (0, 30m], each with the lookback of 5m.
  EXPECT_THAT(storage_.asked,
              testing::ElementsAre(std::pair(kMinute - 5 * kMinute + 1, 30 * kMinute)));
}

TEST_F(EngineTest, ErrorsHaveTheirKinds) {
  struct Case {
    std::string_view query;
    StatusCode code;
    std::string_view text;
  };
  constexpr Case kCases[] = {
      {"n * on () m_total", StatusCode::kFailedPrecondition,
       "found duplicate series for the match group {} on the right hand-side of the operation: "
       "[{__name__=\"m_total\", i=\"1\"}, {__name__=\"m_total\", i=\"2\"}];many-to-many matching "
       "not allowed: matching labels must be unique on one side"},
      {"m_total * on () n", StatusCode::kFailedPrecondition,
       "multiple matches for labels: many-to-one matching must be explicit "
       "(group_left/group_right)"},
      {"m_total * on () group_left (i) n", StatusCode::kFailedPrecondition,
       "multiple matches for labels: grouping labels must ensure unique matches"},
      {"label_replace(m_total, \"i\", \"\", \"\", \"\")", StatusCode::kFailedPrecondition,
       "vector cannot contain metrics with the same labelset"},
      {"{i=\"1\"} * 2", StatusCode::kFailedPrecondition,
       "vector cannot contain metrics with the same labelset"},
      {"topk(NaN, n)", StatusCode::kFailedPrecondition, "Parameter value is NaN"},
      {"topk(1e30, n)", StatusCode::kFailedPrecondition, "Scalar value 1e+30 overflows int64"},
      {"count_values(\"\", n)", StatusCode::kFailedPrecondition, "invalid label name \"\""},
      {"label_replace(n, \"i\", \"\", \"i\", \"(\")", StatusCode::kFailedPrecondition,
       "invalid regular expression in label_replace(): ("},
      {"double_exponential_smoothing(n[5m], 2, 0.5)", StatusCode::kFailedPrecondition,
       "invalid smoothing factor. Expected: 0 < sf < 1, got: 2.000000"},
  };
  for (const Case& c : kCases) {
    const auto result = Instant(c.query);
    ASSERT_FALSE(result.ok()) << c.query;
    EXPECT_EQ(result.status().code(), c.code) << c.query;
    EXPECT_EQ(Message(result.status()), c.text) << c.query;
  }
}

TEST_F(EngineTest, RangeQueriesRefuseOtherTypesAndSteps) {
  const Engine engine({}, clock_);
  const auto matrix = engine.Range(Parsed("m_total[5m]"), storage_, 0, 10, 1);
  EXPECT_EQ(Message(matrix.status()),
            "invalid expression type \"range vector\" for range query, must be Scalar or instant "
            "Vector");
  EXPECT_FALSE(engine.Range(Parsed("n"), storage_, 0, 10, 0).ok());
  EXPECT_FALSE(engine.Range(Parsed("n"), storage_, 10, 0, 1).ok());
}

TEST_F(EngineTest, SamplesAreLimited) {
  options_.max_samples = 10;
  EXPECT_TRUE(Instant("sum(n)").ok());
  for (const std::string_view query : {"sum_over_time(n[30m])", "max_over_time(vector(1)[1h:1s])",
                                       "sum(m_total) + sum(m_total)"}) {
    const auto result = Instant(query);
    ASSERT_FALSE(result.ok()) << query;
    EXPECT_EQ(result.status().code(), StatusCode::kResourceExhausted);
    EXPECT_EQ(Message(result.status()),
              "query processing would load too many samples into memory in query execution");
    options_.max_samples = 10;
  }
}

TEST_F(EngineTest, FarTimesDoNotOverflow) {
  EXPECT_TRUE(Instant("n @ 9e15 offset -100y").ok());
  EXPECT_TRUE(Instant("max_over_time(n[5m] @ -9e15 offset 100y)").ok());
  EXPECT_TRUE(Instant("max_over_time(n[1h:1m] @ -9e15 offset 100y)").ok());
  EXPECT_FALSE(Instant("n", std::numeric_limits<Timestamp>::max()).ok());
  EXPECT_FALSE(Instant("n", std::numeric_limits<Timestamp>::min()).ok());
}

TEST_F(EngineTest, RowsMadeOfValuesAreLimited) {
  options_.max_samples = 1000;
  const Engine engine(options_, clock_);
  // 60 distinct values at 60 steps would be a table of 3,600.
  const auto result =
      engine.Range(Parsed("count_values(\"v\", n)"), storage_, 0, 59 * kMinute, kMinute);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kResourceExhausted);
}

TEST_F(EngineTest, InfoSeriesAreAskedForOnce) {
  storage_.data.Append({{"__name__", "x"}, {"job", "j"}, {"n", "1"}}, {20 * kMinute, 1});
  storage_.data.Append({{"__name__", "x"}, {"job", "j"}, {"n", "2"}}, {20 * kMinute, 2});
  storage_.data.Append({{"__name__", "target_info"}, {"job", "j"}, {"v", "1.2"}},
                       {20 * kMinute, 1});
  const auto matrix = std::get<Matrix>(Range("info(x offset 1m)")->value);
  ASSERT_EQ(matrix.size(), 2u);
  EXPECT_EQ(matrix[0].labels.ToString(), R"(x{job="j", n="1", v="1.2"})");
  const std::pair window(4 * kMinute + 1, 29 * kMinute);
  EXPECT_THAT(storage_.asked, testing::ElementsAre(window, window));
  const auto reach = Parsed("info(x offset 1m, {v=~\".+\"})").Selectors(5 * kMinute);
  ASSERT_EQ(reach.size(), 2u);
  EXPECT_EQ(reach[1].horizon, 6 * kMinute);
  ASSERT_EQ(reach[1].matchers.size(), 2u);
  EXPECT_EQ(reach[1].matchers[0].value(), "target_info");
}

TEST_F(EngineTest, ExtendedSelectorsReachFurther) {
  const struct {
    std::string_view query;
    DurationMs before;  // the evaluation time
    DurationMs behind;
  } kCases[] = {
      {"m_total", 5 * kMinute, 0},
      {"m_total smoothed", 5 * kMinute, 5 * kMinute},
      {"m_total anchored", 5 * kMinute, 0},
      {"rate(m_total[10m])", 10 * kMinute, 0},
      {"rate(m_total[10m] anchored)", 15 * kMinute, 0},
      {"rate(m_total[10m] smoothed offset 1m)", 16 * kMinute, 4 * kMinute},
  };
  for (const auto& c : kCases) {
    storage_.asked.clear();
    ASSERT_TRUE(Instant(c.query).ok()) << c.query;
    EXPECT_THAT(storage_.asked, testing::ElementsAre(std::pair(30 * kMinute - c.before + 1,
                                                               30 * kMinute + c.behind)))
        << c.query;
    EXPECT_EQ(Parsed(c.query).Selectors(5 * kMinute)[0].horizon, c.before) << c.query;
  }
}

TEST_F(EngineTest, DurationsThatCannotBeSayWhere) {
  const struct {
    std::string_view query;
    std::string_view error;
  } kCases[] = {
      {"n[5m/(0)]", "2:8: division by zero"},
      {"n[(step())]", "3:9: duration must be greater than 0"},
      {"n offset (1e9*1e9)", "10:17: duration is out of range"},
      {"n offset (9e9^2 % (5-5))", "10:22: modulo by zero"},
      {"n offset (9^999)", "10:15: duration is NaN or infinite"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Message(Instant(c.query).status()), c.error) << c.query;
  }
}

TEST_F(EngineTest, TimeIsLimited) {
  storage_.clock = &clock_;
  storage_.delay = options_.timeout + 1;
  const auto result = Instant("n + m_total");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Message(result.status()), "query timed out in expression evaluation");
}

TEST_F(EngineTest, SaysWhenItReachesBeforeWhatIsKept) {
  storage_.oldest = 20 * kMinute;
  EXPECT_TRUE(Instant("rate(m_total[5m])")->warnings.empty());
  const auto warnings = Instant("rate(m_total[15m])")->warnings;
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0], testing::HasSubstr("storage.retention"));
  EXPECT_THAT(warnings[0], testing::HasSubstr("1970-01-01T00:20:00Z"));
}

TEST_F(EngineTest, TypeAndUnitGoWithTheName) {
  storage_.data.Append({{"__name__", "t"}, {"__type__", "gauge"}, {"__unit__", "s"}, {"a", "b"}},
                       {30 * kMinute, 1});
  EXPECT_EQ(std::get<Vector>(Instant("t * 2")->value)[0].labels.ToString(), "{a=\"b\"}");
  EXPECT_EQ(std::get<Vector>(Instant("t")->value)[0].labels.size(), 4u);
}

TEST_F(EngineTest, NamesGoAtOnceOrAtTheEnd) {
  constexpr std::string_view kQuery =
      "label_replace(rate(m_total[5m]), \"was\", \"$1\", \"__name__\", \"(.+)\")";
  EXPECT_EQ(std::get<Vector>(Instant(kQuery)->value)[0].labels.Get("was"), "");
  options_.delayed_name_removal = true;
  const Labels labels = std::get<Vector>(Instant(kQuery)->value)[0].labels;
  EXPECT_EQ(labels.Get("was"), "m_total");
  EXPECT_FALSE(labels.Has("__name__"));
}

}  // namespace
}  // namespace outrider::promql
