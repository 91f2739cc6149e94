// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/peers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace outrider {
namespace {

struct Case {
  std::string name;
  std::vector<double> values;
  std::vector<double> scores;  // NaN: unknown
  AnomalyDirection direction = AnomalyDirection::kBoth;
};

TEST(Peers, Scores) {
  const double kNan = std::nan("");
  // Four deviations score 1.
  const Case cases[] = {
      {"two are no group", {1, 9}, {kNan, kNan}},
      {"all equal", {5, 5, 5, 5}, {0, 0, 0, 0}},
      // median 3, |x - 3| = 2 1 0 1 2: MAD 1.
      {"evenly spread", {1, 2, 3, 4, 5}, {0.33725, 0.16862, 0, 0.16862, 0.33725}},
      // median 10, distances 0 1 1 0 90: MAD 1.
      {"one is the odd one", {10, 11, 9, 10, 100}, {0, 0.16862, 0.16862, 0, 15.1760}},
      // All others equal: the floor of 1 % of 10.
      {"equal but one", {10, 10, 10, 10, 11}, {0, 0, 0, 0, 2.5}},
      {"only above counts", {10, 11, 9, 10, -80}, {0, 0.16862, 0, 0, 0}, AnomalyDirection::kAbove},
  };
  for (const Case& c : cases) {
    DetectorOptions options;
    options.direction = c.direction;
    const PeerBand band = JudgePeers(c.values, options);
    ASSERT_EQ(band.scores.size(), c.scores.size());
    for (size_t i = 0; i < c.scores.size(); ++i) {
      if (std::isnan(c.scores[i])) {
        EXPECT_TRUE(std::isnan(band.scores[i])) << c.name;
      } else {
        EXPECT_NEAR(band.scores[i], c.scores[i], 1e-4) << c.name << " " << i;
      }
    }
  }
}

TEST(Peers, TheEdgeOfTheBandScoresOne) {
  const std::vector<double> values = {1, 2, 3, 4, 5, 6, 7};
  const PeerBand band = JudgePeers(values, {});
  std::vector<double> more = values;
  EXPECT_EQ(band.expected, 4);
  EXPECT_NEAR(band.upper - 4, 4 * 1.4826 * 2, 1e-9);
  EXPECT_NEAR(4 - band.lower, band.upper - 4, 1e-9);
}

}  // namespace
}  // namespace outrider
