// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

struct WayCase {
  const char* text;
  bool raw_counters;
  SloCounting counting;
  double scale;
};

TEST(SloQueryTest, WhatIsCountedAndWhatIsSampled) {
  constexpr SloCounting kCounted = SloCounting::kCounted;
  constexpr SloCounting kSampled = SloCounting::kSampled;
  const WayCase kCases[] = {
      {"sum(rate(errors_total[{{.window}}]))", false, kCounted, 256},
      {"sum(rate(errors_total[{{ .window }}]))", false, kCounted, 256},
      {"sum by (job) (increase(errors_total{code=~\"5..\"}[1h]))", false, kCounted, 1},
      {"sum(rate(a[5m])) - sum(rate(b[5m]))", false, kCounted, 300},
      {"(sum(rate(a[{{.window}}])) or vector(0))", false, kCounted, 256},
      {"sum(errors_total)", true, kCounted, 1},
      {"errors_total", true, kCounted, 1},
      {"errors_total", false, kSampled, 1},
      {"rate(a[5m]) * on(job) group_left(team) owner_info", false, kCounted, 300},
      {"rate(a[5m]) + rate(b[10m])", false, kSampled, 1},
      {"rate(a[5m] offset 1h)", false, kSampled, 1},
      {"sum(errors_total offset 1h)", true, kSampled, 1},
      {"rate(a[5m]) / a", false, kSampled, 1},
      {"sum(count_over_time(up[{{.window}}]))", false, kSampled, 1},
      {"sum_over_time((count(x < 0.75))[{{.window}}:]) or on() vector(0)", false, kSampled, 1},
      {"irate(a[5m])", false, kSampled, 1},
      {"sum(rate(a[5m:1m]))", false, kSampled, 1},
      {"vector(1)", false, kSampled, 1},
      // What adds up over slots.
      {"-sum(rate(a[5m])) * 2 / 4", false, kCounted, 300},
      {"sum(rate(a[5m])) > 0 or vector(0)", false, kCounted, 300},
      {"0 < rate(a[5m])", false, kCounted, 300},
      {"rate(a[5m]) and on(job) (up == 1)", false, kCounted, 300},
      {"sum by (b) (label_replace(rate(a[5m]), \"b\", \"$1\", \"c\", \"(.*)\"))", false, kCounted,
       300},
      {"rate(a[5m]) * on(job) group_left max by (job) (weight)", false, kCounted, 300},
      {"vector(0) + sum(a)", true, kCounted, 1},
      // What does not.
      {"clamp_min(sum(rate(a[5m])), 1)", false, kSampled, 1},
      {"sum(rate(a[5m]) > 5)", false, kSampled, 1},
      {"sum(rate(a[5m])) > bool 0", false, kSampled, 1},
      {"max(rate(a[5m]))", false, kSampled, 1},
      {"avg(rate(a[5m]))", false, kSampled, 1},
      {"count(a)", true, kSampled, 1},
      {"topk(3, rate(a[5m]))", false, kSampled, 1},
      {"sum(rate(a[5m])) + 1", false, kSampled, 1},
      {"sum(rate(a[5m])) or vector(1)", false, kSampled, 1},
      {"rate(a[5m]) / rate(b[5m])", false, kSampled, 1},
      {"rate(a[5m]) * rate(b[5m])", false, kSampled, 1},
      {"rate(a[5m]) ^ 2", false, kSampled, 1},
      {"rate(a[5m]) > rate(b[5m])", false, kSampled, 1},
      {"(rate(a[5m]) > 0) + rate(b[5m])", false, kSampled, 1},
      {"rate(a[5m]) and (rate(b[5m]) > 0)", false, kSampled, 1},
      {"histogram_count(sum(rate(a[5m])))", false, kSampled, 1},
      {"histogram_sum(rate(a[5m])) > 0", false, kSampled, 1},
      {"histogram_fraction(0, 0.5, a)", true, kSampled, 1},
  };
  for (const WayCase& one : kCases) {
    const auto query = CompileSloQuery(one.text, one.raw_counters, {});
    ASSERT_TRUE(query.ok()) << one.text << ": " << query.status();
    EXPECT_EQ(query->counting == kCounted, one.counting == kCounted) << one.text;
    EXPECT_EQ(query->scale, one.scale) << one.text;
    EXPECT_EQ(query->text, one.text);
  }
}

TEST(SloQueryTest, SampledSumsAreDividedByTheirRange) {
  struct Case {
    const char* text;
    double seconds;  // of the range; 0: not to be counted
  };
  const Case kCases[] = {
      {"sum_over_time(bad[{{.window}}])", 300},
      {"sum(increase(a[1h] offset 5m))", 3600},
      {"sum(count_over_time(up[10m]))", 600},
      {"sum(sum_over_time((up == bool 0)[30m:1m]))", 1800},
      {"rate(a[10m] offset 1h)", 1},
      {"avg_over_time(up[10m])", 1},
      {"sum(increase(a[1h] offset 5m)) - sum(increase(b[2h] offset 5m))", 0},
      {"changes(a[5m]) + count_over_time(b[10m])", 0},
  };
  for (const Case& one : kCases) {
    const auto query = CompileSloQuery(one.text, false, {});
    ASSERT_TRUE(query.ok()) << one.text << ": " << query.status();
    ASSERT_EQ(query->counting, SloCounting::kSampled) << one.text;
    EXPECT_EQ(query->no_events.empty(), one.seconds > 0) << one.text;
    if (one.seconds > 0) {
      EXPECT_EQ(query->sampled_events_second, 1 / one.seconds) << one.text;
    }
  }
}

TEST(SloQueryTest, BadQueries) {
  const std::pair<const char*, const char*> kCases[] = {
      {"sum(rate(a[{{.window}}])", "parse error"},
      {"rate(a[{{.windows}}])", "only {{.window}} can stand here"},
      {"rate(a[{{.window])", "{{ without }}"},
      {"a[5m]", "expression gives a range vector"},
      {"\"text\"", "expression gives a string"},
  };
  for (const auto& [text, error] : kCases) {
    const auto query = CompileSloQuery(text, false, {});
    ASSERT_FALSE(query.ok()) << text;
    EXPECT_THAT(Message(query.status()), testing::HasSubstr(error)) << text;
  }
}

TEST(SloQueryTest, RatiosThatAreDivisionsAreTakenApart) {
  const SplitRatio bad =
      SplitErrorRatio("sum(rate(a[{{.window}}]))\n/\nsum(rate(b[{{.window}}]))", {});
  EXPECT_TRUE(bad.split);
  EXPECT_FALSE(bad.good);
  EXPECT_EQ(bad.upper, "sum(rate(a[{{.window}}]))");
  EXPECT_EQ(bad.lower, "sum(rate(b[{{.window}}]))");
  const SplitRatio good = SplitErrorRatio("1 - (rate(a[5m]) / rate(b[5m]))", {});
  EXPECT_TRUE(good.split);
  EXPECT_TRUE(good.good);
  EXPECT_EQ(good.upper, "rate(a[5m])");
  for (const char* text : {"a / on(job) b", "rate(a[5m]) / 3", "2 - a / b", "a * b", "a /"}) {
    EXPECT_FALSE(SplitErrorRatio(text, {}).split) << text;
  }
}

}  // namespace
}  // namespace outrider
