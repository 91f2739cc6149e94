// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/savings_tracker.h"

#include <gtest/gtest.h>

#include "storage/state/memory_store.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'764'547'200'000;
constexpr double kCore = 0.04;  // an hour

const WorkloadKey kWeb = {"shop", "web", "Deployment"};

Recommendation Advice(double request, std::optional<double> target) {
  Recommendation one;
  one.key = kWeb;
  one.container = "app";
  one.cpu.request = request;
  if (target) {
    one.cpu.enough_data = true;
    one.cpu.recommended.target = *target;
  }
  return one;
}

CostScene Running(double request, double used, int pods) {
  CostScene scene;
  scene.fallback = {kCore, 0, 0};
  for (int i = 0; i < pods; ++i) {
    CostHolding holding;
    holding.key.namespace_name = "shop";
    holding.key.workload = "web";
    holding.key.workload_kind = "Deployment";
    holding.key.container = "app";
    holding.key.pod = "web-" + std::to_string(i);
    holding.requested = {request, 0, 0};
    holding.used = {used, 0, 0};
    scene.holdings.push_back(holding);
  }
  return scene;
}

class SavingsTrackerTest : public testing::Test {
 protected:
  void Observe(double request, std::optional<double> target) {
    const Recommendation one = Advice(request, target);
    tracker_.Observe({&one, 1}, now_);
  }
  MemoryStore store_;
  SavingsTracker tracker_{store_};
  Timestamp now_ = kStart;
};

TEST_F(SavingsTrackerTest, CountsFromTheChangeOn) {
  Observe(2, 0.5);
  tracker_.Count(Running(2, 0.3, 3), kHour);
  EXPECT_TRUE(tracker_.All().empty());
  now_ += kHour;
  Observe(1, 0.5);  // half way there
  tracker_.Count(Running(1, 0.3, 3), kHour);
  ASSERT_EQ(tracker_.All().size(), 1U);
  RealisedSavings saved = tracker_.All().front();
  EXPECT_EQ(saved.realised, 120'000'000);  // 3 pods, a core less each
  EXPECT_EQ(saved.since, now_);
  EXPECT_EQ(saved.before[0], 2);
  EXPECT_EQ(saved.now[0], 1);
  EXPECT_FALSE(saved.before[1]);
  // Use above the new request is paid for anyhow.
  tracker_.Count(Running(1, 1.5, 1), kHour);
  EXPECT_EQ(tracker_.All().front().realised, 120'000'000 + 20'000'000);
  // Going back costs what was saved no longer.
  Observe(3, 0.5);
  tracker_.Count(Running(3, 0.3, 1), kHour);
  EXPECT_EQ(tracker_.All().front().realised, 140'000'000 - 40'000'000);
}

TEST_F(SavingsTrackerTest, NothingWithoutARecommendationOrAgainstIt) {
  Observe(2, std::nullopt);
  Observe(1, std::nullopt);
  tracker_.Count(Running(1, 0, 1), kHour);
  EXPECT_TRUE(tracker_.All().empty());
  Observe(1, 0.5);
  Observe(2, 0.5);  // away from it
  tracker_.Count(Running(2, 0, 1), kHour);
  EXPECT_TRUE(tracker_.All().empty());
}

TEST_F(SavingsTrackerTest, RaisedRequestsCostMore) {
  Observe(1, 2);
  Observe(2, 2);
  tracker_.Count(Running(2, 0, 1), kHour);
  ASSERT_EQ(tracker_.All().size(), 1U);
  EXPECT_EQ(tracker_.All().front().realised, -40'000'000);
}

TEST_F(SavingsTrackerTest, EndsAfterAYearAndSurvivesRestarts) {
  Observe(2, 1);
  Observe(1, 1);
  tracker_.Count(Running(1, 0, 1), kHour);
  ASSERT_TRUE(tracker_.Save(Durability::kSynced).ok());
  SavingsTracker again(store_);
  ASSERT_TRUE(again.Restore().ok());
  again.Count(Running(1, 0, 1), kHour);
  ASSERT_EQ(again.All().size(), 1U);
  EXPECT_EQ(again.All().front().realised, 80'000'000);
  for (int day = 1; day <= 366; ++day) {
    const Recommendation one = Advice(1, 1);
    again.Observe({&one, 1}, kStart + day * kDay);
  }
  again.Count(Running(1, 0, 1), kHour);
  EXPECT_EQ(again.All().front().realised, 80'000'000);
  EXPECT_EQ(again.All().front().dollars_per_hour, 0);
  // Gone for good a year after it was seen last.
  again.Observe({}, kStart + 800 * kDay);
  EXPECT_TRUE(again.All().empty());
  ASSERT_TRUE(again.Save(Durability::kSynced).ok());
  size_t rows = 0;
  ASSERT_TRUE(store_
                  .Scan(Family::kCost, "", "",
                        [&](const Row&) {
                          ++rows;
                          return true;
                        })
                  .ok());
  EXPECT_EQ(rows, 0U);
}

}  // namespace
}  // namespace outrider
