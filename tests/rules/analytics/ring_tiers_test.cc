// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/ring_tiers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "storage/base/random.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'123;

// Textbook least squares over the raw samples, in long double, as an independent check.
struct Exact {
  double slope = 0;
  double standard_error = 0;
  double r2 = 0;
  size_t n = 0;
};
Exact ExactLine(const std::vector<Sample>& samples, Timestamp after, Timestamp until) {
  long double n = 0;
  long double mean_t = 0;
  long double mean_v = 0;
  for (const Sample& s : samples) {
    if (s.time <= after || s.time > until) continue;
    n += 1;
    mean_t += static_cast<long double>(s.time) / 1000;
    mean_v += s.value;
  }
  mean_t /= n;
  mean_v /= n;
  long double tt = 0;
  long double tv = 0;
  long double vv = 0;
  for (const Sample& s : samples) {
    if (s.time <= after || s.time > until) continue;
    const long double dt = static_cast<long double>(s.time) / 1000 - mean_t;
    const long double dv = s.value - mean_v;
    tt += dt * dt;
    tv += dt * dv;
    vv += dv * dv;
  }
  Exact exact;
  exact.slope = static_cast<double>(tv / tt);
  exact.r2 = static_cast<double>(tv * tv / (tt * vv));
  exact.standard_error = static_cast<double>(std::sqrt((vv - tv * tv / tt) / ((n - 2) * tt)));
  exact.n = static_cast<size_t>(n);
  return exact;
}

double RelativeError(double a, double b) { return std::fabs(a - b) / std::fabs(b); }

TEST(RingTiers, EqualsExactLineWhileAllSamplesFit) {
  SeededRandom random(42);
  for (int round = 0; round < 200; ++round) {
    const double level = std::pow(10, random.Unit() * 14 - 2);  // 0.01 to 1e12
    const double slope = level * (random.Unit() - 0.5) * 1e-3;
    const double noise = level * random.Unit() * 0.1;
    const auto step = static_cast<DurationMs>(500 + random.Unit() * 60'000);
    for (DurationMs window : kTrendWindows) {
      RingTiers ring(kTrendWindows);
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
      const Exact exact = ExactLine(samples, now - window, now);
      ASSERT_EQ(fit.line.n, static_cast<double>(samples.size()));
      EXPECT_LT(RelativeError(fit.line.Slope(), exact.slope), 1e-6) << WindowText(window);
      EXPECT_LT(RelativeError(fit.line.StandardError(), exact.standard_error), 1e-6);
      EXPECT_NEAR(fit.line.R2(), exact.r2, 1e-9);
      EXPECT_NEAR(fit.last - fit.first,
                  static_cast<double>(samples.back().time - samples.front().time) / 1000, 1e-3);
    }
  }
}

struct FullCase {
  DurationMs step;
  DurationMs window;
};

class RingTiersFull : public testing::TestWithParam<FullCase> {};

// A full window: the right samples go; only the scatter inside one cut bucket is shared out.
TEST_P(RingTiersFull, EdgeErrorIsFarBelowTheStandardError) {
  const auto [step, window] = GetParam();
  SeededRandom random(7);
  RingTiers ring(kTrendWindows);
  std::vector<Sample> samples;
  const double slope = 0.003;
  for (Timestamp time = kStart; time < kStart + window * 5 / 2; time += step) {
    const double t = static_cast<double>(time - kStart) / 1000;
    samples.push_back({time, 50 + slope * t + 5 * (random.Unit() - 0.5)});
    ring.Add(time, samples.back().value);
  }
  const Timestamp last = samples.back().time;
  for (Timestamp now : {last, last + 1, last + step / 2}) {
    const WindowFit fit = ring.Fit(window, now);
    const Exact exact = ExactLine(samples, now - window, now);
    EXPECT_EQ(fit.line.n, static_cast<double>(exact.n));
    EXPECT_LT(std::fabs(fit.line.Slope() - exact.slope), 0.25 * exact.standard_error)
        << WindowText(window) << " at " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(
    StepsAndWindows, RingTiersFull,
    testing::Values(FullCase{1 * kSecond, 5 * kMinute}, FullCase{5 * kSecond, 5 * kMinute},
                    FullCase{15 * kSecond, 5 * kMinute}, FullCase{15 * kSecond, 15 * kMinute},
                    FullCase{30 * kSecond, 30 * kMinute}, FullCase{15 * kSecond, kHour},
                    FullCase{kMinute, 6 * kHour}, FullCase{15 * kSecond, 6 * kHour},
                    FullCase{kMinute, 12 * kHour}, FullCase{15 * kSecond, 24 * kHour}));

TEST(RingTiers, FullWindowIsExactWithOneSampleABucket) {
  SeededRandom random(3);
  RingTiers ring(kTrendWindows);
  std::vector<Sample> samples;
  for (Timestamp time = kStart; time < kStart + kHour; time += 15 * kSecond) {
    samples.push_back({time, 1e9 * random.Unit()});
    ring.Add(time, samples.back().value);
  }
  for (DurationMs window : {5 * kMinute, 15 * kMinute}) {
    const Timestamp now = samples.back().time + 3000;
    const Exact exact = ExactLine(samples, now - window, now);
    const WindowFit fit = ring.Fit(window, now);
    EXPECT_EQ(fit.line.n, static_cast<double>(exact.n));
    EXPECT_LT(RelativeError(fit.line.Slope(), exact.slope), 1e-9);
  }
}

TEST(RingTiers, AStraightLineIsExactEverywhere) {
  RingTiers ring(kTrendWindows);
  for (Timestamp time = kStart; time < kStart + 30 * kHour; time += 10 * kSecond) {
    ring.Add(time, 1e6 + 0.25 * static_cast<double>(time - kStart) / 1000);
    if ((time - kStart) % (7 * kMinute) != 0 || time - kStart < kMinute) continue;
    for (DurationMs window : kTrendWindows) {
      EXPECT_LT(RelativeError(ring.Fit(window, time).line.Slope(), 0.25), 1e-9);
    }
  }
}

TEST(RingTiers, GapsRepeatsAndAge) {
  RingTiers ring(kTrendWindows);
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

TEST(RingTiers, KeepsOnlyTheTiersAskedFor) {
  const DurationMs hour[] = {kHour};
  RingTiers ring(hour);
  ring.Add(kStart, 1);
  EXPECT_EQ(ring.Fit(kHour, kStart).line.n, 1);
  EXPECT_TRUE(ring.Fit(24 * kHour, kStart).Empty());
}

}  // namespace
}  // namespace outrider
