// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/peers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace outrider {
namespace {

struct Case {
  std::string name;
  std::vector<double> values;
  double expected;
  double usual;
};

TEST(Peers, AreMeasuredByMedianAndDeviation) {
  const double kNan = std::nan("");
  const Case cases[] = {
      {"two are no group", {1, 9}, kNan, kNan},
      {"all equal", {5, 5, 5, 5}, 5, 0},
      // |x - 3| = 2 1 0 1 2: MAD 1, times 1.206 for five.
      {"evenly spread", {1, 2, 3, 4, 5}, 3, 1.4826 * 1.206},
      {"the odd one does not widen it", {10, 11, 9, 10, 100}, 10, 1.4826 * 1.206},
      {"equal but one", {10, 10, 10, 10, 11}, 10, 0},
      {"most are equal", {10, 10, 10, 10, 14, 18}, 10, 1.2533 * 4 / 5},
      {"ten", {0, 0, 1, 1, 2, 2, 3, 3, 4, 4}, 2, 1.4826 * 10 / 9.2},
  };
  for (const Case& c : cases) {
    const PeerGroup group = MeasurePeers(c.values);
    if (std::isnan(c.expected)) {
      EXPECT_TRUE(std::isnan(group.expected)) << c.name;
      continue;
    }
    EXPECT_EQ(group.expected, c.expected) << c.name;
    EXPECT_NEAR(group.usual, c.usual, 1e-9) << c.name;
  }
}

}  // namespace
}  // namespace outrider
