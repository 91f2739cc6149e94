// SPDX-License-Identifier: Apache-2.0
// Costs by node: a pod costs what its node costs, where the price book knows the node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/capacity/capacity_engine.h"
#include "rules/pricing/pricing_engine.h"
#include "tests/rules/analytics/fake_windows.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'763'700'000'000;

std::shared_ptr<const PricedNodes> Book(const char* core_hour) {
  const auto user = ParseUserPrices(
      std::string("nodes: [{match: {name: dear}, core_hour: ") + core_hour + ", gib_hour: 0.5}]",
      "p.yml", Currency());
  NodeFacts dear;
  dear.name = "dear";
  dear.cores = 4_dec;
  dear.memory_gib = 16_dec;
  NodeFacts far = dear;
  far.name = "far";
  far.provider = "aws";
  far.region = "mars-1";
  return std::make_shared<const PricedNodes>(*Pricer::Create({}, {*user}), StreamPrices(),
                                             std::vector<NodeFacts>{dear, far});
}

class NodePricesTest : public ::testing::Test {
 protected:
  void Add(std::initializer_list<LabelView> labels, Timestamp time, double value) {
    windows_.Add(Labels(labels), time, value);
  }
  // A pod of Deployment web that requests one core and 1 GiB and uses half of it.
  void Scrape(const char* pod, const char* node, Timestamp time) {
    Add({{"__name__", "kube_pod_info"}, {"namespace", "shop"}, {"pod", pod}, {"node", node}}, time,
        1);
    Add({{"__name__", "kube_pod_owner"},
         {"namespace", "shop"},
         {"pod", pod},
         {"owner_kind", "StatefulSet"},
         {"owner_name", "web"}},
        time, 1);
    for (const char* resource : {"cpu", "memory"}) {
      const bool cpu = std::string_view(resource) == "cpu";
      Add({{"__name__", "kube_pod_container_resource_requests"},
           {"namespace", "shop"},
           {"pod", pod},
           {"container", "app"},
           {"resource", resource},
           {"unit", cpu ? "core" : "byte"}},
          time, cpu ? 1 : kBytesPerGib);
    }
    Add({{"__name__", "container_cpu_usage_seconds_total"},
         {"namespace", "shop"},
         {"pod", pod},
         {"container", "app"},
         {"cpu", "total"},
         {"image", "i"}},
        time, static_cast<double>(time - kStart) / 2000);
    Add({{"__name__", "container_memory_working_set_bytes"},
         {"namespace", "shop"},
         {"pod", pod},
         {"container", "app"},
         {"image", "i"}},
        time, kBytesPerGib / 2);
  }
  WorkloadCost Run(CapacityEngine& engine, Timestamp from) {
    Timestamp now = from;
    for (int i = 0; i < 8; ++i) {
      now += 15 * kSecond;
      Scrape("web-0", "dear", now);
      Scrape("web-1", "far", now);
      Scrape("web-2", "unknown", now);
      engine.Run(now + 100);
    }
    const std::vector<WorkloadCost> costs = engine.Costs();
    EXPECT_EQ(costs.size(), 1U);
    return costs.empty() ? WorkloadCost() : costs[0];
  }

  FakeWindows windows_;
  DerivedTable table_;
};

TEST_F(NodePricesTest, APodCostsWhatItsNodeCosts) {
  std::shared_ptr<const PricedNodes> book = Book("1");
  CapacityOptions options;
  options.minimum_coverage = 30 * kSecond;
  options.minimum_samples = 3;
  const auto engine = *CapacityEngine::Create(options, windows_, table_);
  engine->SetPrices([&book] { return book; });
  WorkloadCost cost = Run(*engine, kStart);
  // One on the dear node; one on a node without a price and one on no known node: the default.
  EXPECT_NEAR(cost.cpu.allocated, 1 + 2 * .0416, 1e-9);
  EXPECT_NEAR(cost.memory.allocated, .5 + 2 * .0046, 1e-9);
  EXPECT_NEAR(cost.cpu.used, (1 + 2 * .0416) / 2, .05);
  EXPECT_LE(cost.cpu.used, cost.cpu.allocated);
  // A new book counts from the next run on.
  book = Book("2");
  cost = Run(*engine, kStart + 2 * kMinute);
  EXPECT_NEAR(cost.cpu.allocated, 2 + 2 * .0416, 1e-9);
}

// Also of a recommendation that is not made anew.
TEST_F(NodePricesTest, SavingsFollowTheBook) {
  std::shared_ptr<const PricedNodes> book = Book("1");
  CapacityOptions options;
  options.minimum_coverage = 30 * kSecond;
  options.minimum_samples = 3;
  options.judge_growth = 1e9;
  const auto engine = *CapacityEngine::Create(options, windows_, table_);
  engine->SetPrices([&book] { return book; });
  const auto saved = [&] {
    const auto all = engine->Recommendations();
    return all.empty() ? 0 : all[0].cpu.savings_dollars_per_month.value_or(0);
  };
  Run(*engine, kStart);
  // After ten minutes it is judged in any case.
  Run(*engine, kStart + 11 * kMinute);
  const Timestamp now = kStart + 13 * kMinute;
  const double before = saved();
  EXPECT_GT(before, 0);
  book = Book("2");
  engine->Run(now + 300);
  EXPECT_NEAR(saved() / before, (2 + 2 * .0416) / (1 + 2 * .0416), 1e-6);
}

TEST_F(NodePricesTest, WithoutABookEverythingCostsTheDefault) {
  CapacityOptions options;
  options.core_hour_dollars = .1;
  const auto engine = *CapacityEngine::Create(options, windows_, table_);
  EXPECT_NEAR(Run(*engine, kStart).cpu.allocated, .3, 1e-9);
}

TEST(NodeRates, AreThoseOfTheBook) {
  const auto book = Book("1");
  const NodeRates rates(*book);
  ASSERT_NE(rates.For("dear"), nullptr);
  EXPECT_EQ(rates.For("dear")->core_hour, 1);
  EXPECT_EQ(rates.For("dear")->byte_hour, .5 / kBytesPerGib);
  EXPECT_EQ(rates.For("far"), nullptr);
  EXPECT_EQ(rates.Default().core_hour, .0416);
  EXPECT_EQ(rates.Default().gpu_hour, .95);
}

}  // namespace
}  // namespace outrider
