// SPDX-License-Identifier: Apache-2.0
// Forecasts: values, intervals, times to a threshold; and everything that must not raise an alarm.
#include "rules/analytics/forecast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "rules/analytics/quantiles.h"
#include "rules/detect/saved_fields.h"
#include "storage/base/random.h"
#include "tests/rules/analytics/report_after.h"

namespace outrider {
namespace {

constexpr double kNever = Crossing::kNever;

Entry ForecastEntry(DurationMs window = 15 * kMinute) {
  Entry entry;
  entry.name = "e";
  entry.kind = EntryKind::kForecast;
  entry.windows = {window};
  entry.threshold = 0;
  entry.forecast.horizons = {kHour};
  return entry;
}

double Gauss(SeededRandom& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.Unit();
  return sum;
}

TEST(Quantiles, AreThoseOfTheTables) {
  EXPECT_NEAR(NormalInterval(0.95), 1.959964, 1e-6);
  EXPECT_NEAR(NormalInterval(0.99), 2.575829, 1e-6);
  EXPECT_NEAR(NormalInterval(0.5), 0.674490, 1e-6);
  struct Row {
    double freedom;
    double t95;
    double t99;
  };
  for (const Row& row : {Row{1, 12.706, 63.657}, Row{2, 4.303, 9.925}, Row{3, 3.182, 5.841},
                         Row{5, 2.571, 4.032}, Row{10, 2.228, 3.169}, Row{30, 2.042, 2.750}}) {
    EXPECT_NEAR(StudentInterval(Confidence(0.95), row.freedom) / row.t95, 1, 0.02) << row.freedom;
    EXPECT_NEAR(StudentInterval(Confidence(0.99), row.freedom) / row.t99, 1, 0.06) << row.freedom;
  }
}

TEST(Forecast, ContinuesTheLine) {
  const auto out = ReportAfter(ForecastEntry(), Line(1000, -0.1, 41));  // now at 940
  EXPECT_NEAR(out.at("value"), 940 - 360, 1e-3);
  EXPECT_NEAR(out.at("lower"), 940 - 360, 1);
  EXPECT_NEAR(out.at("seconds_to_threshold"), 9400, 0.1);
  EXPECT_NEAR(out.at("seconds_to_threshold_lower"), 9400, 10);
  EXPECT_NEAR(out.at("seconds_to_threshold_upper"), 9400, 10);
  const double now = (kReportStart + 41 * 15'000) / 1000.0;
  EXPECT_NEAR(out.at("full_timestamp_seconds"), now + 9400, 0.1);
}

TEST(Forecast, IntervalsContainTheTruth) {
  // Noise of known size around a line: the interval at the horizon holds the coming sample about
  // as often as it says, and so does that of the crossing.
  Entry entry = ForecastEntry(kHour);
  entry.forecast.horizons = {20 * kMinute};
  entry.forecast.confidence = 0.9;
  SeededRandom random(41);
  int inside = 0;
  int crossing = 0;
  constexpr int kRounds = 400;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 600; ++i) values.push_back(20'000 - 15.0 * i + 100 * Gauss(random));
    const auto out = ReportAfter(entry, values);
    const double truth = 20'000 - 15.0 * (599 + 80) + 100 * Gauss(random);
    if (out.at("lower") <= truth && truth <= out.at("upper")) ++inside;
    const double seconds = (20'000 - 15.0 * 599) / 15 * 15;
    if (out.at("seconds_to_threshold_lower") <= seconds &&
        seconds <= out.at("seconds_to_threshold_upper")) {
      ++crossing;
    }
  }
  EXPECT_GE(inside, 0.84 * kRounds);
  EXPECT_LE(inside, 0.97 * kRounds);
  EXPECT_GE(crossing, 0.84 * kRounds);
}

TEST(Forecast, IntervalsHoldWhatTheySayOfSkewedErrors) {
  // Errors that are mostly small and sometimes large: z times their root mean square holds 98 of
  // 100 of them.
  Entry entry = ForecastEntry(kHour);
  entry.threshold.reset();
  entry.forecast.horizons = {20 * kMinute};
  entry.forecast.model = ForecastModel::kHoltWinters;
  const auto detector = ForecastDetector::Create(entry);
  SeededRandom random(43);
  int inside = 0;
  int asked = 0;
  std::optional<std::pair<double, double>> interval;
  for (int i = 0; i < 120'000; ++i) {
    const double value = 100 + (random.Unit() < 0.03 ? 40 : 1) * Gauss(random);
    const Timestamp time = kReportStart + i * kMinute;
    if (interval && i % 20 == 0) {
      ++asked;
      inside += interval->first <= value && value <= interval->second ? 1 : 0;
    }
    detector->Observe(time, value);
    if (i < 20'000 || i % 20 != 0) continue;
    const auto out = Reported(entry, *detector, time);
    interval = {out.at("lower"), out.at("upper")};
  }
  EXPECT_NEAR(static_cast<double>(inside) / asked, 0.95, 0.015);
}

TEST(Forecast, NeverIsInfinite) {
  const Entry entry = ForecastEntry();
  EXPECT_EQ(ReportAfter(entry, Line(1000, 0.1, 41)).at("seconds_to_threshold"), kNever)
      << "moves away";
  const auto still = ReportAfter(entry, Line(1000, 0, 41));
  EXPECT_EQ(still.at("seconds_to_threshold"), kNever) << "stands still";
  EXPECT_FALSE(still.contains("full_timestamp_seconds"));
}

struct ThresholdCase {
  const char* what;
  CrossingDirection direction;
  double first;
  double per_second;
  double threshold;
  double seconds;
};

class ForecastThreshold : public testing::TestWithParam<ThresholdCase> {};

TEST_P(ForecastThreshold, LooksAtItsSide) {
  const ThresholdCase& c = GetParam();
  Entry entry = ForecastEntry();
  entry.threshold = c.threshold;
  entry.forecast.crossing = c.direction;
  const auto out = ReportAfter(entry, Line(c.first, c.per_second, 41));
  EXPECT_EQ(std::isinf(out.at("seconds_to_threshold")), std::isinf(c.seconds)) << c.what;
  if (std::isfinite(c.seconds)) {
    EXPECT_NEAR(out.at("seconds_to_threshold"), c.seconds, 0.1) << c.what;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ForecastThreshold,
    testing::Values(
        ThresholdCase{"rises to it", CrossingDirection::kAuto, 0, 0.1, 160, 1000},
        ThresholdCase{"rises to it", CrossingDirection::kAbove, 0, 0.1, 160, 1000},
        ThresholdCase{"is above", CrossingDirection::kAbove, 200, -0.1, 100, 0},
        ThresholdCase{"falls to it", CrossingDirection::kBelow, 160, -0.1, 0, 1000},
        ThresholdCase{"is below", CrossingDirection::kBelow, -5, -0.1, 0, 0},
        ThresholdCase{"is below though it rises", CrossingDirection::kBelow, 10, 0.1, 160, 0},
        ThresholdCase{"rises away from below", CrossingDirection::kBelow, 200, 0.1, 160, kNever},
        ThresholdCase{"fell past it", CrossingDirection::kAuto, 20, -0.1, 0, 0},
        ThresholdCase{"rose past it", CrossingDirection::kAuto, 100, 0.1, 140, 0},
        ThresholdCase{"is there now", CrossingDirection::kAuto, 60, -0.1, 0, 0},
        ThresholdCase{"was beyond it all along", CrossingDirection::kAuto, -5, -0.1, 0, kNever},
        ThresholdCase{"comes back to it", CrossingDirection::kAuto, -160, 0.1, 0, 1000}));

TEST(Forecast, AFullDiskIsFull) {
  // Down to 0 within the window and there for a while: the line through it is well below 0 or
  // above it, and in the end flat.
  for (ForecastModel model : {ForecastModel::kLinear, ForecastModel::kAuto}) {
    for (const CrossingDirection direction :
         {CrossingDirection::kAuto, CrossingDirection::kBelow}) {
      Entry entry = ForecastEntry(kHour);
      entry.forecast.crossing = direction;
      entry.forecast.model = model;
      const auto detector = ForecastDetector::Create(entry);
      Timestamp time = kReportStart;
      for (int i = 0; i < 600; ++i) {
        detector->Observe(time += 15 * kSecond, std::max(0.0, 1e9 - 5e6 * i));
        if (i < 210) continue;
        const auto out = Reported(entry, *detector, time);
        ASSERT_TRUE(out.contains("seconds_to_threshold")) << i << " " << static_cast<int>(model);
        ASSERT_EQ(out.at("seconds_to_threshold"), 0) << i << " " << static_cast<int>(model);
        ASSERT_TRUE(out.contains("full_timestamp_seconds")) << i;
      }
    }
  }
}

TEST(Forecast, NoiseAroundAThresholdHasNotPassedIt) {
  SeededRandom random(79);
  int passed = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 240; ++i) values.push_back(10 * Gauss(random));
    const auto out = ReportAfter(ForecastEntry(kHour), values);
    if (out.at("seconds_to_threshold") == 0) ++passed;
  }
  EXPECT_LE(passed, 2);
}

// govuk-paas#3172 and awesome-prometheus-alerts#467: predict_linear alarms on noise.
TEST(Forecast, NoiseReachesNothing) {
  SeededRandom random(43);
  for (double share : {0.0, 0.5, 0.9}) {
    int alarms = 0;
    for (int round = 0; round < 300; ++round) {
      double state = 0;
      std::vector<double> values;
      for (int i = 0; i < 240; ++i) {
        state = share * state + Gauss(random);
        values.push_back(100 + 10 * state);
      }
      Entry entry = ForecastEntry(kHour);
      const auto out = ReportAfter(entry, values);
      const auto seconds = out.find("seconds_to_threshold");
      if (seconds != out.end() && seconds->second < 4 * 3600) ++alarms;
    }
    EXPECT_LE(alarms, 3) << "of 300 at autocorrelation " << share;
  }
}

TEST(Forecast, AStepIsNoRamp) {
  SeededRandom random(47);
  std::vector<double> values;
  for (int i = 0; i < 240; ++i) values.push_back((i < 200 ? 1000 : 400) + random.Unit());
  const auto out = ReportAfter(ForecastEntry(kHour), values);
  EXPECT_EQ(out.at("seconds_to_threshold"), kNever);
  EXPECT_NEAR(out.at("value"), 400, 5);
}

TEST(Forecast, ARealLeakIsSeenThroughNoise) {
  SeededRandom random(53);
  std::vector<double> values;
  for (int i = 0; i < 240; ++i) values.push_back(10'000 - 20.0 * i + 200 * Gauss(random));
  const auto out = ReportAfter(ForecastEntry(kHour), values);
  EXPECT_NEAR(out.at("seconds_to_threshold"), (10'000 - 20.0 * 239) / 20 * 15, 500);
}

// A log that is rotated every hour at 70 % of the disk, seen for a day.
std::vector<double> Rotated(int samples) {
  std::vector<double> values;
  for (int i = 0; i < samples; ++i) values.push_back(20 + 50.0 * (i % 240) / 240);
  return values;
}

TEST(Forecast, LogRotationIsNoFullDisk) {
  for (DurationMs window : {15 * kMinute, kHour, 6 * kHour}) {
    Entry entry = ForecastEntry(window);
    entry.threshold = 95;
    entry.forecast.crossing = CrossingDirection::kAbove;
    const auto detector = ForecastDetector::Create(entry);
    const auto values = Rotated(24 * 240);
    for (size_t i = 0; i < values.size(); ++i) {
      const Timestamp time = kReportStart + static_cast<Timestamp>(i) * 15'000;
      detector->Observe(time, values[i]);
      if (i < 3 * 240) continue;  // two rotations must have been seen
      const auto out = Reported(entry, *detector, time);
      if (!out.contains("value")) continue;  // the first minute after a rotation
      ASSERT_EQ(out.at("seconds_to_threshold"), kNever) << i << " " << WindowText(window);
      ASSERT_LE(out.at("value"), 77) << "nothing is said beyond where it is cut back";
    }
  }
}

struct FillingCase {
  const char* what;
  double gb_per_day;
  double tooth_gb;
  DurationMs tooth;
  DurationMs window;
};

class ForecastFilling : public testing::TestWithParam<FillingCase> {};

// A disk that fills up under log rotation: 40 GB left at first, a sample a minute. Each look says
// about when the deepest tooth will reach 0, whatever the tooth it falls into says.
TEST_P(ForecastFilling, TeethAreSeenThrough) {
  const FillingCase& c = GetParam();
  Entry entry = ForecastEntry(c.window);
  entry.forecast.crossing = CrossingDirection::kBelow;
  entry.forecast.horizons = {12 * kHour};
  const auto detector = ForecastDetector::Create(entry);
  SeededRandom random(5);
  const auto value = [&](DurationMs since) {
    const double days = static_cast<double>(since) / kDay;
    const double tooth = static_cast<double>(since % c.tooth) / static_cast<double>(c.tooth);
    return 40 - c.gb_per_day * days - c.tooth_gb * tooth;
  };
  const auto full = static_cast<double>(kDay) / 1000 * (40 - c.tooth_gb) / c.gb_per_day;
  int looks = 0;
  int outside = 0;  // of the interval of the crossing
  for (DurationMs since = 0; since < 50 * kHour; since += kMinute) {
    detector->Observe(kReportStart + since, value(since) + 0.05 * Gauss(random));
    if (since < c.window + 2 * c.tooth || since % (7 * kMinute) != 0) continue;
    const auto out = Reported(entry, *detector, kReportStart + since);
    ASSERT_TRUE(out.contains("seconds_to_threshold")) << since / kMinute;
    const double left = full - static_cast<double>(since) / 1000;
    const double tooth = static_cast<double>(c.tooth) / 1000;
    ASSERT_NEAR(out.at("seconds_to_threshold"), left, 0.1 * left + tooth) << since / kMinute;
    ++looks;
    const bool early = out.at("seconds_to_threshold_upper") < left;
    if (early || out.at("seconds_to_threshold_lower") > left + tooth) ++outside;
    const double then = value(since + 12 * kHour);
    ASSERT_NEAR(out.at("value"), then, c.tooth_gb) << since / kMinute;
    ASSERT_LE(out.at("lower"), then + 0.2) << since / kMinute;
    ASSERT_GE(out.at("upper"), then - 0.2) << since / kMinute;
  }
  EXPECT_LE(outside, looks / 20) << "of " << looks;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ForecastFilling,
    testing::Values(FillingCase{"two hours", 10, 2, 2 * kHour, 6 * kHour},
                    FillingCase{"slow beside its teeth", 2, 2, 2 * kHour, 6 * kHour},
                    FillingCase{"many teeth in a window", 10, 2, 30 * kMinute, 6 * kHour},
                    FillingCase{"teeth as long as the window", 5, 4, 6 * kHour, 6 * kHour}));

TEST(Forecast, ARotationThatDoesNotComeIsSeen) {
  Entry entry = ForecastEntry(kHour);
  entry.threshold = 95;
  const auto detector = ForecastDetector::Create(entry);
  std::vector<double> values = Rotated(10 * 240);
  for (int i = 0; i < 320; ++i) values.push_back(20 + 50.0 * i / 240);  // to 86.7
  Timestamp time = kReportStart;
  for (double value : values) detector->Observe(time += 15'000, value);
  EXPECT_LT(Reported(entry, *detector, time).at("seconds_to_threshold"), kHour / 1000);
}

TEST(ResetTracker, RampsOfBothDirectionsAndNoNoise) {
  ResetTracker falls(2 * kHour);
  ResetTracker rises(2 * kHour);
  ResetTracker noise(2 * kHour);
  SeededRandom random(59);
  for (int i = 0; i < 3000; ++i) {
    const Timestamp time = kReportStart + i * 15'000;
    falls.Add(time, 80 - 0.5 * (i % 100));
    rises.Add(time, 20 + 0.5 * (i % 100));
    noise.Add(time, 50 + 0.001 * i + Gauss(random));
  }
  const Timestamp now = kReportStart + 3000 * 15'000;
  const Confidence sure(0.95);
  ASSERT_TRUE(falls.TeethAt(-1, now, sure));
  EXPECT_NEAR(falls.TeethAt(-1, now, sure)->LevelAt(kDay), 30.5, 0.5);
  EXPECT_NEAR(falls.TeethAt(-1, now, sure)->height, 49.5, 0.5);
  EXPECT_EQ(falls.TeethAt(-1, now, sure)->spacing, 1500);
  EXPECT_FALSE(falls.TeethAt(1, now, sure));
  ASSERT_TRUE(rises.TeethAt(1, now, sure));
  EXPECT_NEAR(rises.TeethAt(1, now, sure)->LevelAt(kDay), 69.5, 0.5);
  EXPECT_FALSE(noise.TeethAt(1, now, sure));
  EXPECT_EQ(noise.last_reset(), INT64_MIN);
  EXPECT_FALSE(rises.TeethAt(1, now + 365 * kDay, sure)) << "forgotten";
}

TEST(Forecast, AnIntervalIsNoNarrowerFartherAhead) {
  // Constant for a day, then another constant for twenty minutes.
  Entry entry = ForecastEntry(kHour);
  entry.threshold.reset();
  entry.forecast.horizons = {kHour, 4 * kHour};
  entry.forecast.label_horizons = true;
  std::vector<double> values(26 * 60, 7.0);
  values.resize(values.size() + 20, 35.0);
  for (const auto model : {ForecastModel::kLinear, ForecastModel::kHoltWinters}) {
    entry.forecast.model = model;
    const auto out = ReportAfter(entry, values, kMinute);
    const double near = out.at("upper 1h") - out.at("lower 1h");
    EXPECT_GT(near, 5) << static_cast<int>(model);
    EXPECT_GE(out.at("upper 4h") - out.at("lower 4h"), near) << static_cast<int>(model);
  }
}

// openobserve#14608: a prediction from a single sample.
TEST(Forecast, FewSamplesSayNothing) {
  for (int n = 0; n < 5; ++n) {
    EXPECT_TRUE(ReportAfter(ForecastEntry(), Line(100, -1, n)).empty()) << n;
  }
  const auto five = ReportAfter(ForecastEntry(6 * kHour), Line(100, -1, 5));
  EXPECT_EQ(five.at("seconds_to_threshold"), kNever) << "a minute of six hours";
}

TEST(Forecast, OutputsAreWhatIsAskedFor) {
  Entry entry = ForecastEntry();
  entry.threshold.reset();
  entry.forecast.intervals = false;
  EXPECT_EQ(ForecastDetector::Outputs(entry).size(), 1U);
  entry.forecast.intervals = true;
  entry.forecast.horizons = {kHour, 4 * kHour, kDay};
  entry.forecast.label_horizons = true;
  auto outputs = ForecastDetector::Outputs(entry);
  ASSERT_EQ(outputs.size(), 9U);
  EXPECT_EQ(outputs[0].horizon, "1h");
  EXPECT_EQ(outputs[8].horizon, "24h");
  entry.threshold = 5;
  EXPECT_EQ(ForecastDetector::Outputs(entry).size(), 13U);
  const auto out = ReportAfter(entry, Line(1000, -0.1, 41));
  EXPECT_NEAR(out.at("value 4h"), 940 - 1440, 1e-2);
}

// A day that repeats, with noise: the season knows what a line cannot.
std::vector<double> Daily(int days, SeededRandom& random) {
  std::vector<double> values;
  for (int i = 0; i < days * 1440; ++i) {
    values.push_back(100 + 40 * std::sin(2 * std::numbers::pi * i / 1440) + 2 * Gauss(random));
  }
  return values;
}

TEST(Forecast, SeasonalFollowsTheDay) {
  SeededRandom random(61);
  Entry entry = ForecastEntry(kHour);
  entry.threshold.reset();
  entry.forecast.horizons = {6 * kHour};
  entry.forecast.model = ForecastModel::kSeasonal;
  const auto values = Daily(8, random);
  auto out = ReportAfter(entry, values, kMinute);
  EXPECT_NEAR(out.at("value"), 140, 6) << "a quarter of a day on: the crest";
  EXPECT_LT(out.at("lower"), 140);
  EXPECT_GT(out.at("upper"), 140);
  EXPECT_LT(out.at("upper") - out.at("lower"), 60);
  // `auto` finds that out by itself.
  entry.forecast.model = ForecastModel::kAuto;
  EXPECT_NEAR(ReportAfter(entry, values, kMinute).at("value"), 140, 6);
}

TEST(Forecast, SeasonalSaysNothingOnTheFirstDay) {
  SeededRandom random(67);
  Entry entry = ForecastEntry(kHour);
  entry.forecast.model = ForecastModel::kSeasonal;
  auto values = Daily(2, random);
  values.resize(1400);
  EXPECT_TRUE(ReportAfter(entry, values, kMinute).empty());
}

TEST(Forecast, SeasonalCrossesWhereTheDayDoes) {
  SeededRandom random(71);
  Entry entry = ForecastEntry(kHour);
  entry.forecast.model = ForecastModel::kSeasonal;
  entry.threshold = 130;  // sin = 0.75: 3.24 hours after midnight
  entry.forecast.crossing = CrossingDirection::kAbove;
  EXPECT_NEAR(ReportAfter(entry, Daily(8, random), kMinute).at("seconds_to_threshold"), 3.24 * 3600,
              1800);
  entry.threshold = 170;  // never
  EXPECT_EQ(ReportAfter(entry, Daily(8, random), kMinute).at("seconds_to_threshold"), kNever);
}

TEST(Forecast, HoltFollowsALineAndDampsIt) {
  Entry entry = ForecastEntry(kHour);
  entry.forecast.model = ForecastModel::kHoltWinters;
  entry.forecast.horizons = {10 * kMinute};
  entry.threshold = 7600;
  const auto out = ReportAfter(entry, Line(0, 0.5, 1000));  // at 7492.5
  EXPECT_GT(out.at("value"), 7492.5 - 150);
  EXPECT_LT(out.at("value"), 7492.5 + 300) << "the line itself";
  entry.threshold = 3000;
  EXPECT_EQ(ReportAfter(entry, Line(0, 0.5, 1000)).at("seconds_to_threshold"), kNever)
      << "is behind it";
}

// Walks along a path that is known: half the interval is 1 all along.
class Ramp final : public ForecastPath {
 public:
  explicit Ramp(double slope) : slope_(slope) {}
  double ValueAt(double ahead) const override { return slope_ * ahead; }
  double HalfWidth(double /*ahead*/) const override { return 1; }

 private:
  double slope_;
};

TEST(WalkToThreshold, FindsTheCrossingAndItsInterval) {
  auto width = [](double) { return 1.0; };
  const Crossing up = WalkToThreshold(Ramp(0.01), 10, CrossingDirection::kAuto, 10, 5000, width);
  EXPECT_NEAR(up.expected, 1000, 1e-9);
  EXPECT_NEAR(up.earliest, 900, 10);
  EXPECT_NEAR(up.latest, 1100, 10);
  const Crossing down =
      WalkToThreshold(Ramp(-0.01), -10, CrossingDirection::kBelow, 10, 5000, width);
  EXPECT_NEAR(down.expected, 1000, 1e-9);
  for (double slope : {0.0, -0.01, 0.0019}) {
    EXPECT_EQ(WalkToThreshold(Ramp(slope), 10, CrossingDirection::kAuto, 10, 5000, width).expected,
              kNever)
        << slope;
  }
  EXPECT_EQ(WalkToThreshold(Ramp(0.01), 0.5, CrossingDirection::kAuto, 10, 5000, width).expected,
            kNever)
      << "within half an interval of where it is";
}

TEST(Forecast, AStateGoesOnAfterARestart) {
  for (ForecastModel model : {ForecastModel::kLinear, ForecastModel::kHoltWinters,
                              ForecastModel::kSeasonal, ForecastModel::kAuto}) {
    SeededRandom random(73);
    Entry entry = ForecastEntry(kHour);
    entry.forecast.model = model;
    entry.forecast.horizons = {kHour, 4 * kHour, kDay};
    entry.forecast.label_horizons = true;
    entry.threshold = 135;
    const auto values = Daily(5, random);
    const auto before = ForecastDetector::Create(entry);
    Timestamp time = kReportStart;
    for (double value : values) before->Observe(time += kMinute, value);
    RowWriter writer(kDetectorFormat);
    before->Save(writer);
    const std::string bytes = writer.Take();
    RowReader reader(bytes, kDetectorFormat, "forecast");
    const auto after = ForecastDetector::Create(entry);
    after->Load(reader);
    ASSERT_TRUE(reader.Finish().ok());
    for (int i = 0; i < 500; ++i) {
      time += kMinute;
      before->Observe(time, values[static_cast<size_t>(i)]);
      after->Observe(time, values[static_cast<size_t>(i)]);
      if (i % 50 != 0) continue;
      EXPECT_EQ(Reported(entry, *before, time), Reported(entry, *after, time));
    }
    EXPECT_GE(Reported(entry, *after, time).size(), 12U);
  }
}

TEST(Forecast, TakesLessThanTwoKilobytes) {
  for (ForecastModel model : {ForecastModel::kLinear, ForecastModel::kHoltWinters,
                              ForecastModel::kSeasonal, ForecastModel::kAuto}) {
    Entry entry = ForecastEntry(6 * kHour);
    entry.forecast.model = model;
    entry.forecast.horizons = {kHour, 4 * kHour, kDay};
    ForecastDetector detector(MakeForecastPlan(entry));
    for (int i = 0; i < 20'000; ++i) detector.Observe(kReportStart + i * 15'000, i % 7);
    EXPECT_LE(detector.MemoryBytes(), 2048U) << static_cast<int>(model);
  }
}

}  // namespace
}  // namespace outrider
