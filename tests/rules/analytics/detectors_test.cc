// SPDX-License-Identifier: Apache-2.0
// Anomaly scores: the pure judgements and the detectors.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "rules/analytics/baseline.h"
#include "rules/analytics/detector.h"
#include "rules/analytics/robust_z.h"
#include "tests/rules/detect/made_series.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;

Entry MakeEntry(EntryKind kind) {
  Entry entry;
  entry.name = "e";
  entry.kind = kind;
  entry.windows = {15 * kMinute};
  if (kind == EntryKind::kAnomaly) {
    entry.detector = "robust_z";
    entry.detection.threshold = 4;
  }
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
  EXPECT_GT(out[1], 1) << "an onset";
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

struct RiskCase {
  const char* name;
  double follows;  // share of the sample before
};

TEST(RobustZ, AlarmsAsOftenAsTheRiskSays) {
  for (const RiskCase& c : {RiskCase{"white noise", 0}, RiskCase{"autoregressive", 0.9}}) {
    Entry entry = MakeEntry(EntryKind::kAnomaly);
    entry.detection.threshold.reset();
    const auto detector = FindDetector(entry.kind, entry.detector)->create(entry);
    Noise noise(11);
    double value = 0;
    int up = 0;
    int onsets = 0;
    std::vector<double> out(5);
    const int minutes = 28 * 1440;
    for (int minute = 0; minute < minutes; ++minute) {
      const Timestamp time = kStart + minute * kMinute;
      value = c.follows * value + noise.Normal();
      detector->Observe(time, 50 + value);
      detector->Report(time, out);
      detector->Reported();
      up += minute >= 1440 && out[0] >= 1 ? 1 : 0;
      onsets += out[1] >= 1 ? 1 : 0;
    }
    RecordProperty(c.name, std::to_string(up) + " up, " + std::to_string(onsets) + " onsets");
    EXPECT_LT(up, 27 * 1440 * 3e-4) << c.name << ": 1e-4 is meant";
    EXPECT_LE(onsets, 4) << c.name;
  }
}

TEST(RobustZ, AnOnsetIsToldOnce) {
  Entry entry = MakeEntry(EntryKind::kAnomaly);
  entry.detection.threshold.reset();
  const auto detector = FindDetector(entry.kind, entry.detector)->create(entry);
  Noise noise(13);
  int onsets = 0;
  std::vector<double> out(5);
  for (int i = 0; i < 480; ++i) {
    const Timestamp time = kStart + i * 15 * kSecond;
    detector->Observe(time, 50 + noise.Normal() + (i >= 400 ? 40 : 0));
    if (i % 2 == 0) continue;  // samples come faster than reports
    detector->Report(time, out);
    detector->Reported();
    onsets += out[1] >= 1 ? 1 : 0;
  }
  EXPECT_EQ(onsets, 1);
}

TEST(RobustZ, WarmsUpInSilence) {
  const Entry entry = MakeEntry(EntryKind::kAnomaly);
  EXPECT_TRUE(std::isnan(ReportAfter(entry, std::vector<double>(10, 1.0))[0]));
  EXPECT_FALSE(std::isnan(ReportAfter(entry, std::vector<double>(11, 1.0))[0]));
}

}  // namespace
}  // namespace outrider
