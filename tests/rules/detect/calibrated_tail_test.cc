// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/calibrated_tail.h"

#include <gtest/gtest.h>

#include "tests/rules/detect/made_series.h"

namespace outrider {
namespace {

TEST(CalibratedTail, BeginsAsTheTailOfANormalDistribution) {
  const CalibratedTail tail;
  EXPECT_NEAR(tail.Edge(CalibratedTail::DepthOf(1e-4)), 3.89,
              0.5);  // |N(0,1)| exceeds 3.89 with 1e-4
  EXPECT_NEAR(tail.Probability(2.33), 0.02, 1e-7);
  EXPECT_NEAR(tail.Probability(0), 1, 1e-12);
}

TEST(CalibratedTail, EdgeAndProbabilityAreInverse) {
  CalibratedTail tail;
  Noise noise(1);
  for (int i = 0; i < 5000; ++i) tail.Learn(std::fabs(noise.Normal()) * 2, 1e9);
  for (const double risk : {1e-2, 1e-3, 1e-4, 1e-6}) {
    EXPECT_NEAR(tail.Probability(tail.Edge(CalibratedTail::DepthOf(risk))) / risk, 1, 1e-9);
  }
}

// Whatever the distribution: about `risk` of the distances lie beyond the edge.
TEST(CalibratedTail, TheRiskIsKeptForThinAndForFatTails) {
  struct Case {
    const char* name;
    double (*draw)(Noise&);
  };
  const Case cases[] = {
      {"normal", [](Noise& n) { return std::fabs(n.Normal()); }},
      {"uniform", [](Noise& n) { return 1.7 * n.Unit(); }},
      {"exponential", [](Noise& n) { return -std::log(1 - n.Unit()); }},
      {"laplace squared", [](Noise& n) { return std::pow(-std::log(1 - n.Unit()), 1.5); }},
  };
  for (const Case& c : cases) {
    CalibratedTail tail;
    Noise noise(2);
    constexpr double kRisk = 1e-3;
    int beyond = 0;
    for (int i = 0; i < 220'000; ++i) {
      const double distance = c.draw(noise);
      if (i >= 20'000 && distance > tail.Edge(CalibratedTail::DepthOf(kRisk))) ++beyond;
      tail.Learn(distance, 1e9);
    }
    EXPECT_LE(beyond, 800) << c.name;  // 200 are expected
    if (std::string(c.name) == "uniform") continue;
    EXPECT_GE(beyond, 40) << c.name;
  }
}

TEST(CalibratedTail, OneOutlierTeachesNoMoreThanItsLimit) {
  CalibratedTail with;
  CalibratedTail without;
  Noise noise(3);
  for (int i = 0; i < 2000; ++i) {
    const double distance = std::fabs(noise.Normal());
    with.Learn(i == 1500 ? 1e6 : distance, 5);
    without.Learn(distance, 5);
  }
  EXPECT_NEAR(with.Edge(CalibratedTail::DepthOf(1e-4)), without.Edge(CalibratedTail::DepthOf(1e-4)),
              0.5);
}

}  // namespace
}  // namespace outrider
