// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/pricing_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rules/pricing/node_facts.h"
#include "storage/model/sample.h"
#include "tests/rules/analytics/fake_windows.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

constexpr Timestamp kNow = 1'763'700'000'000;
constexpr double kGibBytesDouble = kBytesPerGib;

class PricingEngineTest : public ::testing::Test {
 protected:
  void Add(std::initializer_list<LabelView> labels, double value, Timestamp time = kNow) {
    windows_.Add(Labels(labels), time, value);
  }
  void AddNode(const char* node, const char* provider_id, double cores, double gib,
               Timestamp time = kNow) {
    Add({{"__name__", "kube_node_info"}, {"node", node}, {"provider_id", provider_id}}, 1, time);
    for (const char* metric : {"kube_node_status_capacity", "kube_node_status_allocatable"}) {
      const double share = std::string_view(metric).ends_with("capacity") ? 1 : .9;
      Add({{"__name__", metric}, {"node", node}, {"resource", "cpu"}, {"unit", "core"}},
          cores * share, time);
      Add({{"__name__", metric}, {"node", node}, {"resource", "memory"}, {"unit", "byte"}},
          gib * share * kGibBytesDouble, time);
    }
  }
  PricingEngine& Engine(PricingOptions options = {}, std::vector<UserPrices> files = {}) {
    std::shared_ptr<const Pricer> pricer = *Pricer::Create(std::move(options), std::move(files));
    engine_ = std::make_unique<PricingEngine>(std::move(pricer), windows_, table_);
    return *engine_;
  }
  NodeMap Facts() { return *ReadNodeFacts(windows_, kNow, {}); }
  std::map<std::string, double> Derived() const { return DerivedText(table_); }

  FakeWindows windows_;
  DerivedTable table_;
  std::unique_ptr<PricingEngine> engine_;
};

TEST_F(PricingEngineTest, LabelsTellWhatANodeIs) {
  AddNode("n1", "aws:///us-east-1a/i-1", 4, 16);
  Add({{"__name__", "kube_node_labels"},
       {"node", "n1"},
       {"label_node_kubernetes_io_instance_type", "m5.xlarge"},
       {"label_topology_kubernetes_io_region", "us-east-1"},
       {"label_topology_kubernetes_io_zone", "us-east-1a"},
       {"label_kubernetes_io_arch", "amd64"},
       {"label_team", "shop"},
       {"label_eks_amazonaws_com_capacityType", "SPOT"}},
      1);
  const NodeMap nodes = Facts();
  ASSERT_TRUE(nodes.contains("n1"));
  const NodeFacts& node = nodes.find("n1")->second;
  EXPECT_EQ(node.instance_type, "m5.xlarge");
  EXPECT_EQ(node.region, "us-east-1");
  EXPECT_EQ(node.provider, "aws");
  EXPECT_EQ(node.arch, "amd64");
  EXPECT_EQ(node.capacity_type, CapacityType::kSpot);
  EXPECT_EQ(node.labels.Get("team"), "shop");
  EXPECT_EQ(node.cores, 4_dec);  // capacity, not allocatable
  EXPECT_EQ(node.memory_gib, 16_dec);
}

struct SpotCase {
  const char* label;
  const char* value;
  bool spot;
};

TEST(NodeFacts, SpotLabels) {
  const SpotCase cases[] = {
      {"karpenter_sh_capacity_type", "spot", true},
      {"karpenter_sh_capacity_type", "on-demand", false},
      {"eks_amazonaws_com_capacityType", "SPOT", true},
      {"eks_amazonaws_com_capacityType", "ON_DEMAND", false},
      {"cloud_google_com_gke_spot", "true", true},
      {"cloud_google_com_gke_preemptible", "true", true},
      {"kubernetes_azure_com_scalesetpriority", "spot", true},
      {"team", "spot", false},
      {"pool", "cheap", true},
  };
  for (const SpotCase& one : cases) {
    EXPECT_EQ(IsSpot(Labels({{one.label, one.value}}), {{"pool", "cheap"}}), one.spot) << one.label;
  }
}

// Without --metric-labels-allowlist: provider_id gives provider and zone, capacity the size.
TEST_F(PricingEngineTest, WithoutLabelsIdsAndSizesTell) {
  AddNode("n1", "aws:///us-east-1a/i-1", 4, 16);
  AddNode("n2", "gce://shop/us-central1-b/gke-1", 4, 16);
  AddNode("n3", "kind://docker/kind/kind-worker", 8, 32);
  const auto& engine = Engine();
  engine_->Run(kNow);
  const auto book = engine.Book();
  EXPECT_EQ(book->ForNode("n1")->source, PriceSource::kShapeFit);
  EXPECT_EQ(book->Nodes().find("n1")->second.facts.region, "us-east-1");
  EXPECT_EQ(book->ForNode("n2")->hourly.Text(), "0.194236");
  EXPECT_EQ(book->Nodes().find("n3")->second.facts.provider, "aws");  // as configured
  EXPECT_EQ(book->ForNode("n4"), nullptr);
  EXPECT_EQ(engine.stats().nodes, 3U);
  EXPECT_EQ(engine.stats().unpriced, 0U);
}

TEST_F(PricingEngineTest, KarpenterAndOpenCostTellNodesToo) {
  Add({{"__name__", "karpenter_nodes_allocatable"},
       {"node_name", "n1"},
       {"instance_type", "m7i.large"},
       {"capacity_type", "spot"},
       {"zone", "us-east-1b"},
       {"arch", "amd64"},
       {"resource_type", "cpu"}},
      1.9);
  Add({{"__name__", "node_total_hourly_cost"},
       {"node", "n2"},
       {"instance", "n2"},
       {"instance_type", "e2-standard-4"},
       {"region", "us-central1"},
       {"provider_id", "gce://p/us-central1-a/n2"},
       {"job", "opencost"}},
      .134);
  const NodeMap nodes = Facts();
  EXPECT_EQ(nodes.find("n1")->second.capacity_type, CapacityType::kSpot);
  EXPECT_EQ(nodes.find("n1")->second.zone, "us-east-1b");
  EXPECT_EQ(nodes.find("n2")->second.provider, "gcp");
  EXPECT_EQ(nodes.find("n2")->second.region, "us-central1");
}

TEST_F(PricingEngineTest, ExportedNodeWins) {
  Add({{"__name__", "kube_node_info"}, {"exported_node", "n1"}, {"node", "where-ksm-runs"}}, 1);
  EXPECT_EQ(Facts().size(), 1U);
  EXPECT_TRUE(Facts().contains("n1"));
}

TEST_F(PricingEngineTest, PricesFromTheStreamAndPublishesByKind) {
  for (const char* node : {"n1", "n2"}) {
    AddNode(node, "aws:///us-east-1a/i-1", 4, 16);
    Add({{"__name__", "node_cpu_hourly_cost"}, {"node", node}, {"instance", node}}, .03);
    Add({{"__name__", "node_ram_hourly_cost"}, {"node", node}, {"instance", node}}, .004);
  }
  Engine().Run(kNow);
  EXPECT_EQ(engine_->Book()->ForNode("n2")->hourly.Text(), "0.184");
  const auto derived = Derived();
  const std::string kind =
      "capacity_type=\"on-demand\", provider=\"aws\", region=\"us-east-1\", resource=";
  EXPECT_EQ(
      derived.at("outrider_price_dollars_per_hour{" + kind + "\"node\", source=\"opencost\"}"),
      .184);
  EXPECT_EQ(derived.at("outrider_price_dollars_per_hour{" + kind + "\"gib\", source=\"opencost\"}"),
            .004);
  EXPECT_EQ(derived.at("outrider_priced_nodes{source=\"opencost\"}"), 2);
  EXPECT_EQ(derived.at("outrider_price_dollars_per_hour{capacity_type=\"on-demand\", "
                       "instance_type=\"default\", provider=\"aws\", region=\"us-east-1\", "
                       "resource=\"core\", source=\"default\"}"),
            .0416);
  EXPECT_EQ(derived.size(),
            6U);  // two nodes of one kind: three series, two of the default, one count
}

// What Outrider publishes under OpenCost's names must not come back as OpenCost's word.
TEST_F(PricingEngineTest, OwnSeriesAreNotReadBack) {
  AddNode("n1", "aws:///us-east-1a/i-1", 4, 16);
  Add({{"__name__", "node_total_hourly_cost"},
       {"node", "n1"},
       {"instance_type", "x9.large"},
       {kPriceSourceLabel, "catalogue"}},
      9);
  Engine().Run(kNow);
  EXPECT_EQ(engine_->Book()->ForNode("n1")->source, PriceSource::kShapeFit);
}

TEST_F(PricingEngineTest, StreamsCanBeLeftOut) {
  AddNode("n1", "aws:///us-east-1a/i-1", 4, 16);
  Add({{"__name__", "node_total_hourly_cost"}, {"node", "n1"}}, 9);
  PricingOptions options;
  options.prices_from_stream = false;
  Engine(options).Run(kNow);
  EXPECT_EQ(engine_->Book()->ForNode("n1")->source, PriceSource::kShapeFit);
}

TEST_F(PricingEngineTest, StaleSeriesSayNothing) {
  AddNode("n1", "aws:///us-east-1a/i-1", 4, 16);
  Add({{"__name__", "node_total_hourly_cost"}, {"node", "n1"}}, 9, kNow - kMinute);
  Add({{"__name__", "node_total_hourly_cost"}, {"node", "n1"}}, StaleNan(), kNow);
  Add({{"__name__", "node_total_hourly_cost"}, {"node", "old"}}, 9, kNow - 10 * kMinute);
  Engine().Run(kNow);
  EXPECT_EQ(engine_->Book()->ForNode("n1")->source, PriceSource::kShapeFit);
  EXPECT_EQ(engine_->Book()->Nodes().size(), 1U);
}

TEST_F(PricingEngineTest, NodesWithoutAPriceSayWhy) {
  AddNode("far", "aws:///ap-south-9a/i-1", 4, 16);
  Add({{"__name__", "node_total_hourly_cost"}, {"node", "bare"}}, .5);
  Engine().Run(kNow);
  const auto& nodes = engine_->Book()->Nodes();
  EXPECT_THAT(nodes.find("far")->second.error, HasSubstr("unknown region \"ap-south-9\" of aws"));
  EXPECT_THAT(nodes.find("bare")->second.error, HasSubstr("size of the node is not known"));
  EXPECT_EQ(engine_->Book()->ForNode("far"), nullptr);
  EXPECT_EQ(engine_->stats().unpriced, 2U);
  EXPECT_EQ(Derived().at("outrider_priced_nodes{source=\"none\"}"), 2);
}

TEST_F(PricingEngineTest, WorksOnceAMinuteAndFollowsAReload) {
  AddNode("n1", "aws:///us-east-1a/i-1", 4, 16);
  Engine().Run(kNow);
  AddNode("n2", "aws:///us-east-1a/i-2", 4, 16, kNow + kSecond);
  engine_->Run(kNow + 15 * kSecond);
  EXPECT_EQ(engine_->Book()->Nodes().size(), 1U);
  PricingOptions options;
  options.core_hour = 1_usd;
  options.gib_hour = 1_usd;
  engine_->SetPricer(*Pricer::Create(options, {}));
  engine_->Run(kNow + 30 * kSecond);
  EXPECT_EQ(engine_->Book()->ForNode("n2")->hourly, 20_usd);
  EXPECT_EQ(Derived().count("outrider_priced_nodes{source=\"shape_fit\"}"), 0U);
}

TEST_F(PricingEngineTest, KeepsTheBookWhenTheWindowsCannotBeRead) {
  AddNode("n1", "aws:///us-east-1a/i-1", 4, 16);
  Engine().Run(kNow);
  windows_.FailWith("no");
  engine_->Run(kNow + kMinute);
  EXPECT_EQ(engine_->stats().error, "no");
  EXPECT_EQ(engine_->Book()->Nodes().size(), 1U);
}

TEST(OutlierGuard, PassesOverJumpsUnlessTheyStay) {
  OutlierGuard guard;
  EXPECT_TRUE(guard.Passes("a", .1, 0));
  EXPECT_TRUE(guard.Passes("a", .12, 1));
  EXPECT_FALSE(guard.Passes("a", 31 * .11, 2));
  EXPECT_TRUE(guard.Passes("a", .1, 3));
  EXPECT_TRUE(guard.Passes("b", 50, 3));
  for (int i = 0; i < OutlierGuard::kPatience - 1; ++i) EXPECT_FALSE(guard.Passes("a", 40, 4));
  EXPECT_TRUE(guard.Passes("a", 40, 5));
  EXPECT_TRUE(guard.Passes("a", 41, 6));
  EXPECT_EQ(guard.passed_over(), static_cast<uint64_t>(OutlierGuard::kPatience));
  guard.Forget(6);
  EXPECT_TRUE(guard.Passes("b", 5000, 7));
}

}  // namespace
}  // namespace outrider
