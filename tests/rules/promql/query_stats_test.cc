// SPDX-License-Identifier: Apache-2.0
// Which samples a query looked at. The figures are those of Prometheus 3.14 for the same samples
// and queries (data/http_api of the end-to-end tests has more of them).
#include "rules/promql/query_stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/promql/engine.h"
#include "storage/window/windows.h"
#include "tests/support/fake_clock.h"

namespace outrider::promql {
namespace {

using testing::ElementsAre;

class QueryStatsTest : public ::testing::Test {
 protected:
  QueryStatsTest() : clock_(kHour * kNanosPerMilli) {
    for (const char* job : {"a", "b"}) {
      const std::vector<LabelView> labels = {{"__name__", "m"}, {"job", job}};
      for (int i = 0; i < 40; ++i)
        windows_.Append(labels, std::vector<Sample>{{i * 15 * kSecond, 1}}, Origin::kRemote,
                        clock_.Now());
    }
  }
  // At 300, 360 and 420 s.
  QueryStats Range(const char* query) {
    QueryStats stats;
    const StatusOr<Expression> expr = Expression::Parse(query);
    EXPECT_TRUE(expr.ok() &&
                Engine({}, clock_)
                    .Range(*expr, windows_, 300 * kSecond, 420 * kSecond, kMinute, &stats)
                    .ok())
        << query;
    return stats;
  }

  FakeClock clock_;
  Windows windows_{{}};
};

TEST_F(QueryStatsTest, InstantSelectorsCountOneASeriesAndStep) {
  const QueryStats stats = Range("m");
  EXPECT_THAT(stats.total_per_step, ElementsAre(2, 2, 2));
  EXPECT_THAT(stats.read_per_step, ElementsAre(2, 2, 2));
  EXPECT_EQ(stats.Total(), 6U);
  EXPECT_GT(stats.peak, 0U);
  EXPECT_THAT(Range("1").total_per_step, ElementsAre(0, 0, 0));
}

TEST_F(QueryStatsTest, WindowsCountTheirSamplesAgainButReadThemOnce) {
  const QueryStats overlapping = Range("rate(m[2m])");
  EXPECT_THAT(overlapping.total_per_step, ElementsAre(16, 16, 16));
  EXPECT_THAT(overlapping.read_per_step, ElementsAre(16, 8, 8));
  const QueryStats apart = Range("rate(m[30s])");
  EXPECT_THAT(apart.total_per_step, ElementsAre(4, 4, 4));
  EXPECT_THAT(apart.read_per_step, ElementsAre(4, 4, 4));
}

TEST_F(QueryStatsTest, SubqueriesCountWhatTheyGaveAndReadWhatTheyRead) {
  const QueryStats stats = Range("max_over_time(m[2m:30s])");
  EXPECT_THAT(stats.total_per_step, ElementsAre(8, 8, 8));
  EXPECT_THAT(stats.read_per_step, ElementsAre(8, 4, 4));
}

TEST_F(QueryStatsTest, WhatIsTheSameAtEveryStepIsReadOnce) {
  const QueryStats stats = Range("sum(m @ 60)");
  EXPECT_THAT(stats.total_per_step, ElementsAre(2, 2, 2));
  EXPECT_THAT(stats.read_per_step, ElementsAre(2, 0, 0));
}

}  // namespace
}  // namespace outrider::promql
