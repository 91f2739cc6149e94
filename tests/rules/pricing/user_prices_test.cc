// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/user_prices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/pricing/csv_table.h"
#include "storage/base/file.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct BadCase {
  const char* text;
  const char* error;
};

class BadPriceFile : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadPriceFile, IsRefusedWithItsPlace) {
  const auto prices = ParseUserPrices(GetParam().text, "p.yml", Currency());
  ASSERT_FALSE(prices.ok());
  EXPECT_THAT(Message(prices.status()), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadPriceFile,
    ::testing::Values(
        BadCase{"node: []\n", "p.yml:1:1: field node not found in a price file"},
        BadCase{"nodes: {}\n", "p.yml:1:8: nodes must be a list"},
        BadCase{"nodes:\n- {match: {instance_type: m5.large}}\n",
                "p.yml:2:3: a node price needs node_hour"},
        BadCase{"nodes:\n- {node_hour: 1}\n", "p.yml:2:3: a node price needs match"},
        BadCase{"nodes:\n- {match: {type: m5}, node_hour: 1}\n",
                "p.yml:2:12: field type not found"},
        BadCase{"nodes:\n- {match: {}, node_hour: -1}\n", "node_hour must not be negative"},
        BadCase{"nodes:\n- {match: {}, node_hour: 1, core_hour: 1}\n", "not both"},
        BadCase{"nodes:\n- {match: {capacity_type: cheap}, gpu_hour: 1}\n",
                "p.yml:2:27: capacity_type must be on-demand or spot"},
        BadCase{"nodes:\n- {match: {}, node_hour: 1 dollar}\n",
                "p.yml:2:26: node_hour: \"1 dollar\" is not a decimal number"},
        BadCase{"storage:\n- {class: gp3}\n", "p.yml:2:3: a storage price needs either"},
        BadCase{"storage:\n- {gib_month: 1}\n", "p.yml:2:3: a storage price needs class"},
        BadCase{"egress: {internet: 1}\n", "p.yml:1:10: field internet not found"},
        BadCase{"discounts: {discount: 2}\n", "p.yml:1:23: discount: \"2\" is not between 0 and 1"},
        BadCase{"currency: EUR\n", "p.yml:1:11: currency must be USD or that of cost.currency"},
        BadCase{"nodes: [\n", "p.yml:"}));

TEST(UserPrices, ReadsEverything) {
  const auto prices = ParseUserPrices(R"(
nodes:
- match: {name: n1, provider: aws, region: r, zone: z, instance_type: m5.*, provider_id: 'aws:*',
    capacity_type: spot, labels: {team: 'a*'}}
  core_hour: 0.03
defaults: {core_hour: 0.02, gib_hour: 0.003, gpu_hour: 1, spot: {core_hour: 0.01}, list_price: true}
storage: [{class: gp3, gib_hour: 0.0001}, {class: '*', gib_month: 0.73}]
egress: {zone_gib: 0.01, region_gib: 0.02, internet_gib: 0.09}
load_balancer_hour: 0.02
control_plane_hour: 0.1
discounts: {discount: 30%, negotiated: 0.1, spot: 60 %}
)",
                                      "p.yml", Currency());
  ASSERT_TRUE(prices.ok()) << prices.status();
  ASSERT_EQ(prices->nodes.size(), 1U);
  NodeFacts node = {.name = "n1",
                    .provider = "aws",
                    .region = "r",
                    .zone = "z",
                    .instance_type = "m5.large",
                    .provider_id = "aws:///z/i",
                    .capacity_type = CapacityType::kSpot,
                    .labels = Labels({{"team", "abc"}})};
  ASSERT_TRUE(prices->Find(node).has_value());
  EXPECT_EQ(prices->Find(node)->where, "p.yml:3");
  node.labels = Labels({{"team", "b"}});
  EXPECT_FALSE(prices->Find(node).has_value());
  EXPECT_EQ(prices->rates, (StatedRates{0.02_usd, 0.003_usd, 1_usd}));
  EXPECT_EQ(prices->spot_rates.core_hour, 0.01_usd);
  EXPECT_TRUE(prices->list_price);
  EXPECT_EQ(prices->FindStorage("gp3")->gib_hour, 0.0001_usd);
  EXPECT_EQ(prices->FindStorage("other")->gib_hour, 0.001_usd);
  EXPECT_EQ(prices->egress_region, 0.02_usd);
  EXPECT_EQ(prices->discount, 0.3_dec);
  EXPECT_EQ(prices->negotiated_discount, 0.1_dec);
  EXPECT_EQ(prices->spot_discount, 0.6_dec);
}

TEST(UserPrices, AmountsInACurrencyAreTurnedIntoDollars) {
  const Currency euro = {"EUR", 0.8_dec};
  const auto prices = ParseUserPrices("currency: EUR\nload_balancer_hour: 0.02\n", "p.yml", euro);
  ASSERT_TRUE(prices.ok()) << prices.status();
  EXPECT_EQ(prices->load_balancer_hour, 0.025_usd);
  // Without the word they are dollars.
  EXPECT_EQ(ParseUserPrices("load_balancer_hour: 0.02\n", "p.yml", euro)->load_balancer_hour,
            0.02_usd);
}

TEST(UserPrices, TheExampleLoads) {
  const std::string file = std::string(OUTRIDER_SOURCE_DIR) + "/examples/prices.yml";
  const auto prices = ParseUserPrices(*ReadFile(file), file, Currency());
  ASSERT_TRUE(prices.ok()) << prices.status();
  EXPECT_EQ(prices->nodes.size(), 2U);
}

constexpr const char* kDefaultJson = R"({
	"provider": "base",
	"description": "Default prices",
	"CPU": "0.031611", "spotCPU": "0.006655",
	"RAM": "0.004237", "spotRAM": "0.000892",
	"GPU": "0.95",
	"storage": "0.00005479452",
	"zoneNetworkEgress": "0.01", "regionNetworkEgress": "0.01", "internetNetworkEgress": "0.12",
	"firstFiveForwardingRulesCost": "0.025",
	"spotLabel": "pool", "spotLabelValue": "spot",
	"discount": "30%", "negotiatedDiscount": "0%",
	"currencyCode": ""
})";

TEST(OpenCostPricing, ReadsItsDefaultFileAsHourly) {
  const auto prices = ParseOpenCostPricing(kDefaultJson, "d.json", false, Currency());
  ASSERT_TRUE(prices.ok()) << prices.status();
  EXPECT_THAT(prices->warnings, IsEmpty());
  EXPECT_EQ(prices->rates, (StatedRates{0.031611_usd, 0.004237_usd, 0.95_usd}));
  EXPECT_EQ(prices->spot_rates.core_hour, 0.006655_usd);
  EXPECT_EQ(prices->FindStorage("any")->gib_hour, 0.00005479452_usd);
  EXPECT_EQ(prices->egress_internet, 0.12_usd);
  EXPECT_EQ(prices->load_balancer_hour, 0.025_usd);
  EXPECT_EQ(prices->discount, 0.3_dec);
  EXPECT_EQ(prices->spot_label, "pool");
}

// The Helm chart's example says CPU: 1.25, meant a month.
TEST(OpenCostPricing, SaysWhatIsAssumedWhereAValueLooksMonthly) {
  const char* text = "{\"CPU\": \"1.25\",\n \"RAM\": \"3.1\"}";
  const auto hourly = ParseOpenCostPricing(text, "d.json", false, Currency());
  ASSERT_TRUE(hourly.ok()) << hourly.status();
  EXPECT_EQ(hourly->rates.core_hour, 1.25_usd);
  EXPECT_THAT(hourly->warnings,
              ElementsAre(HasSubstr("d.json:1:9: CPU is 1.25 dollars for a core, which looks "
                                    "monthly; it is taken as hourly"),
                          HasSubstr("d.json:2:9: RAM")));
  const auto monthly = ParseOpenCostPricing(
      R"({"CPU": "23.07603", "RAM": "3.09301", "GPU": "0.95"})", "d.json", true, Currency());
  EXPECT_EQ(monthly->rates.core_hour, 0.031611_usd);
  EXPECT_EQ(monthly->rates.gib_hour, 0.004237_usd);
  EXPECT_THAT(monthly->warnings, ElementsAre(HasSubstr("GPU is 0.95 dollars for a GPU, which looks "
                                                       "hourly; it is taken as monthly")));
}

TEST(OpenCostPricing, RefusesWithThePlace) {
  const BadCase cases[] = {
      {"[]", "d.json:1:1: OpenCost's pricing is an object"},
      {"{\"CPU\": \"x\"}", "d.json:1:9: CPU: \"x\" is not a decimal number"},
      {"{\n\"RAM\": \"-1\"}", "d.json:2:8: RAM must not be negative"},
      {"{\"discount\": \"300%\"}", "d.json:1:14: discount"},
      {"{\"currencyCode\": \"EUR\"}", "d.json:1:18: currencyCode must be USD"},
      {"{\"CPU\": {}}", "d.json:1:9: CPU: a number is needed here"},
      {"{\"CPU\": ", "d.json:"},
  };
  for (const BadCase& bad : cases) {
    EXPECT_THAT(Message(ParseOpenCostPricing(bad.text, "d.json", false, Currency()).status()),
                HasSubstr(bad.error));
  }
  EXPECT_THAT(
      ParseOpenCostPricing("{\"customPricesEnabled\": \"false\"}", "d.json", false, Currency())
          ->warnings,
      ElementsAre(HasSubstr("customPricesEnabled is false")));
}

TEST(OpenCostCsv, PricesNodesTypesGpusAndVolumes) {
  const auto prices = ParseOpenCostCsv(
      R"(EndTimestamp,InstanceID,Region,AssetClass,InstanceIDField,InstanceType,MarketPriceHourly,Version
2026-01-01 00:00:00 UTC,,us-east-1,node,metadata.labels.node.kubernetes.io/instance-type,m5.large,0.11,
2026-02-01 00:00:00 UTC,,us-east-1,node,metadata.labels.node.kubernetes.io/instance-type,m5.large,0.09,
2026-01-15 00:00:00 UTC,,us-east-1,node,metadata.labels.node.kubernetes.io/instance-type,m5.large,0.10,
,n7,,node,metadata.name,,0.5,
,"aws:///a/i-1",,node,spec.providerID,,0.25,
,Tesla-T4,,gpu,nvidia.com/gpu_type,,0.4,
,fast,,pv,,,0.0002,
)",
      "p.csv");
  ASSERT_TRUE(prices.ok()) << prices.status();
  NodeFacts node = {.name = "n1", .region = "us-east-1", .instance_type = "m5.large"};
  EXPECT_EQ(prices->Find(node)->node_hour, 0.09_usd);  // the latest
  node.name = "n7";
  EXPECT_EQ(prices->Find(node)->node_hour, 0.5_usd);  // one node before its type
  node.name = "n1";
  node.provider_id = "aws:///a/i-1";
  EXPECT_EQ(prices->Find(node)->node_hour, 0.25_usd);
  node.labels = Labels({{"nvidia_com_gpu_type", "Tesla-T4"}});
  EXPECT_EQ(prices->Find(node)->node_hour, 0.25_usd);
  EXPECT_EQ(prices->Find(node)->rates.gpu_hour, 0.4_usd);
  EXPECT_EQ(prices->FindStorage("fast")->gib_hour, 0.0002_usd);
  EXPECT_EQ(prices->FindStorage("slow"), nullptr);
}

TEST(OpenCostCsv, RefusesWithTheLine) {
  const std::string head = "InstanceID,AssetClass,InstanceIDField,InstanceType,MarketPriceHourly\n";
  const BadCase cases[] = {
      {"n1,node,metadata.name,,\n", "p.csv:2: MarketPriceHourly: \"\" is not a decimal number"},
      {"n1,node,metadata.name,,-1\n", "p.csv:2: MarketPriceHourly: a price must not be negative"},
      {"# ok\nn1,disk,metadata.name,,1\n", "p.csv:3: AssetClass: \"disk\" is none of node"},
      {"n1,node,metadata.uid,,1\n", "p.csv:2: InstanceIDField: \"metadata.uid\" is none of"},
      {",node,,,1\n", "p.csv:2: InstanceID: a row needs InstanceID or InstanceType"},
      {",pv,,,1\n", "p.csv:2: InstanceID: a pv row needs a storage class"},
      {"n1,node\n", "p.csv:2: 2 cells where the header has 5"},
      {"\"n1,node\n", "p.csv:2: a quote is not closed"},
  };
  for (const BadCase& bad : cases) {
    EXPECT_THAT(Message(ParseOpenCostCsv(head + bad.text, "p.csv").status()), HasSubstr(bad.error));
  }
  EXPECT_THAT(Message(ParseOpenCostCsv("a,b\n1,2\n", "p.csv").status()),
              HasSubstr("p.csv:1: no column InstanceID"));
  EXPECT_THAT(Message(ParseOpenCostCsv("", "p.csv").status()), HasSubstr("no header"));
  EXPECT_THAT(Message(ParseOpenCostCsv("a,a\n", "p.csv").status()), HasSubstr("there twice"));
}

TEST(CsvTable, ReadsQuotesAndCommentsAndCountsLines) {
  const auto table =
      CsvTable::Parse("\xEF\xBB\xBF# c\na, b \n\n\"x,\"\"y\",\" 1\n2\"\r\n# d\nz,w", "t.csv");
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_EQ(table->rows().size(), 2U);
  EXPECT_EQ(table->Get(table->rows()[0], "a"), "x,\"y");
  EXPECT_EQ(table->Get(table->rows()[0], "b"), "1\n2");
  EXPECT_EQ(table->rows()[0].line, 4);
  EXPECT_EQ(table->rows()[1].line, 7);
  EXPECT_EQ(table->Get(table->rows()[1], "b"), "w");
  EXPECT_EQ(table->Get(table->rows()[1], "c"), "");
}

}  // namespace
}  // namespace outrider
