// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace outrider {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::IsNan;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(OnGridTest, TheNewestSampleUpToItsAge) {
  const Grid grid = {.from = 1000, .step = 1000, .points = 6};
  const std::vector<Timestamp> times = {900, 1500, 2000, 2600};
  const std::vector<double> values = {1, 2, 3, kNan};
  EXPECT_THAT(OnGrid(grid, times, values, 1500),
              ElementsAre(DoubleEq(1), DoubleEq(3), IsNan(), IsNan(), IsNan(), IsNan()));
  EXPECT_THAT(OnGrid(grid, {}, {}, 1500),
              ElementsAre(IsNan(), IsNan(), IsNan(), IsNan(), IsNan(), IsNan()));
}

TEST(RatesOnGridTest, ResetsAndGapsGiveNothing) {
  const Grid grid = {.from = 0, .step = 2000, .points = 6};
  const std::vector<double> points = {10, 14, 14, 3, kNan, 9};
  EXPECT_THAT(RatesOnGrid(grid, points, 1),
              ElementsAre(IsNan(), DoubleEq(2), DoubleEq(0), IsNan(), IsNan(), IsNan()));
  EXPECT_THAT(RatesOnGrid(grid, points, 2),
              ElementsAre(IsNan(), IsNan(), DoubleEq(1), IsNan(), IsNan(), IsNan()));
}

TEST(CorrelationTest, StrengthSignAndLag) {
  struct Case {
    const char* name;
    std::vector<double> a, b;
    int max_lag;
    double correlation;
    int lag;
  };
  const std::vector<double> bump = {0, 0, 1, 3, 1, 0, 0, 0, 0, 0};
  const Case cases[] = {
      {"itself", bump, bump, 2, 1, 0},
      {"scaled and turned over", bump, {9, 9, 7, 3, 7, 9, 9, 9, 9, 9}, 2, -1, 0},
      {"one later", bump, {0, 0, 0, 1, 3, 1, 0, 0, 0, 0}, 2, 1, 1},
      {"two earlier", bump, {1, 3, 1, 0, 0, 0, 0, 0, 0, 0}, 2, 1, -2},
      {"a constant says nothing", bump, std::vector<double>(10, 4), 2, 0, 0},
      {"gaps are left out", bump, {kNan, 0, 1, 3, 1, kNan, 0, 0, 0, 0}, 0, 1, 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Similarity got = StrongestCorrelation(c.a, c.b, c.max_lag, 6);
    EXPECT_NEAR(got.correlation, c.correlation, 1e-12);
    EXPECT_EQ(got.lag, c.lag);
  }
  EXPECT_EQ(StrongestCorrelation(bump, bump, 0, 11).correlation, 0) << "too few points";
}

TEST(RobustCentreTest, MedianAndDeviation) {
  const std::vector<double> values = {1, kNan, 3, 2, 100};
  const Centre centre = RobustCentre(values);
  EXPECT_DOUBLE_EQ(centre.median, 2.5);
  EXPECT_DOUBLE_EQ(centre.deviation, 1.4826 * 1);  // of 1.5, 0.5, 0.5, 97.5
  EXPECT_TRUE(std::isnan(RobustCentre({}).median));
}

}  // namespace
}  // namespace outrider
