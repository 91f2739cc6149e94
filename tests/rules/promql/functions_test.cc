// SPDX-License-Identifier: Apache-2.0
// Functions, operators and selectors in the PromQL test language: a case is a line here.
// Prometheus' own corpus, where it is at hand, runs in tests/rules/trial.
#include <gtest/gtest.h>

#include "rules/trial/promql_test.h"
#include "storage/base/text.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

struct Script {
  const char* name;
  const char* text;
};

constexpr Script kScripts[] = {
    {"lookback_and_stale", R"t(
load 1m
  m 0 1 stale 3

eval instant at 1m m
  m 1

eval instant at 2m m

eval instant at 7m59s m
  m 3

eval instant at 8m m

eval instant at 3m count_over_time(m[10m])
  {} 3

eval instant at 1m count_over_time(m[1m])
  {} 1
)t"},
    {"counters", R"t(
load 1m
  c_total{a="up"} 0+60x10
  c_total{a="reset"} 0 60 120 30 90
  g 5 4 4 NaN NaN 6

eval instant at 10m rate(c_total{a="up"}[5m])
  {a="up"} 1

eval instant at 10m increase(c_total{a="up"}[10m])
  {a="up"} 600

eval instant at 4m increase(c_total{a="reset"}[4m1s])
  {a="reset"} 210

eval instant at 3m irate(c_total{a="reset"}[5m])
  {a="reset"} 0.5

eval instant at 5m changes(g[6m])
  {} 3

eval instant at 4m resets(c_total[5m])
  {a="up"} 0
  {a="reset"} 1

eval instant at 2m delta(g[2m1s])
  {} -1.0083333333333333

eval instant at 1m idelta(g[2m])
  {} -1
)t"},
    {"over_time", R"t(
load 1m
  m 3 1 2 5 4

eval instant at 4m avg_over_time(m[5m])
  {} 3

eval instant at 4m min_over_time(m[5m]) + max_over_time(m[5m]) + sum_over_time(m[5m])
  {} 21

eval instant at 4m first_over_time(m[5m])
  m 3

eval instant at 4m quantile_over_time(0.5, m[5m])
  {} 3

eval instant at 4m stdvar_over_time(m[5m])
  {} 2

eval instant at 4m deriv(m[5m])
  {} 0.01

eval instant at 4m predict_linear(m[5m], 60)
  {} 4.8

eval instant at 4m ts_of_max_over_time(m[5m])
  {} 180

eval instant at 4m max_over_time(sum_over_time(m[2m])[3m:1m])
  {} 9

eval instant at 4m absent_over_time(nope{a="b",c=~"d"}[5m])
  {a="b"} 1
)t"},
    {"aggregation", R"t(
load 1m
  m{a="1",b="x"} 1
  m{a="2",b="x"} 2
  m{a="1",b="y"} 3
  m{a="2",b="y"} NaN

eval instant at 0 sum by (a) (m{b="x"})
  {a="1"} 1
  {a="2"} 2

eval instant at 0 sum without (a) (m)
  {b="x"} 3
  {b="y"} NaN

eval instant at 0 max(m) - min(m)
  {} 2

eval instant at 0 topk(2, m)
  expect ordered
  m{a="1",b="y"} 3
  m{a="2",b="x"} 2

eval instant at 0 bottomk by (b) (1, m)
  m{a="1",b="x"} 1
  m{a="1",b="y"} 3

eval instant at 0 count_values("v", m > 1)
  {v="2"} 1
  {v="3"} 1

eval instant at 0 quantile(0.5, m{b="x"})
  {} 1.5

eval instant at 0 count(m) + group(m)
  {} 5

eval instant at 0 count(limit_ratio(0.5, m) or limit_ratio(-0.5, m))
  {} 4

eval instant at 0 count(limitk(3, m))
  {} 3
)t"},
    {"matching", R"t(
load 1m
  l{i="1",x="a"} 1
  l{i="2",x="b"} 2
  r{i="1",y="c"} 10
  r{i="2",y="d"} 20

eval instant at 0 l + on (i) r
  {i="1"} 11
  {i="2"} 22

eval instant at 0 l + ignoring (x, y) r
  {i="1"} 11
  {i="2"} 22

eval instant at 0 l * on (i) group_left (y) r
  {i="1",x="a",y="c"} 10
  {i="2",x="b",y="d"} 40

eval instant at 0 l * on (i) group_right (x) r
  {i="1",x="a",y="c"} 10
  {i="2",x="b",y="d"} 40

eval instant at 0 l and on (i) r{y="c"}
  l{i="1",x="a"} 1

eval instant at 0 l unless on (i) r{y="c"}
  l{i="2",x="b"} 2

eval instant at 0 l{i="1"} or on (i) r
  l{i="1",x="a"} 1
  r{i="2",y="d"} 20

eval instant at 0 l > 1
  l{i="2",x="b"} 2

eval instant at 0 1 < bool l
  {i="1",x="a"} 0
  {i="2",x="b"} 1

eval instant at 0 r > on (i) group_left l * 10

eval instant at 0 -7 % 3
  -1
)t"},
    {"partners_that_alternate", R"t(
load 1m
  m{i="1"} 1 2 3 4 5
  o{i="1",v="x"} 10 stale 30 stale 50
  o{i="1",v="y"} stale 20 stale 40 stale

eval range from 0 to 4m step 1m m + on (i) group_left (v) o
  {i="1",v="x"} 11 _ 33 _ 55
  {i="1",v="y"} _ 22 _ 44 _

eval range from 0 to 4m step 1m m + on (i) group_left (v) fill_right (100) o{v="x"}
  {i="1",v="x"} 11 _ 33 _ 55
  {i="1"} _ 102 _ 104 _
)t"},
    {"labels_and_sort", R"t(
load 1m
  m{h="n10",p="80"} 2
  m{h="n2",p="81"} 1

eval instant at 0 label_replace(m, "q", "$1-${x}", "h", "n(?P<x>.*)")
  m{h="n10",p="80",q="10-10"} 2
  m{h="n2",p="81",q="2-2"} 1

eval instant at 0 label_join(m, "hp", ":", "h", "none", "p")
  m{h="n10",p="80",hp="n10::80"} 2
  m{h="n2",p="81",hp="n2::81"} 1

eval instant at 0 sort(m)
  expect ordered
  m{h="n2",p="81"} 1
  m{h="n10",p="80"} 2

eval instant at 0 sort_by_label_desc(m, "h")
  expect ordered
  m{h="n10",p="80"} 2
  m{h="n2",p="81"} 1

eval instant at 0 absent(m{h="n3"})
  {h="n3"} 1

eval instant at 0 scalar(m)
  NaN

eval instant at 0 scalar(m{p="80"})
  2
)t"},
    {"dates", R"t(
eval instant at 0 day_of_week() + day_of_month() + day_of_year() + month() + year()
  {} 1977

eval instant at 1h1m minute() + hour()
  {} 2

eval instant at 0 days_in_month(vector(1582934400))
  {} 29

eval instant at 0 day_of_year(vector(1609459199))
  {} 366

eval instant at 0 hour(vector(-1))
  {} 23

eval instant at 1m timestamp(vector(1))
  {} 60
)t"},
    {"math", R"t(
eval instant at 0 round(vector(-2.5))
  {} -2

eval instant at 0 round(vector(5.25), 0.1)
  {} 5.3

eval instant at 0 clamp(vector(7), 1, 5) + clamp_min(vector(1), 3) + clamp_max(vector(9), 4)
  {} 12

eval instant at 0 clamp(vector(7), 5, 1)

eval instant at 0 sgn(vector(-3)) + abs(vector(-3)) + ceil(vector(1.2)) + floor(vector(1.8))
  {} 5

eval instant at 0 min_of(1, NaN)
  NaN

eval instant at 0 2 ^ 3 ^ 2
  512
)t"},
    {"times", R"t(
load 10s
  m 0+1x100

eval instant at 100s m @ 50
  m 5

eval instant at 100s m offset 20s
  m 8

eval instant at 100s m offset -20s @ 50
  m 7

eval instant at 100s sum_over_time(m[20s:10s] offset 5s)
  {} 17

eval instant at 100s sum_over_time(m[1m/3])
  {} 19

eval range from 0 to 40s step 20s m @ end()
  m 4 4 4

eval range from 0 to 40s step 20s m offset step()
  m _ 0 2
)t"},
};

class Functions : public testing::TestWithParam<Script> {};

TEST_P(Functions, Agree) {
  const FakeClock clock;
  const auto report = RunPromqlTest(GetParam().text, GetParam().name, clock);
  ASSERT_TRUE(report.ok()) << Message(report.status());
  EXPECT_EQ(Join(report->messages, "\n"), "");
  EXPECT_GT(report->passed, 0);
}

INSTANTIATE_TEST_SUITE_P(All, Functions, testing::ValuesIn(kScripts),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(Runner, ReportsFailuresWithTheirLine) {
  const FakeClock clock;
  const auto report = RunPromqlTest("eval instant at 0 1 + 1\n  3\n", "sums", clock);
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->failed, 1);
  EXPECT_EQ(report->messages[0], "sums:1: 1 + 1: expected scalar 3 but got 2");
}

TEST(Runner, RefusesWhatIsNotTheLanguage) {
  const FakeClock clock;
  for (const char* text : {"laod 1m\n", "load x\n", "eval sometimes 1\n", "load 1m\n  m{ 1\n"}) {
    EXPECT_FALSE(RunPromqlTest(text, "bad", clock).ok()) << text;
  }
}

}  // namespace
}  // namespace outrider
