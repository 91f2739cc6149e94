// SPDX-License-Identifier: Apache-2.0
// Anomalies as people ask for them: the highest scores first, each explained.
#include <gmock/gmock.h>

#include "tests/rules/analytics/engine_world.h"

namespace outrider {
namespace {

class AnomalyList : public EngineWorld {};

TEST_F(AnomalyList, TheHighestScoresAreListed) {
  auto engine = Make(
      "- {name: load, kind: trend, expr: node_load1, windows: [5m]}\n"  // no anomaly
      "- {name: load, kind: anomaly, expr: node_load1, detector: robust_z, threshold: 4}\n");
  Timestamp time = kStart;
  for (int i = 0; i < 60; ++i) {
    time += 15'000;
    for (int k = 0; k < 6; ++k) {
      const double jump = i == 59 ? 100.0 * (k * 5 % 6) : 0;  // 0 500 400 300 200 100
      windows_.Add(Load(std::to_string(k)), time, 10 + i % 3 + jump);
    }
  }
  engine->Run(time);
  const auto listed = [&](const AnomalyQuery& query) {
    std::vector<std::string> names;
    for (const AnomalyView& view : engine->Anomalies(query)) {
      names.emplace_back(view.source.Get("instance"));
    }
    return names;
  };
  EXPECT_THAT(listed({}), testing::ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(listed({.limit = 2}), testing::ElementsAre("1", "2"));
  EXPECT_EQ(listed({.min_score = 0}).size(), 6U);
}

TEST_F(AnomalyList, RobustZIsExplained) {
  auto engine =
      Make("- {name: load, kind: anomaly, expr: node_load1, detector: robust_z, threshold: 4}\n");
  Timestamp time = kStart;
  for (int i = 0; i < 60; ++i) {
    windows_.Add(Load("n1"), time += 15'000, i < 57 ? 10 + i % 3 : 99 + i % 3);
  }
  engine->Run(time);
  const std::vector<AnomalyView> found = engine->Anomalies({});
  ASSERT_EQ(found.size(), 1U);
  const Explanation& why = found[0].explanation;
  EXPECT_EQ(why.detector, "robust_z");
  EXPECT_EQ(why.time, time);
  EXPECT_EQ(why.value, 101);
  EXPECT_EQ(why.verdict.expected, 11);
  EXPECT_EQ(why.level, 11);
  EXPECT_EQ(why.since, time - 30'000) << "three samples";
  EXPECT_NEAR(why.verdict.upper, 11 + 4 * why.deviation, 1e-9);
  ASSERT_FALSE(why.reasons.empty());
  EXPECT_THAT(why.reasons[0], testing::HasSubstr("101 where 11 was expected"));
  EXPECT_TRUE(engine->FindAnomaly(found[0].id).has_value());
}

TEST_F(AnomalyList, PeersAreExplained) {
  auto engine = Make("- {name: load, kind: anomaly, expr: node_load1, detector: peers}\n");
  for (int run = 0; run < 3; ++run) {
    const Timestamp now = kStart + run * 15'000;
    for (int i = 0; i < 5; ++i) {
      const double value = i == 4 && run > 0 ? 100 : 10 + 0.1 * i;
      windows_.Add(Load(std::to_string(i)), now, value);
    }
    engine->Run(now);
  }
  const std::vector<AnomalyView> found = engine->Anomalies({});
  ASSERT_EQ(found.size(), 1U);
  const Explanation& why = found[0].explanation;
  EXPECT_EQ(found[0].source.Get("instance"), "4");
  EXPECT_EQ(why.detector, "peers");
  EXPECT_EQ(why.time, kStart + 30'000);
  EXPECT_EQ(why.since, kStart + 15'000);
  EXPECT_EQ(why.samples, 3U);
  EXPECT_NEAR(why.verdict.expected, 10.2, 1e-9);
  EXPECT_GT(why.deviation, 0);
  ASSERT_EQ(why.reasons.size(), 2U);
  EXPECT_THAT(why.reasons[1], testing::HasSubstr("median of the 5 series"));
}

}  // namespace
}  // namespace outrider
