// SPDX-License-Identifier: Apache-2.0
// Golden values of specs/source_systems.md §1.3 and §1.5. Where we differ on purpose, the row says
// what the original gives.
#include "rules/workloads/workload_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using enum FindingSeverity;

std::vector<double> Line(double from, double step, int n) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(from + step * i);
  return values;
}

const std::vector<double> kFlat = {10, 11, 10, 9, 10, 11, 10, 9, 10, 11};

TEST(WorkloadStatistics, Golden) {
  const std::vector<double> twelve = Line(1, 1, 12);
  EXPECT_DOUBLE_EQ(IqrFences(twelve, 1.5).lower, -6.5);
  EXPECT_DOUBLE_EQ(IqrFences(twelve, 1.5).upper, 19.5);
  EXPECT_DOUBLE_EQ(IqrFences(twelve, 3).lower, -16.25);
  EXPECT_DOUBLE_EQ(IqrFences(twelve, 3).upper, 29.25);
  EXPECT_NEAR(ZScore(50, kFlat), 54.07494798887929, 1e-10);
  EXPECT_DOUBLE_EQ(SlopePerPoint(Line(100, 5, 20)), 5);
}

TEST(WorkloadStatistics, TooLittleToSay) {
  const std::vector<double> one = {3};
  const std::vector<double> same = {3, 3, 3};
  const std::vector<double> three = {4, 1, 2};
  EXPECT_EQ(ZScore(5, one), 0);
  EXPECT_EQ(ZScore(5, same), 0);
  EXPECT_EQ(SlopePerPoint(one), 0);
  EXPECT_EQ(VariationCoefficient({}), 0);
  EXPECT_EQ(IqrFences({}, 3).upper, 0);
  EXPECT_EQ(IqrFences(three, 3).lower, 1);
  EXPECT_EQ(IqrFences(three, 3).upper, 4);
  EXPECT_THAT(RollingMeans(three, 2), testing::ElementsAre(2.5, 1.5));
  EXPECT_THAT(RollingMeans(three, 4), testing::IsEmpty());
  EXPECT_NEAR(VariationCoefficient(kFlat), .0731, 1e-4);
  EXPECT_DOUBLE_EQ(PopulationDeviation(std::vector<double>{1, 3}), 1);
}

TEST(WorkloadStatistics, LeakByPoint) {
  const auto leak = JudgeLeakByPoint(Line(100, 5, 20));
  ASSERT_TRUE(leak);
  EXPECT_EQ(leak->severity, kHigh);
  EXPECT_NEAR(leak->score, .0338983, 1e-7);
  EXPECT_NEAR(leak->threshold, 110, 1e-9);
  EXPECT_FALSE(JudgeLeakByPoint(Line(100, 5, 9)));    // too few
  EXPECT_FALSE(JudgeLeakByPoint(Line(100, 0, 20)));   // no growth
  EXPECT_FALSE(JudgeLeakByPoint(Line(100, -5, 19)));  // falls
  // §1.5 defect (a): no line over 24 hours at 5 minutes reaches 0.01 per point, not even x10; found
  // on the stream (evidence_test.cc).
  EXPECT_FALSE(JudgeLeakByPoint(Line(100, 900.0 / 287, 288)));
  // §1.5 defect (e): the original divides by a first sample of 0.
  EXPECT_TRUE(JudgeLeakByPoint(Line(0, 5, 20)));
}

TEST(WorkloadStatistics, SpikeByZ) {
  std::vector<double> values = kFlat;
  values.insert(values.end(), {10, 9, 10, 11, 10, 50, 55, 60});
  const auto spike = JudgeSpikeByZ(values);
  ASSERT_TRUE(spike);
  EXPECT_EQ(spike->severity, kCritical);
  EXPECT_NEAR(spike->score, 63.8501, 1e-4);
  EXPECT_NEAR(spike->threshold, 11.826, 1e-3);
  // §1.5 defect (c): the original calls this drop a critical spike.
  std::vector<double> drop = kFlat;
  drop.insert(drop.end(), {1, 1, 1});
  EXPECT_FALSE(JudgeSpikeByZ(drop));
  // §1.5 defect (d): like the original, blind without spread; the stream's spike is not
  // (evidence_test.cc).
  EXPECT_FALSE(JudgeSpikeByZ(std::vector<double>{1, 1, 1, 1, 1, 5, 5, 5}));
  EXPECT_FALSE(JudgeSpikeByZ(std::vector<double>{1, 2, 9, 9}));
}

struct TrendCase {
  double current, average, deviation, rate;
  TrendDirection direction;
  bool anomalous;
  double score;
  const char* original;  // where it differs
};

TEST(WorkloadStatistics, Trend) {
  using enum TrendDirection;
  const TrendCase cases[] = {
      {1, .5, .2, 0, kStable, true, .8333, ""},
      {1, .5, .2, .02, kIncreasing, true, .8333, ""},
      {1, .5, .2, -.02, kDecreasing, true, .8333, ""},
      {.1, .5, .2, 0, kStable, false, .6667, ""},  // z is exactly 2
      {1.5, .5, .2, 0, kStable, true, 1, ""},
      {2e9, 1e9, 0, 5, kStable, true, 1, "increasing, not anomalous"},
      // §1.3 defect (a): one constant for cores and bytes.
      {1e9, 1e9, 1e6, .5, kStable, false, 0, "increasing"},
      {.95, .5, .3, .0005, kIncreasing, false, .5, "stable"},
      {0, 0, 0, 0, kStable, false, 0, ""},
  };
  for (const TrendCase& c : cases) {
    SCOPED_TRACE(testing::Message() << c.current << " " << c.average << " " << c.rate);
    const TrendVerdict verdict = JudgeTrend(c.current, c.average, c.deviation, c.rate);
    EXPECT_EQ(verdict.direction, c.direction);
    EXPECT_EQ(verdict.anomalous, c.anomalous);
    EXPECT_NEAR(verdict.score, c.score, 1e-4);
  }
}

TEST(WorkloadStatistics, SeverityOfScore) {
  const std::pair<double, FindingSeverity> cases[] = {
      {1, kCritical}, {.9, kCritical}, {.8333, kHigh}, {.7, kHigh},
      {.69, kMedium}, {.5, kMedium},   {.49, kLow}};
  for (const auto& [score, severity] : cases) EXPECT_EQ(SeverityOfScore(score), severity) << score;
}

}  // namespace
}  // namespace outrider
