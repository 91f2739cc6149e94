// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/quantile_sketch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/rules/detect/made_series.h"

namespace outrider {
namespace {

TEST(QuantileSketch, AgreesWithTheSortedValues) {
  for (const double skew : {1.0, 3.0}) {
    QuantileSketch sketch;
    Noise noise(1);
    std::vector<double> values;
    for (int i = 0; i < 20'000; ++i) {
      const double n = noise.Normal();
      values.push_back(skew == 1 ? n : std::exp(n));
      sketch.Add(values.back(), 1);
    }
    std::ranges::sort(values);
    for (const double q : {0.05, 0.25, 0.5, 0.75, 0.95}) {
      const double got = sketch.Quantile(q);
      const auto below = std::ranges::lower_bound(values, got) - values.begin();
      EXPECT_NEAR(static_cast<double>(below) / 20'000, q, 0.02) << "skew " << skew << " q " << q;
    }
  }
}

TEST(QuantileSketch, DeviationIsThatOfTheNormalDistribution) {
  QuantileSketch sketch;
  Noise noise(2);
  for (int i = 0; i < 20'000; ++i) sketch.Add(5 + 2 * noise.Normal(), 1);
  EXPECT_NEAR(sketch.Quantile(0.5), 5, 0.15);
  EXPECT_NEAR(sketch.Deviation(5), 2, 0.15);
}

TEST(QuantileSketch, OldValuesFade) {
  QuantileSketch sketch;
  for (int i = 0; i < 1000; ++i) sketch.Add(100, 0.99);
  for (int i = 0; i < 200; ++i) sketch.Add(i % 3, 0.99);
  EXPECT_LE(sketch.Quantile(0.5), 2);
}

TEST(QuantileSketch, MostlyOneValue) {
  QuantileSketch sketch;
  EXPECT_EQ(sketch.Quantile(0.5), 0);
  for (int i = 0; i < 100; ++i) sketch.Add(i % 10 == 0 ? 7 : 3, 1);
  EXPECT_EQ(sketch.Quantile(0.5), 3);
  EXPECT_NEAR(sketch.Deviation(3), 1.2533 * 0.4, 1e-6);  // the mean distance
  sketch.Shift(10);
  EXPECT_EQ(sketch.Quantile(0.5), 13);
}

}  // namespace
}  // namespace outrider
