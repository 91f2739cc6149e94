// SPDX-License-Identifier: Apache-2.0
// Trend direction and change, anomaly scores, forecasts: the pure judgements and the detectors.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "rules/analytics/baseline.h"
#include "rules/analytics/detector.h"
#include "rules/analytics/forecast.h"
#include "rules/analytics/robust_z.h"
#include "rules/analytics/trend.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;

Entry MakeEntry(EntryKind kind) {
  Entry entry;
  entry.name = "e";
  entry.kind = kind;
  entry.windows = {15 * kMinute};
  if (kind == EntryKind::kAnomaly) entry.detector = "robust_z";
  return entry;
}

// Feeds `values` every 15 s and reports at the last one.
std::vector<double> ReportAfter(const Entry& entry, const std::vector<double>& values) {
  const DetectorRow* row = FindDetector(entry.kind, entry.detector);
  const auto detector = row->create(entry);
  Timestamp time = kStart;
  for (double value : values) {
    time += 15 * kSecond;
    detector->Observe(time, value);
  }
  std::vector<double> out(row->outputs(entry).size());
  detector->Report(time, out);
  return out;
}

std::vector<double> Line(double first, double per_second, int n) {
  std::vector<double> values;
  values.reserve(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i) values.push_back(first + per_second * 15 * i);
  return values;
}

struct DirectionCase {
  const char* what;
  double first;
  double per_second;
  int direction;
};

class TrendDirectionTest : public testing::TestWithParam<DirectionCase> {};

TEST_P(TrendDirectionTest, DoesNotDependOnTheUnit) {
  const DirectionCase& c = GetParam();
  const auto out = ReportAfter(MakeEntry(EntryKind::kTrend), Line(c.first, c.per_second, 60));
  EXPECT_NEAR(out[0], c.per_second, std::fabs(c.per_second) * 1e-9) << c.what;
  EXPECT_EQ(out[1], c.direction) << c.what;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, TrendDirectionTest,
    testing::Values(
        // The source system called this stable: 0.0005 a second is below its one threshold.
        DirectionCase{"cpu, +0.45 core in 15 min", 0.5, 0.0005, 1},
        // And this increasing.
        DirectionCase{"memory, +0.5 byte/s of 1 GB", 1e9, 0.5, 0},
        DirectionCase{"memory, +1 MB/s of 1 GB", 1e9, 1e6, 1},
        DirectionCase{"falling disk", 1e12, -1e7, -1}, DirectionCase{"flat", 7, 0, 0},
        DirectionCase{"flat at zero", 0, 0, 0}, DirectionCase{"0.9 % an hour", 100, 0.00025, 0},
        DirectionCase{"1.1 % an hour", 100, 0.000306, 1}, DirectionCase{"from zero", 0, 0.001, 1}));

TEST(Trend, ChangeRatioHasNoZeroDivision) {
  const auto flat = ReportAfter(MakeEntry(EntryKind::kTrend), Line(0, 0, 20));
  EXPECT_EQ(flat[2], 0);
  const auto grown = ReportAfter(MakeEntry(EntryKind::kTrend), Line(0, 0.1, 21));
  EXPECT_NEAR(grown[2], 2, 1e-3) << "a line from 0 changes by twice its mean";
}

TEST(Trend, ALeakOverADayIsSeen) {
  // Memory that doubles over 288 points of five minutes: the source system's slope per point could
  // not reach its threshold, whatever the leak.
  Entry entry = MakeEntry(EntryKind::kTrend);
  entry.windows = {24 * kHour};
  const auto detector = FindDetector(EntryKind::kTrend, "")->create(entry);
  Timestamp time = kStart;
  for (int i = 0; i < 288; ++i) {
    time += 5 * kMinute;
    detector->Observe(time, 1e9 + 1e9 * i / 287);
  }
  double out[3] = {};
  detector->Report(time, out);
  EXPECT_EQ(out[1], 1);
  EXPECT_NEAR(out[2], 1 / 1.5, 0.01);
}

TEST(Trend, NoiseHasNoDirection) {
  std::vector<double> values;
  values.reserve(61);
  for (int i = 0; i < 60; ++i) values.push_back(i % 2 == 0 ? 1 : 3);
  values.push_back(1.2);
  const auto out = ReportAfter(MakeEntry(EntryKind::kTrend), values);
  EXPECT_GT(std::fabs(out[0]) * 3600, 0.01) << "steep enough to count";
  EXPECT_EQ(out[1], 0);
}

TEST(Trend, NothingBeforeThreeSamples) {
  EXPECT_TRUE(std::isnan(ReportAfter(MakeEntry(EntryKind::kTrend), {1, 2})[0]));
  EXPECT_FALSE(std::isnan(ReportAfter(MakeEntry(EntryKind::kTrend), {1, 2, 3})[0]));
}

TEST(Trend, OneOutputTripleAWindow) {
  Entry entry = MakeEntry(EntryKind::kTrend);
  entry.windows.assign(kTrendWindows.begin(), kTrendWindows.end());
  const auto outputs = TrendDetector::Outputs(entry);
  ASSERT_EQ(outputs.size(), 21U);
  EXPECT_EQ(outputs[0].window, "5m");
  EXPECT_EQ(outputs[20].window, "24h");
  EXPECT_EQ(outputs[20].metric->name, "outrider_trend_change_ratio");
}

TEST(Baseline, MedianAndMad) {
  Baseline baseline;
  for (double v : {10.0, 11.0, 10.0, 9.0, 10.0, 11.0, 10.0, 9.0, 10.0, 11.0}) {
    baseline.Add(kStart, v);
  }
  EXPECT_EQ(baseline.Measure().median, 10);
  EXPECT_DOUBLE_EQ(baseline.Measure().deviation, 1.4826 * 0.5);
  baseline.Add(kStart, 10);
  EXPECT_DOUBLE_EQ(baseline.Measure().deviation, 1.2533 * 5 / 11) << "six of eleven are equal";
}

TEST(Baseline, CoversAnHourAtAnyInterval) {
  for (DurationMs step : {kSecond, 15 * kSecond, kMinute}) {
    Baseline baseline;
    for (Timestamp t = kStart; t < kStart + 3 * kHour; t += step) {
      baseline.Add(t, t < kStart + 2 * kHour - 5 * kMinute ? 100 : 1);
    }
    EXPECT_LE(baseline.size(), Baseline::kPoints);
    EXPECT_GE(baseline.size(), Baseline::kPoints / 4);
    EXPECT_EQ(baseline.Measure().median, 1) << "older than an hour is forgotten";
  }
}

const std::vector<double> kSteady = {10, 11, 10, 9, 10, 11, 10, 9, 10, 11, 10, 9, 10, 11, 10};

std::vector<double> Then(std::vector<double> values, double last) {
  values.push_back(last);
  return values;
}

TEST(RobustZ, ScoresFromTheEdgeOfTheBand) {
  // Of 15 points eight are 10, four 11, three 9: median 10, MAD 0, mean deviation 7/15.
  const auto out = ReportAfter(MakeEntry(EntryKind::kAnomaly), Then(kSteady, 60));
  const double half = 4 * 1.2533 * 7 / 15;
  EXPECT_NEAR(out[0], 50 / half, 1e-12);
  EXPECT_TRUE(std::isnan(out[1])) << "no onset";
  EXPECT_EQ(out[2], 10);
  EXPECT_NEAR(out[3], 10 - half, 1e-12);
  EXPECT_NEAR(out[4], 10 + half, 1e-12);
  EXPECT_LT(ReportAfter(MakeEntry(EntryKind::kAnomaly), Then(kSteady, 12))[0], 1);
}

TEST(RobustZ, AJumpOffAFlatLineCounts) {
  // The source system divided by a standard deviation of 0 and saw nothing.
  const std::vector<double> flat(20, 10.0);
  EXPECT_NEAR(ReportAfter(MakeEntry(EntryKind::kAnomaly), Then(flat, 50))[0], 40 / (4 * 0.1), 1e-9);
  EXPECT_EQ(ReportAfter(MakeEntry(EntryKind::kAnomaly), Then(flat, 10))[0], 0);
  EXPECT_LT(ReportAfter(MakeEntry(EntryKind::kAnomaly), Then(flat, 10.2))[0], 1);
  const std::vector<double> zero(20, 0.0);
  EXPECT_GT(ReportAfter(MakeEntry(EntryKind::kAnomaly), Then(zero, 1))[0], 1);
}

TEST(RobustZ, ADropIsNoSpike) {
  Entry entry = MakeEntry(EntryKind::kAnomaly);
  EXPECT_GT(ReportAfter(entry, Then(kSteady, 0))[0], 1);
  entry.detection.direction = AnomalyDirection::kAbove;
  EXPECT_EQ(ReportAfter(entry, Then(kSteady, 0))[0], 0);
  EXPECT_GT(ReportAfter(entry, Then(kSteady, 20))[0], 1);
  entry.detection.direction = AnomalyDirection::kBelow;
  EXPECT_GT(ReportAfter(entry, Then(kSteady, 0))[0], 1);
  EXPECT_EQ(ReportAfter(entry, Then(kSteady, 20))[0], 0);
}

TEST(RobustZ, WarmsUpInSilence) {
  const Entry entry = MakeEntry(EntryKind::kAnomaly);
  EXPECT_TRUE(std::isnan(ReportAfter(entry, std::vector<double>(10, 1.0))[0]));
  EXPECT_FALSE(std::isnan(ReportAfter(entry, std::vector<double>(11, 1.0))[0]));
}

TEST(Forecast, ContinuesTheLine) {
  Entry entry = MakeEntry(EntryKind::kForecast);
  entry.threshold = 0;
  entry.horizon = kHour;
  const auto out = ReportAfter(entry, Line(1000, -0.1, 41));  // now at 940
  EXPECT_NEAR(out[0], 940 - 360, 1e-6);
  EXPECT_NEAR(out[1], 9400, 1e-6);
}

TEST(Forecast, NeverIsInfinite) {
  Entry entry = MakeEntry(EntryKind::kForecast);
  entry.threshold = 0;
  const double never = std::numeric_limits<double>::infinity();
  EXPECT_EQ(ReportAfter(entry, Line(1000, 0.1, 41))[1], never) << "moves away";
  EXPECT_EQ(ReportAfter(entry, Line(1000, 0, 41))[1], never) << "stands still";
  std::vector<double> noise;
  noise.reserve(41);
  for (int i = 0; i < 41; ++i) noise.push_back(i % 2 == 0 ? 990 : 1010);
  noise.back() = 980;
  EXPECT_EQ(ReportAfter(entry, noise)[1], never) << "noise reaches nothing";
}

TEST(Forecast, WithoutThresholdOnlyTheValue) {
  EXPECT_EQ(ForecastDetector::Outputs(MakeEntry(EntryKind::kForecast)).size(), 1U);
  EXPECT_TRUE(std::isnan(ReportAfter(MakeEntry(EntryKind::kForecast), {1, 2, 3, 4})[0]));
}

}  // namespace
}  // namespace outrider
