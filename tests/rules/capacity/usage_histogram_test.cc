// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/usage_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "storage/base/random.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'683'200'000;  // midnight UTC

TEST(UsageHistogram, PercentilesAreNearestRankWithinHalfAPercent) {
  SeededRandom random(1);
  for (int round = 0; round < 100; ++round) {
    UsageHistogram histogram(1e-4);
    std::vector<double> values;
    const auto n = static_cast<size_t>(1 + random.Unit() * 200);
    for (size_t i = 0; i < n; ++i) {
      values.push_back(std::pow(10, random.Unit() * 5 - 3));
      histogram.Add(kStart + static_cast<Timestamp>(i) * 1000, values.back());
    }
    std::ranges::sort(values);
    for (double p : {0.5, 0.95, 0.99, 1.0}) {
      const auto rank = static_cast<size_t>(std::ceil(p * static_cast<double>(n) * (1 - 1e-9)));
      const double exact = values[rank - 1];
      EXPECT_NEAR(histogram.Percentile(p), exact, exact * 0.0051) << n << " " << p;
    }
    EXPECT_EQ(histogram.Max(), values.back());
    EXPECT_EQ(histogram.samples(), n);
  }
}

TEST(UsageHistogram, AConstantIsExact) {
  UsageHistogram histogram(1e5);
  for (int i = 0; i < 10; ++i) histogram.Add(kStart + i * 1000, 123456789);
  EXPECT_EQ(histogram.Percentile(0.95), 123456789);
  EXPECT_NEAR(histogram.Mean(), 123456789, 1e-6);
}

TEST(UsageHistogram, EmptyAndTiny) {
  UsageHistogram histogram(1e-4);
  EXPECT_EQ(histogram.Percentile(0.95), 0);
  EXPECT_EQ(histogram.Mean(), 0);
  histogram.Add(kStart, 0);
  EXPECT_LE(histogram.Percentile(0.95), 1e-4);
}

TEST(UsageHistogram, OldUseFades) {
  UsageHistogram histogram(1e-4);
  for (int i = 0; i < 240; ++i) histogram.Add(kStart + i * kMinute, 8);
  for (int i = 0; i < 240; ++i) histogram.Add(kStart + 3 * kDay + i * kMinute, 1);
  EXPECT_NEAR(histogram.Percentile(0.5), 1, 0.01);
  EXPECT_NEAR(histogram.Percentile(0.85), 1, 0.01) << "three half-lives leave a ninth";
  EXPECT_EQ(histogram.Max(), 1) << "a peak of three days ago does not count for ever";
  EXPECT_NEAR(histogram.Mean(), (1 + 8.0 / 8) / (1 + 1.0 / 8), 0.02);
}

TEST(UsageHistogram, YesterdaysPeakCounts) {
  UsageHistogram histogram(1e-4);
  histogram.Add(kStart + 23 * kHour, 9);
  histogram.Add(kStart + 25 * kHour, 2);
  EXPECT_EQ(histogram.Max(), 9);
}

TEST(UsageHistogram, CoverageIsWatchedTime) {
  UsageHistogram histogram(1e-4);
  for (int i = 0; i <= 40; ++i) histogram.Add(kStart + i * 15'000, 1);
  EXPECT_EQ(histogram.Coverage(), 10 * kMinute);
  for (int i = 0; i <= 40; ++i) histogram.Add(kStart + i * 15'000, 1);  // a second pod
  EXPECT_EQ(histogram.Coverage(), 10 * kMinute);
  histogram.Add(kStart + 5 * kHour, 1);
  EXPECT_EQ(histogram.Coverage(), 15 * kMinute) << "a gap was not watched";
}

TEST(UsageHistogram, MergeIsAddition) {
  UsageHistogram a(1e-4);
  UsageHistogram b(1e-4);
  UsageHistogram both(1e-4);
  for (int i = 1; i <= 50; ++i) {
    a.Add(kStart + i * 1000, i);
    both.Add(kStart + i * 1000, i);
    b.Add(kStart + i * 1000, 0.01 * i);
    both.Add(kStart + i * 1000, 0.01 * i);
  }
  a.Merge(b);
  for (double p : {0.1, 0.5, 0.95}) EXPECT_EQ(a.Percentile(p), both.Percentile(p));
  EXPECT_EQ(a.Max(), 50);
  EXPECT_EQ(a.samples(), 100U);
  EXPECT_NEAR(a.Mean(), both.Mean(), 1e-9);
}

}  // namespace
}  // namespace outrider
