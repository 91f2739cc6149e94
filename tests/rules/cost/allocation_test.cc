// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/allocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace outrider {
namespace {

using testing::ElementsAre;

constexpr double kGibBytesOf = 1024.0 * 1024.0 * 1024.0;
// USD of aws us-east-1, specs/source_systems.md §1.7.
constexpr CostRates kAws = {0.0416, 0.0046 / kGibBytesOf, 0.95};

CostKey Pod(const std::string& name, const std::string& node) {
  CostKey key;
  key.cluster = "c";
  key.namespace_name = "shop";
  key.workload_kind = "Deployment";
  key.workload = name;
  key.container = "app";
  key.pod = name + "-1";
  key.node = node;
  return key;
}

NanoUnits Sum(const std::vector<CostItem>& items) {
  return std::accumulate(
      items.begin(), items.end(), NanoUnits{0},
      [](NanoUnits sum, const CostItem& item) { return sum + item.amounts.Total(); });
}

const CostItem& Find(const std::vector<CostItem>& items, const std::string& workload) {
  for (const CostItem& item : items) {
    if (item.key.workload == workload) return item;
  }
  ADD_FAILURE() << workload << " is not there";
  return items.front();
}

TEST(SplitExactly, AddsUpWhateverTheWeights) {
  EXPECT_THAT(SplitExactly(10, {1, 1, 1}), ElementsAre(4, 3, 3));
  EXPECT_THAT(SplitExactly(7, {0, 2, 1}), ElementsAre(0, 5, 2));
  EXPECT_THAT(SplitExactly(-10, {1, 1, 1}), ElementsAre(-4, -3, -3));
  EXPECT_THAT(SplitExactly(10, {0, 0}), ElementsAre(0, 0));
  std::mt19937_64 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<double> weights(1 + random() % 50);
    for (double& weight : weights) {
      weight = random() % 4 == 0 ? 0 : std::pow(10.0, static_cast<double>(random() % 24) - 12);
    }
    weights[random() % weights.size()] = 1;
    const auto total = static_cast<NanoUnits>(random() >> (2 + random() % 60));
    const auto parts = SplitExactly(total, weights);
    ASSERT_EQ(std::accumulate(parts.begin(), parts.end(), NanoUnits{0}), total);
    for (size_t i = 0; i < parts.size(); ++i) {
      ASSERT_GE(parts[i], 0);
      ASSERT_TRUE(weights[i] > 0 || parts[i] == 0);
    }
  }
}

TEST(Allocation, LargerOfRequestAndUseAndTheRestIsIdle) {
  CostScene scene;
  scene.nodes = {{"c", "n1", {4, 16 * kGibBytesOf, 0}, kAws}};
  scene.holdings = {
      {Pod("asks", "n1"), {2, 4 * kGibBytesOf, 0}, {0.5, 1 * kGibBytesOf, 0}},
      {Pod("uses", "n1"), {0, 0, 0}, {1, 2 * kGibBytesOf, 0}},
  };
  const auto items = Allocate(scene, kHour);
  // 2 cores and 4 GiB for an hour.
  EXPECT_EQ(Find(items, "asks").amounts.Cost(CostResource::kCpu), 83'200'000);
  EXPECT_EQ(Find(items, "asks").amounts.Cost(CostResource::kMemory), 18'400'000);
  EXPECT_EQ(Find(items, "uses").amounts.Cost(CostResource::kCpu), 41'600'000);
  const CostItem& idle = Find(items, "__idle__");
  EXPECT_EQ(idle.amounts.Cost(CostResource::kCpu), 41'600'000);
  EXPECT_EQ(idle.amounts.Cost(CostResource::kMemory), 46'000'000);
  // Two thirds of the node's held CPU are of "asks".
  EXPECT_EQ(Find(items, "asks").amounts.idle_share[0], 27'733'333);
  EXPECT_EQ(Find(items, "uses").amounts.idle_share[0], 13'866'667);
  EXPECT_EQ(Sum(items), 4 * 41'600'000 + 16 * 4'600'000);
}

// To the cent: specs/source_systems.md §1.7, 1 core and 2 GiB for a month of 730 hours, 3 replicas.
TEST(Allocation, GoldenMonthToTheCent) {
  CostScene scene;
  scene.fallback = kAws;
  scene.holdings = {{Pod("web", ""), {3, 6 * kGibBytesOf, 0}, {}}};
  NanoUnits month = 0;
  for (int minute = 0; minute < 730 * 60; ++minute) month += Sum(Allocate(scene, kMinute));
  // Exactly 91.104 + 20.148; a minute's amount is rounded to 1e-9.
  EXPECT_NEAR(ToUnits(month), 111.252, 1e-4);
}

TEST(Allocation, NodeThatIsOverusedCostsWhatItCosts) {
  CostScene scene;
  scene.nodes = {{"c", "n1", {2, kGibBytesOf, 0}, kAws}};
  scene.holdings = {{Pod("a", "n1"), {1, 0, 0}, {3, 0, 0}}, {Pod("b", "n1"), {1, 0, 0}, {1, 0, 0}}};
  const auto items = Allocate(scene, kHour);
  EXPECT_EQ(Find(items, "a").amounts.Cost(CostResource::kCpu), 62'400'000);
  EXPECT_EQ(Find(items, "b").amounts.Cost(CostResource::kCpu), 20'800'000);
  EXPECT_EQ(Find(items, "__idle__").amounts.Cost(CostResource::kCpu), 0);
}

TEST(Allocation, VolumesAreSplitByTheirPodsOrUnmounted) {
  CostScene scene;
  scene.volumes = {
      {"c",
       "shop",
       "data",
       "pv1",
       100 * kGibBytesOf,
       0.0001 / kGibBytesOf,
       {Pod("a", "n"), Pod("b", "n"), Pod("d", "n")}},
      {"c", "shop", "lost", "pv2", 10 * kGibBytesOf, 0.0001 / kGibBytesOf, {}},
      {"c", "", "nobodys", "pv3", 10 * kGibBytesOf, 0.0001 / kGibBytesOf, {}},
  };
  const auto items = Allocate(scene, kHour);
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(items[0].amounts.Cost(CostResource::kStorage), 3'333'334);
  EXPECT_EQ(items[1].amounts.Cost(CostResource::kStorage), 3'333'333);
  EXPECT_EQ(items[3].key.namespace_name, "shop");
  EXPECT_EQ(items[3].key.workload, "__unmounted__");
  EXPECT_EQ(items[4].key.namespace_name, "__unmounted__");
  EXPECT_EQ(Sum(items), 12'000'000);
}

TEST(Allocation, TrafficLoadBalancersAndControlPlanes) {
  CostScene scene;
  scene.traffic = {{Pod("a", "n"), 2e9, 1e9, 0.18}};
  CostKey service = Pod("front", "");
  service.workload_kind = "Service";
  scene.load_balancers = {{service, 0.0225}};
  scene.overheads = {{"c", 0.1}};
  const auto items = Allocate(scene, 30 * kMinute);
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].amounts.Cost(CostResource::kNetwork), 180'000'000);
  EXPECT_EQ(items[0].amounts.sent_bytes, 2e9);
  EXPECT_EQ(items[1].amounts.Cost(CostResource::kLoadBalancer), 11'250'000);
  EXPECT_EQ(items[2].amounts.overhead, 50'000'000);
  EXPECT_EQ(items[2].key.workload, "__overhead__");
}

// Whatever runs where: the parts of a node are what it costs, idle is never negative, and a dearer
// node makes nothing cheaper.
TEST(AllocationProperty, PartsAreTheWhole) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> any(0, 1);
  for (int round = 0; round < 300; ++round) {
    CostScene scene;
    const size_t nodes = 1 + random() % 5;
    for (size_t i = 0; i < nodes; ++i) {
      scene.nodes.push_back({"c",
                             "n" + std::to_string(i),
                             {1 + 63 * any(random), kGibBytesOf * (1 + 100 * any(random)),
                              static_cast<double>(random() % 3)},
                             {any(random) * 0.1, any(random) * 0.01 / kGibBytesOf, any(random)}});
    }
    const size_t pods = random() % 60;
    for (size_t i = 0; i < pods; ++i) {
      const std::string node = "n" + std::to_string(random() % nodes);
      scene.holdings.push_back({Pod("w" + std::to_string(i), node),
                                {any(random) * 4, any(random) * kGibBytesOf * 4, 0},
                                {any(random) * 6, any(random) * kGibBytesOf * 6, 0}});
    }
    const auto time = static_cast<DurationMs>(1 + random() % kHour);
    const auto items = Allocate(scene, time);
    NanoUnits whole = 0;
    for (const CostNode& node : scene.nodes) {
      for (size_t i = 0; i < kNodeResources; ++i) {
        whole +=
            ToNanoUnits(node.capacity[i] * (static_cast<double>(time) / kHour) * node.rates[i]);
      }
    }
    ASSERT_EQ(Sum(items), whole);
    NanoUnits idle = 0;
    NanoUnits shares = 0;
    for (const CostItem& item : items) {
      for (const NanoUnits cost : item.amounts.cost) ASSERT_GE(cost, 0);
      if (item.key.workload == kIdleName) idle += item.amounts.Total();
      shares += item.amounts.IdleShares();
    }
    ASSERT_LE(shares, idle);
    for (CostNode& node : scene.nodes) {
      for (double& rate : node.rates) rate *= 1 + any(random);
    }
    const auto dearer = Allocate(scene, time);
    for (size_t i = 0; i < items.size(); ++i) {
      // A unit of rounding may move between parts.
      ASSERT_GE(dearer[i].amounts.Total() + 3, items[i].amounts.Total());
    }
  }
}

}  // namespace
}  // namespace outrider
