// SPDX-License-Identifier: Apache-2.0
// Arithmetic of native histograms, written in the notation of PromQL tests.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "rules/promql/histogram/bucket_bounds.h"
#include "rules/promql/histogram/bucket_list.h"
#include "rules/promql/histogram/histogram_math.h"
#include "rules/promql/histogram/histogram_stats.h"
#include "rules/promql/histogram/histogram_sum.h"
#include "rules/promql/histogram/histogram_trim.h"
#include "rules/promql/histogram/stats_only.h"
#include "rules/trial/histogram_notation.h"

namespace outrider::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

NativeHistogram Of(const char* text) {
  StatusOr<HistogramLiteral> literal = ParseHistogramLiteral(text);
  EXPECT_TRUE(literal.ok()) << text << ": " << Message(literal.status());
  return literal.ok() ? literal->histogram : NativeHistogram();
}

std::string Show(const NativeHistogram& h) {
  return fmt::format("{}:{}", h.schema, HistogramText(h));
}

TEST(BucketBounds, AreExactAndEndAtTheInfinities) {
  constexpr double kMax = std::numeric_limits<double>::max();
  struct Case {
    int64_t index;
    int32_t schema;
    double bound;
  };
  const Case cases[] = {{0, 0, 1},
                        {1, 0, 2},
                        {-1, 0, 0.5},
                        {0, 8, 1},
                        {256, 8, 2},
                        {1, 1, std::sqrt(2) - 0x1p-52},
                        {2, 1, 2},
                        {1, -4, 65536},
                        {-1, -4, 1.0 / 65536},
                        {64, -4, kMax},
                        {65, -4, kInfinity},
                        {1024, 0, kMax},
                        {1025, 0, kInfinity},
                        {1024 * 256, 8, kMax},
                        {1024 * 256 + 1, 8, kInfinity},
                        {-2000, 0, 0},
                        {1 << 30, -4, kInfinity},
                        {-(1 << 30), -4, 0}};
  for (const Case& c : cases) {
    EXPECT_EQ(ExponentialBound(c.index, c.schema), c.bound) << c.index << " of " << c.schema;
  }
  for (int32_t schema = kMinSchema; schema <= kMaxSchema; ++schema) {
    for (int64_t i = -40; i < 40; ++i) {
      EXPECT_LT(ExponentialBound(i, schema), ExponentialBound(i + 1, schema)) << schema;
      if (schema == kMaxSchema) continue;
      EXPECT_EQ(ExponentialBound(i, schema), ExponentialBound(2 * i, schema + 1)) << schema;
    }
  }
}

TEST(HistogramText, ShowsAllSides) {
  EXPECT_EQ(HistogramText(Of("count:9 sum:3.5 z_bucket:2 z_bucket_w:0.001 buckets:[1 0 2] "
                             "n_buckets:[3 1]")),
            "{count:9, sum:3.5, [-2,-1):1, [-1,-0.5):3, [-0.001,0.001]:2, (0.5,1]:1, (2,4]:2}");
  EXPECT_EQ(HistogramText(Of("schema:-53 count:6 sum:1 custom_values:[1 2] buckets:[1 2 3]")),
            "{count:6, sum:1, [-Inf,1]:1, (1,2]:2, (2,+Inf]:3}");
  EXPECT_EQ(HistogramText(Of("")), "{count:0, sum:0}");
}

TEST(HistogramMath, AddsAndSubtracts) {
  struct Case {
    const char* a;
    const char* b;
    const char* sum;
    const char* difference;
  };
  const Case cases[] = {
      {"count:3 sum:2 buckets:[1 2]", "count:1 sum:4 offset:3 buckets:[1]",
       "0:{count:4, sum:6, (0.5,1]:1, (1,2]:2, (4,8]:1}",
       "0:{count:2, sum:-2, (0.5,1]:1, (1,2]:2, (4,8]:-1}"},
      // The finer one is reduced.
      {"schema:1 count:4 sum:2 offset:1 buckets:[1 2 1]", "count:2 sum:1 offset:1 buckets:[1 1]",
       "0:{count:6, sum:3, (1,2]:4, (2,4]:2}", "0:{count:2, sum:1, (1,2]:2}"},
      // The wider zero bucket swallows; inside a populated bucket it grows to that one's end.
      {"count:3 sum:2 z_bucket:1 z_bucket_w:0.5 offset:0 buckets:[2]",
       "count:4 sum:1 z_bucket:1 z_bucket_w:0.75 offset:1 buckets:[3]",
       "0:{count:7, sum:3, [-1,1]:4, (1,2]:3}", "0:{count:-1, sum:1, [-1,1]:2, (1,2]:-3}"},
      // Custom bounds that differ: the common ones stay.
      {"schema:-53 count:6 sum:1 custom_values:[1 2 3] buckets:[1 2 3]",
       "schema:-53 count:4 sum:1 custom_values:[1 3] buckets:[1 0 3]",
       "-53:{count:10, sum:2, [-Inf,1]:2, (1,3]:5, (3,+Inf]:3}",
       "-53:{count:2, sum:0, (1,3]:5, (3,+Inf]:-3}"}};
  for (const Case& c : cases) {
    AddOutcome outcome;
    EXPECT_EQ(Show(AddHistograms(Of(c.a), Of(c.b), &outcome)), c.sum) << c.a;
    EXPECT_FALSE(outcome.incompatible);
    EXPECT_EQ(outcome.reconciled, Of(c.a).custom_values != Of(c.b).custom_values);
    EXPECT_EQ(Show(SubtractHistograms(Of(c.a), Of(c.b), &outcome)), c.difference) << c.a;
  }
  AddOutcome outcome;
  AddHistograms(Of("count:1"), Of("schema:-53 count:1"), &outcome);
  EXPECT_TRUE(outcome.incompatible);
}

TEST(HistogramMath, HintsOfSums) {
  using enum ResetHint;
  struct Case {
    ResetHint a;
    ResetHint b;
    ResetHint sum;
    bool collision;
  };
  const Case cases[] = {{kYes, kYes, kYes, false},         {kGauge, kYes, kGauge, false},
                        {kNo, kGauge, kGauge, false},      {kUnknown, kNo, kUnknown, false},
                        {kYes, kUnknown, kUnknown, false}, {kYes, kNo, kUnknown, true},
                        {kNo, kYes, kUnknown, true}};
  for (const Case& c : cases) {
    NativeHistogram a = Of("count:1");
    NativeHistogram b = Of("count:1");
    a.reset_hint = c.a;
    b.reset_hint = c.b;
    AddOutcome outcome;
    EXPECT_EQ(AddHistograms(a, b, &outcome).reset_hint, c.sum);
    EXPECT_EQ(outcome.reset_collision, c.collision);
  }
}

TEST(HistogramMath, ScalesAndCompacts) {
  NativeHistogram h = Of("count:4 sum:2 z_bucket:1 offset:-1 buckets:[0 1 0 0 2 0]");
  MultiplyHistogram(2, &h);
  CompactHistogram(&h);
  EXPECT_EQ(Show(h), "0:{count:8, sum:4, [-0,0]:2, (0.5,1]:2, (4,8]:4}");
  EXPECT_EQ(h.positive_spans, (std::vector<BucketSpan>{{0, 1}, {2, 1}}));
  EXPECT_EQ(h.reset_hint, ResetHint::kUnknown);
  DivideHistogram(-4, &h);
  EXPECT_EQ(h.count, -2);
  EXPECT_EQ(h.reset_hint, ResetHint::kGauge);
  DivideHistogram(0, &h);
  EXPECT_EQ(h.count, -kInfinity);
  EXPECT_TRUE(h.positive_buckets.empty() && h.positive_spans.empty());
}

TEST(HistogramMath, DetectsResets) {
  struct Case {
    const char* what;
    const char* before;
    const char* now;
    bool reset;
  };
  const Case cases[] = {
      {"more", "count:2 buckets:[1 1]", "count:3 buckets:[1 2]", false},
      {"count falls", "count:2 buckets:[1 1]", "count:1 buckets:[1]", true},
      {"a bucket falls", "count:3 buckets:[1 2]", "count:3 buckets:[2 1]", true},
      {"a bucket is gone", "count:2 buckets:[1 1]", "count:2 buckets:[2]", true},
      {"an empty one is gone", "count:1 buckets:[1 0]", "count:2 buckets:[2]", false},
      {"a hint decides", "count:2 buckets:[1 1]", "count:3 buckets:[2 2] counter_reset_hint:reset",
       true},
      {"a hint decides", "count:2", "count:1 counter_reset_hint:not_reset", false},
      {"finer", "count:1 buckets:[1]", "schema:1 count:2 buckets:[1 1]", true},
      {"coarser", "schema:1 count:2 offset:1 buckets:[1 1]", "count:2 offset:1 buckets:[2]", false},
      {"coarser and less", "schema:1 count:3 offset:1 buckets:[1 2]",
       "count:3 offset:1 buckets:[2 1]", true},
      {"zero bucket falls", "count:2 z_bucket:2", "count:2 z_bucket:1 buckets:[1]", true},
      {"narrower zero bucket", "count:2 z_bucket_w:1", "count:2 z_bucket_w:0.5", true},
      {"wider zero bucket", "count:2 z_bucket:1 buckets:[1]",
       "count:3 z_bucket:2 z_bucket_w:1 offset:1 buckets:[1]", false},
      {"wider, and too few", "count:2 z_bucket:1 buckets:[1]",
       "count:3 z_bucket:1 z_bucket_w:1 offset:1 buckets:[2]", true},
      {"wider into a populated bucket", "count:1 buckets:[1]", "count:2 z_bucket:2 z_bucket_w:0.7",
       true},
      {"other kind", "count:1 buckets:[1]", "schema:-53 count:2 custom_values:[1] buckets:[2]",
       true},
      {"custom, other bounds", "schema:-53 count:3 custom_values:[1 2] buckets:[1 1 1]",
       "schema:-53 count:4 custom_values:[2] buckets:[2 2]", false},
      {"custom, other bounds, fewer", "schema:-53 count:3 custom_values:[1 2] buckets:[1 1 1]",
       "schema:-53 count:4 custom_values:[2] buckets:[1 3]", true}};
  for (const Case& c : cases) EXPECT_EQ(DetectReset(Of(c.now), Of(c.before)), c.reset) << c.what;
}

TEST(HistogramMath, SameIgnoresEmptyBucketsAndHints) {
  EXPECT_TRUE(SameHistogram(Of("count:1 buckets:[0 1 0]"),
                            Of("count:1 offset:1 buckets:[1] counter_reset_hint:gauge")));
  EXPECT_FALSE(SameHistogram(Of("count:1 buckets:[1]"), Of("count:1 offset:1 buckets:[1]")));
  EXPECT_FALSE(SameHistogram(Of("count:1 sum:1"), Of("count:1 sum:2")));
}

TEST(HistogramSum, IsCompensatedAndMeansSurviveOverflow) {
  HistogramSum sum(Of("count:1e100 sum:1e100 buckets:[1e100]"));
  sum.Add(Of("count:1 sum:2 buckets:[1]"));
  sum.Add(Of("count:-1e100 sum:-1e100 buckets:[-1e100]"));
  EXPECT_EQ(Show(sum.Value()), "0:{count:1, sum:2, (0.5,1]:1}");

  HistogramMean mean(Of("count:1e308 sum:1e308 buckets:[1e308]"));
  for (int i = 0; i < 3; ++i) mean.Add(Of("count:1e308 sum:1e308 buckets:[1e308]"));
  EXPECT_EQ(Show(mean.Value()), "0:{count:1e+308, sum:1e+308, (0.5,1]:1e+308}");
  HistogramMean plain(Of("count:2 sum:1"));
  plain.Add(Of("count:4 sum:5"));
  EXPECT_EQ(Show(plain.Value()), "0:{count:3, sum:3}");
}

// As Prometheus' sum_over_time: an empty bucket tells on which side of zero the rest is.
TEST(HistogramSum, KeepsEmptyBucketsWhenAsked) {
  const NativeHistogram h = Of("count:2 sum:1 z_bucket:2 z_bucket_w:0.5 buckets:[0]");
  HistogramSum sum(h);
  sum.Add(h);
  EXPECT_EQ(HistogramFractionOf(0, 1, sum.Value(EmptyCells::kKeep)).value, 1);
  EXPECT_EQ(HistogramFractionOf(0, 1, sum.Value()).value, 0.5);
  HistogramMean mean(h);
  mean.Add(h);
  EXPECT_EQ(HistogramFractionOf(0, 1, mean.Value(EmptyCells::kKeep)).value, 1);
  // A zero bucket that has to grow takes the empty ones with it.
  sum.Add(Of("count:1 sum:1 z_bucket:1 z_bucket_w:1"));
  EXPECT_TRUE(sum.Value(EmptyCells::kKeep).positive_buckets.empty());
}

TEST(HistogramSum, OfOneIsThatOne) {
  const NativeHistogram negative = Of("count:-0 sum:-0 z_bucket:-0 buckets:[-1]");
  HistogramSum sum(negative);
  EXPECT_TRUE(std::signbit(sum.Value().sum) && std::signbit(sum.Value().count));
  EXPECT_TRUE(std::signbit(HistogramMean(negative).Value().sum));
  sum.Add(negative);
  EXPECT_FALSE(std::signbit(sum.Value().sum));  // the compensation is 0
}

TEST(HistogramStats, Quantiles) {
  struct Case {
    const char* histogram;
    double q;
    double value;
  };
  const Case cases[] = {{"count:4 sum:6 offset:1 buckets:[4]", 0.5, std::sqrt(2)},
                        {"count:4 sum:6 offset:1 buckets:[4]", 1, 2},
                        {"count:4 sum:6 offset:1 buckets:[4]", -1, -kInfinity},
                        {"count:4 sum:6 offset:1 buckets:[4]", 2, kInfinity},
                        {"count:4 sum:6 z_bucket:4 z_bucket_w:1", 0.25, -0.5},
                        {"count:8 sum:6 z_bucket:4 z_bucket_w:1 offset:1 buckets:[4]", 0.25, 0.5},
                        {"count:4 sum:6 n_offset:1 n_buckets:[4]", 0.5, -std::sqrt(2)},
                        {"schema:-53 count:4 sum:6 custom_values:[2 4] buckets:[2 2]", 0.5, 2},
                        {"schema:-53 count:4 sum:6 custom_values:[2 4] buckets:[2 2]", 0.75, 3},
                        {"schema:-53 count:4 sum:6 custom_values:[2 4] buckets:[2 1 1]", 1, 4},
                        {"schema:-53 count:4 sum:6 custom_values:[-2 4] buckets:[4]", 0.5, -2}};
  for (const Case& c : cases) {
    EXPECT_DOUBLE_EQ(HistogramQuantileOf(c.q, Of(c.histogram)).value, c.value) << c.histogram;
  }
  EXPECT_TRUE(std::isnan(HistogramQuantileOf(0.5, Of("")).value));
  const NativeHistogram with_nan = Of("count:5 sum:NaN offset:1 buckets:[4]");
  EXPECT_EQ(HistogramQuantileOf(0.4, with_nan).nan, NanEffect::kSkew);
  EXPECT_EQ(HistogramQuantileOf(0.9, with_nan).nan, NanEffect::kResult);
}

TEST(HistogramStats, FractionsAndVariance) {
  const NativeHistogram h = Of("count:8 sum:16 offset:1 buckets:[4 4]");
  EXPECT_DOUBLE_EQ(HistogramFractionOf(1, 2, h).value, 0.5);
  EXPECT_DOUBLE_EQ(HistogramFractionOf(std::sqrt(2), kInfinity, h).value, 0.75);
  EXPECT_DOUBLE_EQ(HistogramFractionOf(-kInfinity, 3,
                                       Of("schema:-53 count:4 custom_values:[2 4] "
                                          "buckets:[2 2]"))
                       .value,
                   0.75);
  EXPECT_EQ(HistogramFractionOf(2, 1, h).value, 0);
  EXPECT_TRUE(std::isnan(HistogramFractionOf(1, 2, Of("")).value));
  EXPECT_EQ(HistogramFractionOf(0, 1, Of("count:5 sum:NaN offset:1 buckets:[4]")).nan,
            NanEffect::kSkew);
  EXPECT_DOUBLE_EQ(HistogramVarianceOf(Of("count:2 sum:2 z_bucket:2")), 1);
}

TEST(HistogramTrim, CutsAtTheBound) {
  struct Case {
    const char* histogram;
    Trim trim;
    double bound;
    const char* rest;
  };
  const char* const exponential = "count:4 sum:9 offset:1 buckets:[2 2]";
  const char* const custom = "schema:-53 count:6 sum:9 custom_values:[2 4] buckets:[2 2 2]";
  const Case cases[] = {
      {exponential, Trim::kUpper, 2, "0:{count:2, sum:2.8284271247461903, (1,2]:2}"},
      {exponential, Trim::kUpper, 4, "0:{count:4, sum:9, (1,2]:2, (2,4]:2}"},
      {exponential, Trim::kLower, 2, "0:{count:2, sum:5.656854249492381, (2,4]:2}"},
      {exponential, Trim::kLower, 5, "0:{count:0, sum:0}"},
      {custom, Trim::kUpper, 3, "-53:{count:3, sum:4.5, [-Inf,2]:2, (2,4]:1}"},
      {custom, Trim::kLower, 1, "-53:{count:5, sum:15.5, [-Inf,2]:1, (2,4]:2, (4,+Inf]:2}"},
      {"count:2 sum:1 z_bucket:2 z_bucket_w:1", Trim::kUpper, 0,
       "0:{count:1, sum:-0.5, [-1,1]:1}"}};
  for (const Case& c : cases) {
    NativeHistogram h = Of(c.histogram);
    TrimHistogram(c.bound, c.trim, &h);
    EXPECT_EQ(Show(h), c.rest) << c.histogram << " " << c.bound;
  }
}

TEST(StatsOnly, LearnsResetsBeforeBucketsGo) {
  std::vector<HistogramSample> series = {{1, Of("count:2 buckets:[1 1]")},
                                         {2, Of("count:3 buckets:[1 2]")},
                                         {3, StaleHistogram()},
                                         {4, Of("count:4 buckets:[4 0]")},
                                         {5, Of("count:1 counter_reset_hint:gauge")}};
  KeepStatsOnly(series);
  const ResetHint expected[] = {ResetHint::kUnknown, ResetHint::kNo, ResetHint::kUnknown,
                                ResetHint::kYes, ResetHint::kGauge};
  for (size_t i = 0; i < series.size(); ++i) {
    EXPECT_EQ(series[i].histogram.reset_hint, expected[i]) << i;
    EXPECT_TRUE(series[i].histogram.positive_buckets.empty());
  }
  EXPECT_EQ(series[3].histogram.count, 4);
  EXPECT_TRUE(IsStale(series[2].histogram));
}

}  // namespace
}  // namespace outrider::promql
