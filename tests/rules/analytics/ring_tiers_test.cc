// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/ring_tiers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "rules/analytics/trend.h"
#include "storage/base/random.h"
#include "storage/model/sample.h"
#include "tests/rules/analytics/exact_line.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'123;

std::shared_ptr<const WindowPlan> SevenWindows() {
  return MakeWindowPlan(kTrendWindows, TrendPlan::kResolution);
}

double RelativeError(double a, double b) { return std::fabs(a - b) / std::fabs(b); }

TEST(WindowPlan, TiersShareAndNest) {
  const auto plan = SevenWindows();
  ASSERT_EQ(plan->tiers.size(), 7U);
  EXPECT_EQ(plan->tiers.front().width, 30'000U);
  EXPECT_EQ(plan->coarsest(), 24 * kHour / 10);
  for (size_t i = 1; i < plan->tiers.size(); ++i) {
    EXPECT_EQ(plan->tiers[i].width % plan->tiers[i - 1].width, 0U);
  }
  EXPECT_LE(plan->buckets() * 28, 1500U);
  // Neighbours of one width are one tier.
  const DurationMs near[] = {5 * kMinute, 6 * kMinute, 7 * kMinute, 7 * kDay};
  EXPECT_EQ(MakeWindowPlan(near, 10)->tiers.size(), 2U);
}

TEST(WindowPlan, Texts) {
  std::vector<std::string> texts;
  texts.reserve(kTrendWindows.size());
  for (DurationMs window : kTrendWindows) texts.push_back(WindowText(window));
  EXPECT_EQ(texts, (std::vector<std::string>{"5m", "15m", "30m", "1h", "6h", "12h", "24h"}));
  EXPECT_EQ(WindowText(7 * kDay), "7d");
  EXPECT_EQ(WindowText(36 * kHour), "36h");
  EXPECT_EQ(WindowText(90 * kMinute), "90m");
  EXPECT_EQ(WindowText(90 * kSecond), "1m30s");
}

TEST(RingTiers, EqualsExactLineWhileAllSamplesFit) {
  SeededRandom random(42);
  for (int round = 0; round < 200; ++round) {
    const double level = std::pow(10, random.Unit() * 14 - 2);  // 0.01 to 1e12
    const double slope = level * (random.Unit() - 0.5) * 1e-3;
    const double noise = level * random.Unit() * 0.1;
    const auto step = static_cast<DurationMs>(500 + random.Unit() * 60'000);
    for (DurationMs window : kTrendWindows) {
      RingTiers ring(SevenWindows());
      std::vector<Sample> samples;
      Timestamp time = kStart;
      for (; time < kStart + window - step && samples.size() < 3000;
           time += step + static_cast<DurationMs>(random.Unit() * 400)) {
        const double t = static_cast<double>(time - kStart) / 1000;
        samples.push_back({time, level + slope * t + noise * (random.Unit() - 0.5)});
        ring.Add(time, samples.back().value);
      }
      if (samples.size() < 3) continue;
      const Timestamp now = samples.back().time;
      const WindowFit fit = ring.Fit(window, now);
      const ExactLine exact = ExactLineOf(samples, kStart, now);
      ASSERT_EQ(fit.line.n, static_cast<double>(samples.size()));
      EXPECT_EQ(fit.start, kStart);
      EXPECT_EQ(fit.end, now);
      EXPECT_LT(RelativeError(fit.line.Slope(), exact.slope), 1e-5) << WindowText(window);
      EXPECT_LT(RelativeError(fit.line.StandardError(), exact.standard_error), 1e-5);
      EXPECT_NEAR(fit.line.R2(), exact.r2, 1e-6);
    }
  }
}

struct FullCase {
  DurationMs step;
  DurationMs jitter;
  double level;
  double slope;
  double noise;
};

class RingTiersFull : public testing::TestWithParam<FullCase> {};

// Windows that slide over three days: the line is that of the samples from `start` on, and `start`
// is near the window's edge.
TEST_P(RingTiersFull, IsTheExactLineOfTheSamplesItNames) {
  const auto [step, jitter, level, slope, noise] = GetParam();
  SeededRandom random(7);
  RingTiers ring(SevenWindows());
  std::vector<Sample> samples;
  const DurationMs span = std::min<DurationMs>(3 * kDay, step * 30'000);
  Timestamp check = kStart + span / 2;
  for (Timestamp time = kStart; time < kStart + span;
       time += step + static_cast<DurationMs>(random.Unit() * static_cast<double>(jitter))) {
    const double t = static_cast<double>(time - kStart) / 1000;
    samples.push_back({time, level + slope * t + noise * (random.Unit() - 0.5)});
    ring.Add(time, samples.back().value);
    if (time < check) continue;
    check = time + span / 40;
    for (DurationMs window : kTrendWindows) {
      if (time - window < kStart || window < 3 * step) continue;
      const Timestamp now = time + step / 3;
      const WindowFit fit = ring.Fit(window, now);
      const ExactLine exact = ExactLineOf(samples, fit.start, now);
      ASSERT_EQ(fit.line.n, static_cast<double>(exact.n)) << WindowText(window);
      EXPECT_LT(RelativeError(fit.line.Slope(), exact.slope), 1e-5) << WindowText(window);
      EXPECT_LT(RelativeError(fit.line.StandardError(), exact.standard_error), 1e-4);
      EXPECT_LE(std::abs(fit.start - (now - window)), window / 20 + step + jitter)
          << WindowText(window);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RingTiersFull,
    testing::Values(FullCase{1 * kSecond, 0, 50, 3e-3, 5}, FullCase{15 * kSecond, 0, 50, 3e-3, 5},
                    FullCase{15 * kSecond, 400, 1e12, 1e-3, 30},
                    FullCase{kMinute, 3000, 1e9, 10, 1e6}, FullCase{30 * kSecond, 0, 0, -2, 1e3},
                    FullCase{5 * kMinute, 0, 1e-6, 1e-12, 1e-9}, FullCase{100, 20, 1e6, 1, 10}));

TEST(RingTiers, FiveMinutesAtFifteenSecondsAreTheExactWindow) {
  RingTiers ring(SevenWindows());
  for (int i = 0; i < 500; ++i) {
    const Timestamp time = kStart + i * 15'000;
    ring.Add(time, i % 7);
    if (i < 30) continue;
    for (DurationMs later : {0, 1, 7'000}) {
      const WindowFit fit = ring.Fit(5 * kMinute, time + later);
      EXPECT_EQ(fit.line.n, 20) << later;
      EXPECT_EQ(fit.start, time - 19 * 15'000);
    }
  }
}

TEST(RingTiers, AStraightLineIsExactEverywhere) {
  RingTiers ring(SevenWindows());
  for (Timestamp time = kStart; time < kStart + 50 * kHour; time += 10 * kSecond) {
    ring.Add(time, 1e6 + 0.25 * static_cast<double>(time - kStart) / 1000);
    if ((time - kStart) % (7 * kMinute) != 0 || time - kStart < kMinute) continue;
    for (DurationMs window : kTrendWindows) {
      EXPECT_LT(RelativeError(ring.Fit(window, time).line.Slope(), 0.25), 1e-6);
    }
  }
}

TEST(RingTiers, NothingCancelsAtTheEnds) {
  // 1e12 with slopes of 1e-3, after a spike of 1e18 that has left the short windows.
  RingTiers ring(SevenWindows());
  for (int i = 0; i < 2000; ++i) {
    ring.Add(kStart + i * 15'000, i == 1000 ? 1e18 : 1e12 + 1e-3 * 15 * i);
  }
  const Timestamp now = kStart + 1999 * 15'000;
  // A double of this size has steps of 1.2e-4: the line is not exact in the samples themselves.
  EXPECT_LT(RelativeError(ring.Fit(kHour, now).line.Slope(), 1e-3), 1e-4);
  EXPECT_TRUE(std::isfinite(ring.Fit(24 * kHour, now).line.Slope()));
  for (double huge : {1e36, 1e150, 1e300}) {
    RingTiers wild(SevenWindows());
    for (int i = 0; i < 500; ++i) wild.Add(kStart + i * 15'000, i % 2 == 0 ? huge : -huge);
    const WindowFit fit = wild.Fit(kHour, kStart + 500 * 15'000);
    EXPECT_NEAR(fit.line.n, 240, 12);
    EXPECT_TRUE(std::isfinite(fit.line.Slope()) || huge > 1e100);
  }
}

TEST(RingTiers, GapsRepeatsAndAge) {
  RingTiers ring(SevenWindows());
  EXPECT_TRUE(ring.empty());
  EXPECT_TRUE(ring.Fit(kHour, kStart).Empty());
  ring.Add(kStart, 5);
  ring.Add(kStart, 6);         // a repeat
  ring.Add(kStart - 1000, 7);  // back in time
  EXPECT_EQ(ring.Fit(kHour, kStart).line.n, 1);
  EXPECT_FALSE(ring.Fit(kHour, kStart).line.HasSlope());
  EXPECT_EQ(ring.Fit(5 * kMinute, kStart + 5 * kMinute).line.n, 0) << "left-open, as PromQL";
  EXPECT_EQ(ring.Fit(5 * kMinute, kStart + 5 * kMinute - 1).line.n, 1);
  ring.Add(kStart + 20 * kHour, 9);
  EXPECT_EQ(ring.Fit(5 * kMinute, kStart + 20 * kHour).line.n, 1);
  EXPECT_EQ(ring.Fit(24 * kHour, kStart + 20 * kHour).line.n, 2);
}

TEST(RingTiers, BucketsAcrossGapsStayInOrder) {
  SeededRandom random(5);
  RingTiers ring(SevenWindows());
  std::vector<Sample> samples;
  Timestamp time = kStart;
  for (int burst = 0; burst < 60; ++burst) {
    for (int i = 0; i < 90; ++i) {
      samples.push_back({time, random.Unit()});
      ring.Add(time, samples.back().value);
      time += 10'000;
    }
    time += static_cast<DurationMs>(std::pow(10, 3 + 4.6 * random.Unit()));
    for (DurationMs window : kTrendWindows) {
      const WindowFit fit = ring.Fit(window, samples.back().time);
      const ExactLine exact = ExactLineOf(samples, fit.start, fit.end);
      ASSERT_EQ(fit.line.n, static_cast<double>(exact.n)) << WindowText(window) << " " << burst;
      EXPECT_NEAR(fit.line.Slope(), exact.slope, 1e-4 * exact.standard_error);
    }
  }
}

TEST(RingTiers, RunsOnForMonths) {
  RingTiers ring(SevenWindows());
  std::vector<Sample> samples;
  Timestamp time = kStart;
  for (int i = 0; i < 40'000; ++i) {
    // Five months, with a silence of seven weeks in the middle.
    time += i == 20'000 ? 49 * kDay : 5 * kMinute;
    samples.push_back({time, std::sin(i * 0.01) + 1e-4 * i});
    ring.Add(time, samples.back().value);
    if (i < 300 || (i > 19'990 && i < 20'300)) continue;
    if (i % 97 != 0) continue;
    const WindowFit fit = ring.Fit(24 * kHour, time);
    const ExactLine exact = ExactLineOf({samples.end() - 330, samples.end()}, fit.start, fit.end);
    ASSERT_EQ(fit.line.n, static_cast<double>(exact.n)) << i;
    ASSERT_NEAR(fit.line.Slope(), exact.slope, 1e-6 * std::fabs(exact.slope) + 1e-12) << i;
  }
}

TEST(RingTiers, TakesMemoryOnlyForWhatItHolds) {
  RingTiers seven(SevenWindows());
  EXPECT_EQ(seven.MemoryBytes(), 0U);
  for (int i = 0; i < 24; ++i) seven.Add(kStart + i * 15'000, i);
  EXPECT_EQ(seven.MemoryBytes(), 0U) << "the newest samples lie in the object";
  for (int i = 24; i < 240; ++i) seven.Add(kStart + i * 15'000, i);
  const size_t after_an_hour = seven.MemoryBytes();
  for (int i = 240; i < 20'000; ++i) seven.Add(kStart + i * 15'000, i);
  EXPECT_LT(after_an_hour, seven.MemoryBytes() * 3 / 4);

  const DurationMs hour[] = {kHour};
  RingTiers one(MakeWindowPlan(hour, TrendPlan::kResolution));
  for (int i = 0; i < 20'000; ++i) one.Add(kStart + i * 15'000, i);
  EXPECT_LT(one.MemoryBytes(), seven.MemoryBytes() / 4);
}

// Rebuilding from the past a window and a bucket long gives the state of one that always ran.
TEST(RingTiers, StateDoesNotDependOnWhenItBegan) {
  for (DurationMs step : {3 * kSecond, 15 * kSecond, 20 * kSecond, kMinute}) {
    RingTiers always(SevenWindows());
    RingTiers late(SevenWindows());
    const Timestamp end = kStart + 3 * kDay;
    const Timestamp from = end - HistoryFor(kTrendWindows, TrendPlan::kResolution);
    SeededRandom random(9);
    for (Timestamp time = kStart; time <= end; time += step) {
      const double value = random.Unit();
      always.Add(time, value);
      if (time >= from) late.Add(time, value);
    }
    for (DurationMs window : kTrendWindows) {
      const WindowFit a = always.Fit(window, end);
      const WindowFit b = late.Fit(window, end);
      EXPECT_EQ(a.line.n, b.line.n) << step << " " << WindowText(window);
      EXPECT_NEAR(a.line.Slope(), b.line.Slope(), 1e-5 * a.line.StandardError());
    }
  }
}

TEST(RingTiers, SavedStateGoesOnBitForBit) {
  SeededRandom random(11);
  for (int round = 0; round < 60; ++round) {
    RingTiers ring(SevenWindows());
    Timestamp time = kStart + static_cast<Timestamp>(random.Unit() * 1e9);
    const int before = static_cast<int>(random.Unit() * 8000);
    const auto step = static_cast<DurationMs>(500 + random.Unit() * 40'000);
    auto next = [&](RingTiers& to, double value) { to.Add(time, value); };
    for (int i = 0; i < before; ++i) {
      time += step;
      next(ring, random.Unit() * 1e6);
    }
    RowWriter writer(1);
    ring.Save(writer);
    const std::string bytes = writer.Take();
    RowReader reader(bytes, 1, "ring");
    RingTiers restored(SevenWindows());
    restored.Load(reader);
    ASSERT_TRUE(reader.Finish().ok());
    for (int i = 0; i < 500; ++i) {
      time += step;
      const double value = random.Unit() * 1e6;
      next(ring, value);
      next(restored, value);
    }
    RowWriter again(1);
    RowWriter other(1);
    ring.Save(again);
    restored.Save(other);
    EXPECT_EQ(again.Take(), other.Take());
    for (DurationMs window : kTrendWindows) {
      EXPECT_EQ(ring.Fit(window, time).line.Slope(), restored.Fit(window, time).line.Slope());
    }
  }
}

TEST(RingTiers, AStateOfOtherWindowsBeginsAnew) {
  RingTiers ring(SevenWindows());
  for (int i = 0; i < 1000; ++i) ring.Add(kStart + i * 15'000, i);
  RowWriter writer(1);
  ring.Save(writer);
  const std::string bytes = writer.Take();
  const DurationMs hour[] = {kHour};
  RingTiers other(MakeWindowPlan(hour, TrendPlan::kResolution));
  RowReader reader(bytes, 1, "ring");
  other.Load(reader);
  EXPECT_TRUE(other.empty());
  for (size_t cut = 1; cut < bytes.size(); cut += 7) {
    RingTiers torn(SevenWindows());
    RowReader part(std::string_view(bytes).substr(0, cut), 1, "ring");
    torn.Load(part);
    EXPECT_FALSE(part.Finish().ok());
    torn.Add(kStart + kDay, 1);  // usable whatever came
    EXPECT_GE(torn.Fit(kHour, kStart + kDay).line.n, 1);
  }
}

}  // namespace
}  // namespace outrider
