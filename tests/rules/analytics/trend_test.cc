// SPDX-License-Identifier: Apache-2.0
// Trend direction and change, robust slopes, significance, steps; golden values and defects of the
// source system (specs/source_systems.md §1.3, §1.5).
#include "rules/analytics/trend.h"

#include <gtest/gtest.h>

#include <cmath>

#include "fmt/format.h"
#include "rules/analytics/changepoint.h"
#include "rules/analytics/robust_trend.h"
#include "storage/base/random.h"
#include "tests/rules/analytics/exact_line.h"
#include "tests/rules/analytics/report_after.h"

namespace outrider {
namespace {

Entry TrendEntry(std::vector<DurationMs> windows = {15 * kMinute}) {
  Entry entry;
  entry.name = "e";
  entry.kind = EntryKind::kTrend;
  entry.windows = std::move(windows);
  return entry;
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
  const auto out = ReportAfter(TrendEntry(), Line(c.first, c.per_second, 60));
  EXPECT_NEAR(out.at("slope 15m"), c.per_second, std::fabs(c.per_second) * 1e-6) << c.what;
  EXPECT_EQ(out.at("direction 15m"), c.direction) << c.what;
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
        DirectionCase{"1.1 % an hour", 100, 0.000306, 1}, DirectionCase{"from zero", 0, 0.001, 1},
        // Its golden values: rates 0 and 0.02 of a mean of 0.5 core agree; 5 bytes a second of
        // 1 GB it called increasing.
        DirectionCase{"golden: rate 0 is stable", 0.5, 0, 0},
        DirectionCase{"golden: +0.02 core/s is increasing", 0.5, 0.02, 1},
        DirectionCase{"golden that was wrong: +5 byte/s of 1 GB", 1e9, 5, 0}));

TEST(Trend, StablePerHourIsTheEntrys) {
  Entry entry = TrendEntry();
  const auto ramp = Line(100, 0.0015, 60);  // 5.4 % an hour
  EXPECT_EQ(ReportAfter(entry, ramp).at("direction 15m"), 1);
  entry.trend.stable_per_hour = 0.1;
  EXPECT_EQ(ReportAfter(entry, ramp).at("direction 15m"), 0);
}

TEST(Trend, ChangeRatioHasNoZeroDivision) {
  EXPECT_EQ(ReportAfter(TrendEntry(), Line(0, 0, 20)).at("change_ratio 15m"), 0);
  // The source system divided by the first sample.
  EXPECT_NEAR(ReportAfter(TrendEntry(), Line(0, 0.1, 21)).at("change_ratio 15m"), 2, 1e-3)
      << "a line from 0 changes by twice its mean";
}

TEST(Trend, ALeakOverADayIsSeen) {
  // Memory that doubles over 288 points of five minutes: the source system's slope per point could
  // not reach its threshold, whatever the leak.
  Entry entry = TrendEntry({24 * kHour});
  std::vector<double> leak;
  leak.reserve(288);
  for (int i = 0; i < 288; ++i) leak.push_back(1e9 + 1e9 * i / 287);
  const auto out = ReportAfter(entry, leak, 5 * kMinute);
  EXPECT_EQ(out.at("direction 24h"), 1);
  EXPECT_NEAR(out.at("change_ratio 24h"), 1 / 1.5, 0.01);
}

TEST(Trend, ScrapesEveryMinuteAreEnough) {
  // The source system's rate over 1m was empty then.
  const auto out = ReportAfter(TrendEntry({5 * kMinute}), Line(1, 0.01, 10), kMinute);
  EXPECT_NEAR(out.at("slope 5m"), 0.0025, 1e-9);
}

TEST(Trend, NoiseHasNoDirection) {
  std::vector<double> values;
  values.reserve(61);
  for (int i = 0; i < 60; ++i) values.push_back(i % 2 == 0 ? 1 : 3);
  values.push_back(1.2);
  const auto out = ReportAfter(TrendEntry(), values);
  EXPECT_GT(std::fabs(out.at("slope 15m")) * 3600, 0.01) << "steep enough to count";
  EXPECT_EQ(out.at("direction 15m"), 0);
}

TEST(Trend, ACurveHasADirection) {
  std::vector<double> square;
  std::vector<double> steps;
  for (int i = 0; i < 240; ++i) {
    square.push_back(10 + 1e-3 * i * i);
    steps.push_back(i < 120 ? 10 : 20);
  }
  EXPECT_EQ(ReportAfter(TrendEntry({kHour}), square).at("direction 1h"), 1);
  EXPECT_EQ(ReportAfter(TrendEntry({kHour}), steps).at("direction 1h"), 1);
}

TEST(Trend, SlowNoiseHasNoDirection) {
  // AR(1) of 0.8, 61 samples a minute apart: errors of independent samples call half of them
  // trends.
  SeededRandom random(103);
  int alarms = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<double> values;
    double state = 0;
    for (int i = 0; i < 61; ++i) {
      state = 0.8 * state + random.Unit() - 0.5;
      values.push_back(10 + 3.5 * state);
    }
    if (ReportAfter(TrendEntry({kHour}), values, kMinute).at("direction 1h") != 0) ++alarms;
  }
  EXPECT_LE(alarms, 0.2 * 400);
}

TEST(Trend, NothingBeforeThreeSamples) {
  EXPECT_TRUE(ReportAfter(TrendEntry(), {1, 2}).empty());
  EXPECT_EQ(ReportAfter(TrendEntry(), {1, 2, 3}).size(), 3U);
}

TEST(Trend, ThreeOutputsAWindowAndWhatIsAskedFor) {
  Entry entry = TrendEntry({kTrendWindows.begin(), kTrendWindows.end()});
  auto outputs = TrendDetector::Outputs(entry);
  ASSERT_EQ(outputs.size(), 21U);
  EXPECT_EQ(outputs[0].window, "5m");
  EXPECT_EQ(outputs[20].window, "24h");
  EXPECT_EQ(outputs[20].metric->name, "outrider_trend_change_ratio");
  entry.trend = {.errors = true, .theil_sen = true, .mann_kendall = true, .changepoints = true};
  outputs = TrendDetector::Outputs(entry);
  ASSERT_EQ(outputs.size(), 7U * 8 + 2);
  EXPECT_EQ(outputs.back().metric->name, "outrider_trend_changepoint_shift");
  EXPECT_EQ(outputs.back().window, "24h");
}

TEST(Trend, ErrorsAreThoseOfTheSamplesFromStart) {
  Entry entry = TrendEntry({5 * kMinute, kHour});
  entry.trend.errors = true;
  SeededRandom random(1);
  std::vector<Sample> samples;
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) {
    values.push_back(5 + 0.001 * i + random.Unit());
    samples.push_back({kReportStart + (i + 1) * 15'000, values.back()});
  }
  const auto out = ReportAfter(entry, values);
  for (const char* window : {" 5m", " 1h"}) {
    const std::string w = window;
    const auto start = static_cast<Timestamp>(out.at("start_timestamp_seconds" + w) * 1000);
    const ExactLine exact = ExactLineOf(samples, start, samples.back().time);
    EXPECT_NEAR(out.at("slope" + w), exact.slope, std::fabs(exact.slope) * 1e-5);
    EXPECT_NEAR(out.at("slope_error" + w), exact.standard_error, exact.standard_error * 1e-5);
    EXPECT_NEAR(out.at("r_squared_ratio" + w), exact.r2, 1e-6);
  }
}

TEST(Trend, AStateGoesOnAfterARestart) {
  const Entry entry = TrendEntry({kTrendWindows.begin(), kTrendWindows.end()});
  TrendDetector before(MakeTrendPlan(entry));
  TrendDetector after(MakeTrendPlan(entry));
  SeededRandom random(3);
  for (int i = 0; i < 9000; ++i) before.Observe(kReportStart + i * 15'000, random.Unit());
  RowWriter writer(1);
  before.Save(writer);
  const std::string bytes = writer.Take();
  RowReader reader(bytes, 1, "trend");
  after.Load(reader);
  const Timestamp now = kReportStart + 9000 * 15'000;
  EXPECT_EQ(Reported(entry, before, now), Reported(entry, after, now));
  EXPECT_EQ(Reported(entry, after, now).size(), 21U);
}

TEST(Trend, CentresGoOnAfterARestart) {
  Entry entry = TrendEntry({kTrendWindows.begin(), kTrendWindows.end()});
  entry.trend.theil_sen = true;
  TrendDetector before(MakeTrendPlan(entry));
  TrendDetector after(MakeTrendPlan(entry));
  SeededRandom random(3);
  for (int i = 0; i < 9000; ++i) before.Observe(kReportStart + i * 15'000, random.Unit());
  RowWriter writer(1);
  before.Save(writer);
  const std::string bytes = writer.Take();
  RowReader reader(bytes, 1, "trend");
  after.Load(reader);
  ASSERT_TRUE(reader.Finish().ok());
  for (int i = 9000; i < 10'000; ++i) {
    const double value = random.Unit();
    before.Observe(kReportStart + i * 15'000, value);
    after.Observe(kReportStart + i * 15'000, value);
  }
  const Timestamp now = kReportStart + 10'000 * 15'000;
  EXPECT_EQ(Reported(entry, before, now), Reported(entry, after, now));
}

TEST(Trend, SevenWindowsTakeLessThanTwoKilobytes) {
  const auto plan = MakeTrendPlan(TrendEntry({kTrendWindows.begin(), kTrendWindows.end()}));
  for (DurationMs step : {kSecond, 15 * kSecond, kMinute}) {
    TrendDetector detector(plan);
    for (Timestamp t = 0; t < 40 * kHour; t += step) detector.Observe(kReportStart + t, 1);
    EXPECT_LE(detector.MemoryBytes() + 3 * 16, 2048U) << step;  // three blocks of the allocator
  }
}

Block One(double time, double value) {
  Block block;
  block.start = static_cast<Timestamp>(time * 1000);
  block.line.Add(time, value);
  return block;
}

std::vector<Moments> PointsOf(const std::vector<double>& values) {
  std::vector<Moments> points;
  for (size_t i = 0; i < values.size(); ++i) {
    points.push_back(One(static_cast<double>(i), values[i]).line);
  }
  return points;
}

TEST(TheilSen, IsTheMedianOfPairSlopes) {
  EXPECT_TRUE(std::isnan(TheilSenSlope(PointsOf({1}))));
  EXPECT_EQ(TheilSenSlope(PointsOf({1, 3})), 2);
  EXPECT_EQ(TheilSenSlope(PointsOf({0, 1, 2, 3, 100})), 1) << "slopes 1 six times of ten";
  // A quarter of wild points does not move it; least squares it would.
  std::vector<double> wild;
  for (int i = 0; i < 40; ++i) wild.push_back(i % 4 == 2 && i > 20 ? 1e6 : 3.0 * i);
  EXPECT_NEAR(TheilSenSlope(PointsOf(wild)), 3, 0.5);
}

// Samples and not means of them: a tenth of them wild, at random, over all windows.
TEST(TheilSen, WildSamplesInEveryBucketDoNotMoveIt) {
  for (const double share : {0.0, 0.1}) {
    Entry entry = TrendEntry({kTrendWindows.begin(), kTrendWindows.end()});
    entry.trend.theil_sen = true;
    SeededRandom random(97);
    std::vector<double> values;
    for (int i = 0; i < 5761; ++i) {
      values.push_back(50 + 0.015 * i + (random.Unit() < share ? 1e5 * random.Unit() : 0));
    }
    const auto out = ReportAfter(entry, values);
    for (const char* window : {"15m", "30m", "1h", "6h", "12h", "24h"}) {
      EXPECT_NEAR(out.at("theil_sen_slope " + std::string(window)), 0.001, 1e-4)
          << share << " " << window;
    }
  }
}

TEST(TheilSen, AStepIsAtItsPlaceForIt) {
  // The old side is not taken for wild once the new one has the majority.
  Entry entry = TrendEntry({kHour});
  entry.trend.theil_sen = true;
  std::vector<double> values;
  for (int i = 0; i < 240; ++i) values.push_back((i < 120 ? 10 : 20) + 0.01 * (i % 3));
  const double exact = TheilSenSlope(PointsOf(values)) / 15;
  EXPECT_NEAR(ReportAfter(entry, values).at("theil_sen_slope 1h"), exact, exact / 10);
}

TEST(TheilSen, FewWindowsHaveManyPoints) {
  // A quarter of an hour and more of samples as they are, all in 2 KB.
  const auto entry = [](std::vector<DurationMs> windows) {
    Entry robust = TrendEntry(std::move(windows));
    robust.trend.theil_sen = true;
    return robust;
  };
  struct Row {
    std::vector<DurationMs> windows;
    size_t buckets;
    size_t bytes;
  };
  for (const Row& row : {Row{{kHour}, 40, 2048}, Row{{kHour, 24 * kHour}, 40, 2048},
                         Row{{kTrendWindows.begin(), kTrendWindows.end()}, 50, 2350}}) {
    const auto plan = MakeTrendPlan(entry(row.windows));
    EXPECT_GE(plan->ring->buckets(), row.buckets);
    TrendDetector detector(plan);
    for (Timestamp t = 0; t < 40 * kHour; t += 15 * kSecond) detector.Observe(kReportStart + t, 1);
    EXPECT_LE(detector.MemoryBytes() + 6 * 16, row.bytes);
  }
}

TEST(MannKendall, HasThePowerOfItsSamples) {
  // 61 samples a minute apart with a slope of 0.02 of their scatter each: all of them find it in
  // 78 of 100.
  Entry entry = TrendEntry({kHour});
  entry.trend.mann_kendall = true;
  SeededRandom random(101);
  int found = 0;
  int alarms = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<double> trend;
    std::vector<double> noise;
    for (int i = 0; i < 61; ++i) {
      double gauss = -6;
      for (int k = 0; k < 12; ++k) gauss += random.Unit();
      noise.push_back(10 + gauss);
      trend.push_back(10 + gauss + 0.02 * i);
    }
    if (ReportAfter(entry, trend, kMinute).at("mann_kendall_p 1h") < 0.05) ++found;
    if (ReportAfter(entry, noise, kMinute).at("mann_kendall_p 1h") < 0.05) ++alarms;
  }
  EXPECT_GE(found, 0.64 * 400) << "and 56 of 100 by means of ten pieces";
  EXPECT_LE(alarms, 0.08 * 400);
}

// Against R's Kendall::MannKendall / the formula by hand: S and its variance.
TEST(MannKendall, GoldenValues) {
  // S = 10, variance 5*4*15/18 = 16.667: z = 9/4.0825 = 2.2045.
  EXPECT_NEAR(MannKendallP(PointsOf({1, 2, 3, 4, 5})), 0.0275, 1e-4);
  EXPECT_NEAR(MannKendallP(PointsOf({5, 4, 3, 2, 1})), 0.0275, 1e-4);
  // A tie of two: S = 9, variance (300 - 18)/18 = 15.667: z = 8/3.958 = 2.0212.
  EXPECT_NEAR(MannKendallP(PointsOf({1, 2, 2, 4, 5})), 0.0433, 1e-4);
  EXPECT_EQ(MannKendallP(PointsOf({7, 7, 7, 7, 7, 7})), 1);
  EXPECT_TRUE(std::isnan(MannKendallP(PointsOf({1, 2, 3}))));
}

TEST(MannKendall, AutocorrelationWidensIt) {
  // Slow noise around a constant: without the correction far too many windows look like trends.
  SeededRandom random(17);
  auto false_alarms = [&](double share) {
    int alarms = 0;
    for (int round = 0; round < 400; ++round) {
      std::vector<double> values;
      double state = 0;
      for (int i = 0; i < 60; ++i) {
        state = share * state + random.Unit() - 0.5;
        values.push_back(state);
      }
      if (MannKendallP(PointsOf(values)) < 0.05) ++alarms;
    }
    RecordProperty(fmt::format("of_400_at_{}", share), alarms);
    return alarms;
  };
  EXPECT_LE(false_alarms(0), 400 * 0.08);
  EXPECT_LE(false_alarms(0.6), 400 * 0.12) << "a third without the correction";
  EXPECT_LE(false_alarms(0.8), 400 * 0.12) << "half without it, a fifth by Hamed and Rao's alone";
}

TEST(EvenPoints, JoinWhatIsFine) {
  std::vector<Block> blocks;
  for (int i = 0; i < 5; ++i) {
    Block wide;
    wide.start = i * 100'000;
    for (int k = 0; k < 10; ++k) wide.line.Add(i * 100 + k * 10, i);
    blocks.push_back(wide);
  }
  for (int i = 0; i < 50; ++i) {
    const int tens = i / 10;
    blocks.push_back(One(500 + i * 10, 5 + tens));
  }
  const auto points = EvenPoints(blocks);
  EXPECT_EQ(points.size(), 10U);
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(points[i].n, 10) << i;
    EXPECT_EQ(points[i].mean_v, static_cast<double>(i));
  }
  EXPECT_EQ(EvenPoints(std::span(blocks).subspan(5)).size(), 50U) << "single samples stay";
  EXPECT_TRUE(EvenPoints({}).empty());
}

std::vector<Block> BlocksOf(const std::vector<double>& values) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < values.size(); ++i) {
    blocks.push_back(One(15 * static_cast<double>(i), values[i]));
  }
  return blocks;
}

TEST(Changepoint, FindsTheLastStep) {
  SeededRandom random(23);
  std::vector<double> values;
  for (int i = 0; i < 60; ++i) values.push_back(10 + random.Unit());
  for (int i = 0; i < 30; ++i) values.push_back(20 + random.Unit());
  auto step = LastChangepoint(BlocksOf(values));
  ASSERT_TRUE(step);
  EXPECT_EQ(step->block, 60U);
  EXPECT_EQ(step->time, 60 * 15'000);
  EXPECT_NEAR(step->shift, 10, 0.6);
  for (int i = 0; i < 20; ++i) values.push_back(15 + random.Unit());
  step = LastChangepoint(BlocksOf(values));
  ASSERT_TRUE(step);
  EXPECT_EQ(step->block, 90U);
  EXPECT_NEAR(step->shift, -5, 0.6);
}

// Wherever in a bucket it is: by age, with one window (buckets of 2.4 h) and several, and noise.
TEST(Changepoint, FindsAStepWithinABucket) {
  struct Row {
    std::vector<DurationMs> windows;
    double slack;  // of its time, in seconds
  };
  SeededRandom random(83);
  for (const Row& row : {Row{{24 * kHour}, 600}, Row{{kHour, 6 * kHour, 24 * kHour}, 600}}) {
    Entry entry = TrendEntry(row.windows);
    entry.trend.changepoints = true;
    for (const double noise : {0.0, 0.2, 2.0}) {
      for (int age = 37; age < 18 * 60; age += 97) {  // two buckets before it
        std::vector<double> values;
        for (int i = 0; i < 2 * 1440; ++i) {
          values.push_back((i < 2 * 1440 - age ? 80 : 40) + noise * (random.Unit() - 0.5));
        }
        const auto out = ReportAfter(entry, values, kMinute);
        ASSERT_TRUE(out.contains("changepoint_shift 24h")) << age << " " << noise;
        EXPECT_NEAR(out.at("changepoint_shift 24h"), -40, 2) << age << " " << noise;
        const double meant = static_cast<double>(kReportStart) / 1000 + (2 * 1440 - age + 1) * 60;
        EXPECT_NEAR(out.at("changepoint_timestamp_seconds 24h"), meant, row.slack)
            << age << " " << noise;
      }
    }
  }
}

// Right after the samples kept as they are have become a bucket there are eleven blocks.
TEST(Changepoint, IsKnownAtAnyTime) {
  Entry entry = TrendEntry({24 * kHour});
  entry.trend.changepoints = true;
  const auto detector = TrendDetector::Create(entry);
  SeededRandom random(109);
  for (int i = 0; i < 3 * 1440; ++i) {
    const Timestamp time = kReportStart + i * kMinute;
    detector->Observe(time, (i < 2 * 1440 ? 80 : 40) + random.Unit());
    if (i < 2 * 1440 + 6 * 60 || i > 2 * 1440 + 17 * 60) continue;
    ASSERT_TRUE(Reported(entry, *detector, time).contains("changepoint_shift 24h")) << i;
  }
}

TEST(Changepoint, BucketsOfNoiseHaveNone) {
  int found = 0;
  SeededRandom random(89);
  Entry entry = TrendEntry({24 * kHour});
  entry.trend.changepoints = true;
  for (int round = 0; round < 300; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 1440 + round; ++i) values.push_back(50 + random.Unit());
    if (ReportAfter(entry, values, kMinute).contains("changepoint_shift 24h")) ++found;
  }
  EXPECT_LE(found, 3);
}

TEST(Changepoint, ARampIsNoStepAndAStepOnARampIs) {
  SeededRandom random(29);
  std::vector<double> values;
  for (int i = 0; i < 80; ++i) values.push_back(i + random.Unit());
  EXPECT_FALSE(LastChangepoint(BlocksOf(values)));
  EXPECT_FALSE(LastChangepoint(BlocksOf(Line(1e12, 1e-3, 60)))) << "rounding is no noise";
  EXPECT_FALSE(LastChangepoint(BlocksOf(Line(5, 0, 60))));
  for (int i = 50; i < 80; ++i) values[static_cast<size_t>(i)] += 20;
  const auto step = LastChangepoint(BlocksOf(values));
  ASSERT_TRUE(step);
  EXPECT_EQ(step->block, 50U);
  EXPECT_NEAR(step->shift, 20, 1);
}

TEST(Changepoint, NoiseHasNone) {
  SeededRandom random(31);
  int found = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 30 + round % 50; ++i) {
      double gauss = -6;
      for (int k = 0; k < 12; ++k) gauss += random.Unit();
      values.push_back(gauss);
    }
    if (LastChangepoint(BlocksOf(values))) ++found;
  }
  EXPECT_LE(found, 3);
}

TEST(Changepoint, SlowNoiseHasFew) {
  // AR(1) of 0.8: a step in a third of such windows by block means taken as independent.
  SeededRandom random(37);
  int found = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<double> values;
    double state = 0;
    for (int i = 0; i < 61; ++i) values.push_back(state = 0.8 * state + random.Unit() - 0.5);
    if (LastChangepoint(BlocksOf(values))) ++found;
  }
  RecordProperty("of_1000", found);
  EXPECT_LE(found, 60);
}

TEST(Changepoint, IsReportedForTheLongestWindow) {
  Entry entry = TrendEntry({15 * kMinute, 6 * kHour});
  entry.trend.changepoints = true;
  SeededRandom random(37);
  std::vector<double> values;
  for (int i = 0; i < 1200; ++i) values.push_back(100 + random.Unit() + (i >= 1100 ? 50 : 0));
  const auto out = ReportAfter(entry, values);
  ASSERT_TRUE(out.contains("changepoint_shift 6h"));
  EXPECT_NEAR(out.at("changepoint_shift 6h"), 50, 3);
  const double meant = (kReportStart + 1101 * 15'000) / 1000.0;
  EXPECT_NEAR(out.at("changepoint_timestamp_seconds 6h"), meant, 36 * 60);
  values.assign(1200, 5);
  EXPECT_FALSE(ReportAfter(entry, values).contains("changepoint_shift 6h"));
}

}  // namespace
}  // namespace outrider
