// SPDX-License-Identifier: Apache-2.0
// Queries over native histograms and start times: a script in the PromQL test language, one case
// for each way in which a node meets them, and what the engine asks and bounds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "rules/promql/engine.h"
#include "rules/trial/memory_querier.h"
#include "rules/trial/promql_test.h"
#include "storage/base/text.h"
#include "tests/support/fake_clock.h"

namespace outrider::promql {
namespace {

using ::testing::IsEmpty;

constexpr const char* kScript = R"script(
load 1m
  h{i="a"} {{count:4 sum:8 offset:1 buckets:[4]}}+{{count:2 sum:4 offset:1 buckets:[2]}}x10
  h{i="b"} {{count:1 sum:1 offset:1 buckets:[1]}}x10
  f 1+1x10
  mixed 1 2 3 4 5 {{count:1}} {{count:2}} {{count:3}} {{count:4}} {{count:5}} {{count:6}}
  gauge {{count:4 sum:8 counter_reset_hint:gauge}}+{{count:-1 sum:1}}x3
  custom{b="1"} {{schema:-53 count:3 sum:1 custom_values:[1 2] buckets:[1 1 1]}}x10
  custom{b="2"} {{schema:-53 count:3 sum:1 custom_values:[1 3] buckets:[1 1 1]}}x10
  ended {{count:1}} {{count:2}} stale
  w_bucket{le="1"} 1x10
  w_bucket{le="+Inf"} 2x10
  w {{count:2}}x10
  w_bucket {{count:2}}x10

eval instant at 10m h{i="b"}
  h{i="b"} {{count:1 sum:1 offset:1 buckets:[1] counter_reset_hint:not_reset}}

eval instant at 2m ended

eval instant at 10m histogram_count(h)
  {i="a"} 24
  {i="b"} 1

eval instant at 10m histogram_quantile(0.5, h{i="b"})
  {i="b"} 1.4142135623730951

eval instant at 10m histogram_quantile(0.5, {__name__=~"w_bucket"})
  expect warn msg: PromQL warning: vector contains a mix of classic and native histograms for metric name "w_bucket" (1:25)

eval instant at 10m rate(h{i="a"}[5m])
  {i="a"} {{count:0.03333333333333333 sum:0.06666666666666667 offset:1 buckets:[0.03333333333333333] counter_reset_hint:gauge}}

eval instant at 10m increase(mixed[10m])
  expect warn msg: PromQL warning: encountered a mix of histograms and floats for metric name "mixed" (1:10)

eval instant at 10m max_over_time(mixed[10m])
  expect info msg: PromQL info: ignored histograms in a range containing both floats and histograms for metric name "mixed" (1:15)
  {} 5

eval instant at 10m count_over_time(mixed[10m1s])
  {} 11

eval instant at 10m resets(mixed[10m1s])
  {} 1

eval instant at 10m changes(h{i="b"}[10m])
  {i="b"} 0

eval instant at 10m rate(gauge[10m])
  expect warn msg: PromQL warning: this native histogram metric is not a counter: "gauge" (1:6)
  {} {{count:0.00875 sum:0.06125 counter_reset_hint:gauge}}

eval instant at 10m delta(h{i="b"}[5m])
  expect warn msg: PromQL warning: this native histogram metric is not a gauge: "h" (1:7)
  {i="b"} {{counter_reset_hint:gauge}}

eval instant at 10m sum(h)
  {} {{count:25 sum:49 offset:1 buckets:[25]}}

eval instant at 10m avg(h)
  {} {{count:12.5 sum:24.5 offset:1 buckets:[12.5]}}

eval instant at 10m count({__name__=~"h|f"})
  {} 3

eval instant at 10m sum({__name__=~"h|f"})
  expect warn msg: PromQL warning: encountered a mix of histograms and floats for aggregation (1:5)

eval instant at 10m sum({__name__=~"h|custom"})
  expect warn regex: vector contains a mix of histograms with exponential and custom buckets schemas
  expect info msg: PromQL info: mismatched custom buckets were reconciled during aggregation (1:5)

eval instant at 10m max({__name__=~"h|f"})
  expect info msg: PromQL info: ignored histogram in max aggregation (1:5)
  {} 11

eval instant at 10m topk(5, {__name__=~"h|f"})
  expect info msg: PromQL info: ignored histogram in topk aggregation (1:1)
  f 11

eval instant at 10m count_values("v", h{i="b"})
  {v="{count:1, sum:1, (1,2]:1}"} 1

eval instant at 10m h{i="b"} * 2 - h{i="b"}
  {i="b"} {{count:1 sum:1 offset:1 buckets:[1] counter_reset_hint:gauge}}

eval instant at 10m h{i="b"} + 1
  expect info msg: PromQL info: incompatible sample types encountered for binary operator "+": histogram + float (1:1)

eval instant at 10m h{i="b"} + on() group_left custom{b="1"}
  expect warn msg: PromQL warning: incompatible bucket layout encountered for binary operator + (1:1)

eval instant at 10m custom{b="1"} + ignoring(b) custom{b="2"}
  expect info msg: PromQL info: mismatched custom buckets were reconciled during addition (1:1)
  {} {{schema:-53 count:6 sum:2 custom_values:[1] buckets:[2 4]}}

eval instant at 10m h == bool h
  {i="a"} 1
  {i="b"} 1

eval instant at 10m h{i="b"} </ 1
  h{i="b"} {{}}

eval instant at 10m -h{i="b"}
  {i="b"} {{count:-1 sum:-1 offset:1 buckets:[-1] counter_reset_hint:gauge}}

eval instant at 10m h{i="b"} or f
  h{i="b"} {{count:1 sum:1 offset:1 buckets:[1]}}
  f 11

eval instant at 10m h unless h{i="a"}
  h{i="b"} {{count:1 sum:1 offset:1 buckets:[1]}}

eval instant at 10m absent(h{i="b"})

eval instant at 10m scalar(h{i="b"})
  NaN

eval instant at 10m sort({__name__=~"h|f"})
  f 11

eval instant at 10m abs(h)

eval instant at 10m timestamp(h{i="b"} + h{i="b"})
  {i="b"} 600

eval instant at 10m label_replace(h{i="b"}, "j", "$1", "i", "(.*)")
  h{i="b", j="b"} {{count:1 sum:1 offset:1 buckets:[1]}}

eval instant at 10m histogram_count(increase(h{i="a"}[4m:1m]))
  {i="a"} 8

eval range from 0 to 2m step 1m ended
  ended {{count:1}} {{count:2}} _

clear

load 1m
  c_total@st -30s -90s -150s -30s -90s
  c_total 5 6 7 8 9
  one_total@st _ _ -30s
  one_total _ _ 4

eval instant at 4m resets(c_total[5m])
  {} 1

eval instant at 4m increase(c_total[5m])
  {} 16

eval instant at 2m increase(one_total[1m])
  {} 4

eval instant at 2m start_timestamp(one_total)
  {} 90

eval instant at 2m start_timestamp(one_total + 0)
)script";

TEST(HistogramQueries, Script) {
  const FakeClock clock;
  const auto report = RunPromqlTest(kScript, "script", clock);
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_THAT(report->messages, IsEmpty());
  EXPECT_GE(report->passed, 40);
}

TEST(HistogramQueries, LoadsThatMakeNoSenseAreErrors) {
  const FakeClock clock;
  for (const char* text :
       {"load_with_nhcb 1m\n  h_bucket{le=\"1\"} 2\n  h_bucket{le=\"2\"} 1\n",
        "load_with_nhcb 1m\n  h_bucket{le=\"1\"} 1\n  h_bucket{le=\"+Inf\"} 2\n  h_count 3\n",
        "load 1m\n  m@st -1m\n", "load 1m\n  m@st -1m\n  n 1\n",
        "load 1m\n  m@st -1mx2\n  m 1\n"}) {
    EXPECT_FALSE(RunPromqlTest(text, "bad", clock).ok()) << text;
  }
}

class StartTimesTest : public testing::Test {
 protected:
  StartTimesTest() {
    for (Timestamp i = 0; i < 5; ++i) {
      storage_.Append(Labels{{"__name__", "c_total"}}, {i * kMinute, 5 + static_cast<double>(i)},
                      i < 3 ? -1 : 130 * kSecond);
    }
  }
  double Ask(const char* text, bool use) {
    const FakeClock clock;
    const Engine engine({.use_start_timestamps = use}, clock);
    const auto expr = Expression::Parse(text, {.experimental_functions = true});
    const auto result = engine.Instant(*expr, storage_, 4 * kMinute);
    EXPECT_TRUE(result.ok()) << Message(result.status());
    const auto& vector = std::get<Vector>(result->value);
    return vector.empty() ? -1 : vector[0].value;
  }
  MemoryQuerier storage_;
};

TEST_F(StartTimesTest, CountOnlyWithTheSwitchOn) {
  EXPECT_EQ(Ask("resets(c_total[5m])", false), 0);
  EXPECT_EQ(Ask("resets(c_total[5m])", true), 1);
  EXPECT_EQ(Ask("start_timestamp(c_total)", false), -1);
  EXPECT_EQ(Ask("start_timestamp(c_total)", true), 130);
}

// Histograms that a query makes count as samples for as long as the query runs.
TEST(HistogramQueries, AreBounded) {
  MemoryQuerier storage;
  NativeHistogram one;
  one.count = 1;
  const auto histogram = std::make_shared<const NativeHistogram>(one);
  for (Timestamp i = 0; i < 100; ++i) storage.Append(Labels{{"__name__", "h"}}, i, histogram);
  const FakeClock clock;
  const auto ask = [&](size_t max_samples) {
    const Engine engine({.max_samples = max_samples}, clock);
    return engine.Range(*Expression::Parse("h + h"), storage, 0, 99, 1).status();
  };
  EXPECT_TRUE(ask(50'000).ok());
  EXPECT_EQ(ask(2'500).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ask(100).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace outrider::promql
