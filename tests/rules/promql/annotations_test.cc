// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/annotations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/promql/engine.h"
#include "rules/trial/memory_querier.h"
#include "tests/support/fake_clock.h"

namespace outrider::promql {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class AnnotationsTest : public testing::Test {
 protected:
  AnnotationsTest() {
    for (int i = 0; i <= 10; ++i) {
      const Timestamp t = i * kMinute;
      storage_.Append({{"__name__", "gauge"}}, {t, 1.0 * i});
      storage_.Append({{"__name__", "c_total"}}, {t, 1.0 * i});
      storage_.Append({{"__name__", "h_bucket"}, {"le", "1"}}, {t, 10});
      storage_.Append({{"__name__", "h_bucket"}, {"le", "2"}}, {t, 8});
      storage_.Append({{"__name__", "h_bucket"}, {"le", "+Inf"}}, {t, 20});
      storage_.Append({{"__name__", "bad_bucket"}, {"le", "x"}}, {t, 20});
    }
  }
  QueryResult Ask(std::string_view query) {
    const FakeClock clock;
    const Engine engine({}, clock);
    const auto expr = Expression::Parse(query);
    EXPECT_TRUE(expr.ok()) << Message(expr.status());
    auto result = engine.Instant(*expr, storage_, 10 * kMinute);
    EXPECT_TRUE(result.ok()) << Message(result.status());
    return *result;
  }
  MemoryQuerier storage_;
};

TEST_F(AnnotationsTest, CounterNames) {
  EXPECT_THAT(Ask("rate(c_total[5m])").infos, IsEmpty());
  EXPECT_THAT(Ask("rate(nothing[5m])").infos, IsEmpty());
  EXPECT_THAT(Ask("deriv(gauge[5m])").infos, IsEmpty());
  EXPECT_THAT(Ask("sum(rate(gauge[5m]))").infos,
              ElementsAre("PromQL info: metric might not be a counter, name does not end in "
                          "_total/_sum/_count/_bucket: \"gauge\" (1:10)"));
}

TEST_F(AnnotationsTest, Quantiles) {
  EXPECT_THAT(Ask("quantile(0.5, gauge)").warnings, IsEmpty());
  EXPECT_THAT(Ask("quantile(1.5, gauge)").warnings,
              ElementsAre("PromQL warning: quantile value should be between 0 and 1, got 1.5 "
                          "(1:10)"));
  EXPECT_THAT(Ask("quantile_over_time(-1,\n gauge[5m])").warnings,
              ElementsAre("PromQL warning: quantile value should be between 0 and 1, got -1 "
                          "(1:20)"));
}

// Names are part of these texts only where they are removed at the end of a query.
TEST_F(AnnotationsTest, Buckets) {
  EXPECT_THAT(Ask("histogram_quantile(0.5, bad_bucket)").warnings,
              ElementsAre("PromQL warning: bucket label \"le\" is missing or has a malformed value "
                          "of \"x\" (1:25)"));
  EXPECT_THAT(Ask("histogram_quantile(0.5, gauge)").warnings,
              ElementsAre("PromQL warning: bucket label \"le\" is missing or has a malformed value "
                          "of \"\" (1:25)"));
  EXPECT_THAT(
      Ask("histogram_quantile(0.5, h_bucket)").infos,
      ElementsAre("PromQL info: input to histogram_quantile needed to be fixed for monotonicity "
                  "(see https://prometheus.io/docs/prometheus/latest/querying/functions/"
                  "#histogram_quantile), from buckets 2 to 2, with a max diff of 2, over 1 samples "
                  "from 1970-01-01T00:10:00Z to "
                  "1970-01-01T00:10:00Z (1:25)"));
}

TEST_F(AnnotationsTest, TrimsOfFloats) {
  EXPECT_THAT(Ask("gauge </ 5").infos,
              ElementsAre("PromQL info: incompatible sample types encountered for binary operator "
                          "\"</\": float </ float (1:1)"));
}

TEST(Annotations, EachTextOnce) {
  Annotations annotations("a\nb");
  annotations.SortInRangeQuery(2);
  annotations.SortInRangeQuery(2);
  annotations.SortInRangeQuery(0);
  EXPECT_THAT(annotations.Warnings(),
              ElementsAre("PromQL warning: sort is ineffective for range queries since results are "
                          "always ordered by labels (2:1)",
                          "PromQL warning: sort is ineffective for range queries since results are "
                          "always ordered by labels (1:1)"));
}

}  // namespace
}  // namespace outrider::promql
