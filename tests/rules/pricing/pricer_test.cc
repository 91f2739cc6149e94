// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/pricer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "rules/pricing/core_price.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Pricer> Make(PricingOptions options = {}, std::vector<UserPrices> files = {}) {
  auto pricer = Pricer::Create(std::move(options), std::move(files));
  EXPECT_TRUE(pricer.ok()) << pricer.status();
  return *std::move(pricer);
}

UserPrices Yaml(const std::string& text) {
  const auto prices = ParseUserPrices(text, "prices.yml", Currency());
  EXPECT_TRUE(prices.ok()) << prices.status();
  return prices.value_or(UserPrices());
}

NodeFacts Node(const char* provider, const char* region, const char* type, int64_t cores = 0,
               int64_t gib = 0) {
  return {.name = "n1",
          .provider = provider,
          .region = region,
          .instance_type = type,
          .cores = Decimal::FromInt(cores),
          .memory_gib = Decimal::FromInt(gib)};
}

NodeFacts Spot(NodeFacts facts) {
  facts.capacity_type = CapacityType::kSpot;
  return facts;
}

// Golden values of specs/cost_and_rightsizing.md §3.2 and §3.3.
struct ListCase {
  const char* provider;
  const char* region;
  const char* type;
  int64_t cores;
  int64_t gib;
  bool spot;
  const char* hourly;  // to the shown digits
  int digits;
  PriceSource source;
};

class ListPrices : public ::testing::TestWithParam<ListCase> {};

TEST_P(ListPrices, AreTheGoldenValues) {
  const ListCase& given = GetParam();
  NodeFacts facts = Node(given.provider, given.region, given.type, given.cores, given.gib);
  if (given.spot) facts = Spot(facts);
  const auto price = Make()->PriceOf(facts, StreamPrices());
  ASSERT_TRUE(price.ok()) << price.status();
  EXPECT_EQ(price->hourly.Text(given.digits), given.hourly) << price->detail;
  EXPECT_EQ(price->source, given.source) << price->detail;
  EXPECT_EQ(price->cpu + price->memory + price->gpu, price->hourly);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ListPrices,
    ::testing::Values(
        ListCase{"aws", "us-east-1", "m5.xlarge", 4, 16, false, "0.192", 3,
                 PriceSource::kCatalogue},
        ListCase{"aws", "us-east-1", "m5.xlarge", 4, 15, false, "0.192", 3,
                 PriceSource::kCatalogue},
        ListCase{"aws", "us-east-1", "p5.48xlarge", 192, 2048, false, "55.04", 2,
                 PriceSource::kCatalogue},
        ListCase{"aws", "us-east-1", "i4i.xlarge", 4, 32, false, "0.343", 3,
                 PriceSource::kCatalogue},
        // m5 spot saves 66 %.
        ListCase{"aws", "us-east-1", "m5.xlarge", 4, 16, true, "0.06528", 5,
                 PriceSource::kCatalogue},
        // No spot saving is known of u-6tb1.56xlarge: the mean of 65 %.
        ListCase{"aws", "us-east-1", "u-6tb1.56xlarge", 224, 6144, true, "16.2413685", 7,
                 PriceSource::kCatalogue},
        // A size that is not listed, by vCPU from its family; a generation's fit.
        ListCase{"aws", "us-east-1", "m5.3xlarge", 12, 48, false, "0.576", 3,
                 PriceSource::kFamilyFit},
        ListCase{"aws", "us-east-1", "m8i.3xlarge", 12, 48, false, "0.6463", 4,
                 PriceSource::kFamilyFit},
        ListCase{"aws", "us-east-1", "r7i-unknown.large", 2, 16, false, "0.1254", 4,
                 PriceSource::kShapeFit},
        ListCase{"aws", "us-east-1", "", 4, 16, false, "0.195424", 6, PriceSource::kShapeFit},
        ListCase{"aws", "us-east-1", "zz9.large", 2, 8, false, "0.097712", 6,
                 PriceSource::kShapeFit},
        // Not catalogued there: KubeOpt's table per core, never another region's.
        ListCase{"aws", "eu-west-1", "m5.xlarge", 4, 16, false, "0.2672", 4, PriceSource::kDefault},
        ListCase{"gcp", "us-central1", "e2-standard-4", 4, 15, false, "0.134012", 6,
                 PriceSource::kCatalogue},
        ListCase{"gcp", "us-central1", "n1-standard-4", 4, 14, false, "0.189999", 6,
                 PriceSource::kCatalogue},
        ListCase{"gcp", "us-central1", "n2-standard-4", 4, 15, false, "0.1942", 4,
                 PriceSource::kCatalogue},
        ListCase{"gcp", "us-central1", "n2d-standard-4", 4, 15, false, "0.169", 3,
                 PriceSource::kCatalogue},
        ListCase{"gcp", "us-central1", "c3-standard-4", 4, 16, false, "0.20888", 5,
                 PriceSource::kCatalogue},
        ListCase{"gcp", "us-central1", "a2-highgpu-1g", 12, 85, false, "3.673", 3,
                 PriceSource::kCatalogue},
        ListCase{"gcp", "us-central1", "n2-standard-4", 4, 16, true, "0.04661664", 8,
                 PriceSource::kCatalogue},
        ListCase{"gcp", "us-central1", "n2-custom-6-12288", 6, 12, false, "0.24051", 5,
                 PriceSource::kFamilyFit},
        ListCase{"azure", "eastus", "Standard_D4s_v5", 4, 16, false, "0.192", 3,
                 PriceSource::kCatalogue},
        ListCase{"azure", "westeurope", "Standard_E4s_v5", 4, 32, false, "0.304", 3,
                 PriceSource::kCatalogue},
        ListCase{"azure", "eastus", "Standard_D8s_v5", 8, 32, false, "0.384", 3,
                 PriceSource::kFamilyFit},
        ListCase{"azure", "eastus", "Standard_D8ds_v5", 8, 32, false, "0.39", 2,
                 PriceSource::kFamilyFit},
        ListCase{"azure", "eastus", "Standard_D4s_v5", 4, 16, true, "0.0384", 4,
                 PriceSource::kCatalogue},
        ListCase{"azure", "westus2", "Standard_D4s_v5", 4, 16, false, "0.2304", 4,
                 PriceSource::kDefault},
        ListCase{"on_prem", "default", "", 4, 16, false, "0.184", 3, PriceSource::kDefault},
        ListCase{"", "", "", 4, 16, false, "0.195424", 6, PriceSource::kShapeFit}));

TEST(Pricer, NeverPricesOneRegionAsAnother) {
  const auto pricer = Make();
  EXPECT_THAT(Message(pricer->PriceOf(Node("aws", "mars-1", "m5.xlarge", 4, 16), {}).status()),
              HasSubstr("unknown region \"mars-1\" of aws; known: us-east-1"));
  EXPECT_THAT(Message(pricer->PriceOf(Node("oracle", "x", "a", 4, 16), {}).status()),
              HasSubstr("unknown provider \"oracle\"; known: aws, gcp, azure, on_prem"));
  // The configured region is that of another provider: it says nothing of this node.
  EXPECT_THAT(Message(pricer->PriceOf(Node("gcp", "", "n2-standard-4", 4, 16), {}).status()),
              HasSubstr("the region of a node of gcp is not known"));
  PricingOptions wrong;
  wrong.region = "mars-1";
  EXPECT_FALSE(Pricer::Create(wrong, {}).ok());
  // With prices of one's own it needs no list.
  wrong.core_hour = 0.04_usd;
  EXPECT_FALSE(Pricer::Create(wrong, {}).ok()) << "memory has none";
  wrong.gib_hour = 0.005_usd;
  const auto own = Make(wrong);
  EXPECT_EQ(own->Default().region, wrong.region);
  EXPECT_EQ(own->Default().rates.core_hour, 0.04_usd);
  EXPECT_EQ(own->Default().source, PriceSource::kUser);
  EXPECT_EQ(own->ListStorage(wrong.provider, wrong.region, "gp3").source, PriceSource::kDefault);
}

// Each source in turn, those before it taken away.
TEST(Pricer, AsksTheSourcesInOrder) {
  StreamPrices stream;
  stream.opencost["n1"].total_hour = 0.5_usd;
  stream.karpenter["m5.xlarge/on-demand"]["us-east-1a"] = 0.4_usd;
  const NodeFacts node = Node("aws", "us-east-1", "m5.xlarge", 4, 16);
  const UserPrices user = Yaml("nodes: [{match: {instance_type: m5.*}, node_hour: 0.6}]\n");
  const auto told = [&](std::vector<UserPrices> files, const StreamPrices& prices,
                        const NodeFacts& facts) {
    const auto price = Make({}, std::move(files))->PriceOf(facts, prices);
    EXPECT_TRUE(price.ok()) << price.status();
    return price->hourly.Text() + " " + std::string(PriceSourceText(price->source));
  };
  EXPECT_EQ(told({user}, stream, node), "0.6 user");
  EXPECT_EQ(told({}, stream, node), "0.5 opencost");
  stream.opencost.clear();
  EXPECT_EQ(told({}, stream, node), "0.4 karpenter");
  stream.karpenter.clear();
  EXPECT_EQ(told({}, stream, node), "0.192 catalogue");
  EXPECT_EQ(told({}, {}, Node("aws", "us-east-1", "m5.3xlarge", 12, 48)), "0.576 family_fit");
  EXPECT_EQ(told({}, {}, Node("aws", "us-east-1", "", 4, 16)), "0.195424 shape_fit");
  EXPECT_EQ(told({}, {}, Node("aws", "us-west-2", "m5.xlarge", 4, 16)), "0.24 default");
}

TEST(Pricer, KarpenterIsAskedByZoneThenByTheirMean) {
  StreamPrices stream;
  auto& zones = stream.karpenter["m5.xlarge/spot"];
  zones["us-east-1a"] = 0.06_usd;
  zones["us-east-1b"] = 0.08_usd;
  NodeFacts node = Spot(Node("aws", "", "m5.xlarge", 4, 16));
  node.zone = "us-east-1b";
  const auto pricer = Make();
  EXPECT_EQ(pricer->PriceOf(node, stream)->hourly.Text(), "0.08");
  node.zone = "us-east-1c";
  EXPECT_EQ(pricer->PriceOf(node, stream)->hourly.Text(), "0.07");
  // On demand is another offering.
  node.capacity_type = CapacityType::kOnDemand;
  EXPECT_EQ(pricer->PriceOf(node, stream)->source, PriceSource::kCatalogue);
}

TEST(Pricer, OpenCostsRatesAreUsedAsTheyAre) {
  StreamPrices stream;
  OpenCostNode& told = stream.opencost["n1"];
  told.core_hour = 0.03_usd;
  told.gib_hour = 0.004_usd;
  const auto price = Make()->PriceOf(Node("aws", "us-east-1", "m5.xlarge", 4, 16), stream);
  EXPECT_EQ(price->hourly.Text(), "0.184");
  EXPECT_EQ(price->rates.core_hour, 0.03_usd);
  // With a total, the parts are scaled to it.
  told.total_hour = 0.368_usd;
  const auto scaled = Make()->PriceOf(Node("aws", "us-east-1", "m5.xlarge", 4, 16), stream);
  EXPECT_EQ(scaled->cpu.Text(6), "0.240000");
  EXPECT_EQ(scaled->memory.Text(6), "0.128000");
  // A total of 0 is OpenCost not knowing, not a free node.
  told = {};
  told.total_hour = Money();
  EXPECT_EQ(Make()->PriceOf(Node("aws", "us-east-1", "m5.xlarge", 4, 16), stream)->source,
            PriceSource::kCatalogue);
}

TEST(Pricer, UsersRatesWinAndWhatTheyDoNotStateComesFromTheNextSource) {
  PricingOptions options;
  options.core_hour = 0.02_usd;
  const auto pricer = Make(options);
  EXPECT_EQ(pricer->Default().rates.core_hour, 0.02_usd);
  EXPECT_EQ(pricer->Default().rates.gib_hour, 0.0046_usd);
  EXPECT_EQ(pricer->Default().source, PriceSource::kUser);
  const auto price = pricer->PriceOf(Node("aws", "us-east-1", "m5.xlarge", 4, 16), {});
  EXPECT_EQ(price->source, PriceSource::kUser);
  EXPECT_EQ(price->cpu, 0.08_usd);
  // m5.xlarge's memory by the catalogue: .192 split at a ratio of 10.1.
  EXPECT_EQ(price->memory.Text(4), "0.0545");
}

TEST(Pricer, AUserPriceSavesAnUnknownRegion) {
  const UserPrices user = Yaml(R"(
nodes:
- match: {region: mars-1, labels: {pool: batch}}
  core_hour: 0.05
  gib_hour: 0.006
- match: {name: gpu-*}
  node_hour: 1
  gpu_hour: 2.5
)");
  const auto pricer = Make({}, {user});
  NodeFacts node = Node("aws", "mars-1", "m5.xlarge", 4, 16);
  EXPECT_FALSE(pricer->PriceOf(node, {}).ok());
  node.labels = Labels({{"pool", "batch"}});
  const auto price = pricer->PriceOf(node, {});
  ASSERT_TRUE(price.ok()) << price.status();
  EXPECT_EQ(price->hourly.Text(), "0.296");
  EXPECT_EQ(price->detail, "prices.yml:3");
  NodeFacts gpu = Node("aws", "us-east-1", "", 8, 32);
  gpu.name = "gpu-7";
  gpu.gpus = 2_dec;
  const auto with_gpu = pricer->PriceOf(gpu, {});
  EXPECT_EQ(with_gpu->hourly.Text(), "6");
  EXPECT_EQ(with_gpu->gpu.Text(), "5");
  EXPECT_EQ(with_gpu->cpu + with_gpu->memory, 1_usd);
}

TEST(Pricer, DiscountsCombineAndSpareSpotAndUsersPrices) {
  PricingOptions options;
  options.discount = 0.3_dec;
  options.negotiated_discount = 0.1_dec;
  const auto pricer =
      Make(options, {Yaml("nodes: [{match: {name: own}, node_hour: 1},"
                          " {match: {name: listed}, node_hour: 1, list_price: true}]")});
  EXPECT_EQ(pricer->CombinedDiscount().Text(), "0.37");
  NodeFacts node = Node("aws", "us-east-1", "m5.xlarge", 4, 16);
  EXPECT_EQ(pricer->PriceOf(node, {})->hourly.Text(), "0.12096");
  EXPECT_EQ(pricer->PriceOf(Spot(node), {})->hourly.Text(), "0.06528");
  node.name = "own";
  EXPECT_EQ(pricer->PriceOf(node, {})->hourly.Text(), "1");
  node.name = "listed";
  const auto listed = pricer->PriceOf(node, {});
  EXPECT_EQ(listed->hourly.Text(6), "0.630000");
  EXPECT_EQ(listed->cpu + listed->memory, listed->hourly);
  EXPECT_EQ(pricer->Default().rates.core_hour.Text(), "0.026208");
}

TEST(Pricer, SpotOfWhatHasNoSpotPrice) {
  PricingOptions options;
  options.spot_discount = 0.75_dec;
  const NodeFacts node = Spot(Node("aws", "eu-west-1", "m5.xlarge", 4, 16));
  EXPECT_EQ(Make()->PriceOf(node, {})->hourly.Text(), "0.09352");  // 65 % off
  EXPECT_EQ(Make(options)->PriceOf(node, {})->hourly.Text(), "0.0668");
  options.core_hour = 0.04_usd;
  options.gib_hour = 0.004_usd;
  EXPECT_EQ(Make(options)->PriceOf(node, {})->hourly.Text(), "0.056");
}

TEST(Pricer, OwnServersCostTheirTco) {
  PricingOptions options;
  options.provider = "on_prem";
  OnPremOptions& server = options.on_prem.emplace();
  server.server_price = 15000;
  server.interest = .08;
  server.max_watts = 450;
  server.idle_watts = 450;
  server.maintenance = .1;
  server.rack_month = 150;
  server.cores = 128_dec;
  server.memory_gib = 512_dec;
  const auto pricer = Make(options);
  EXPECT_EQ(pricer->Default().source, PriceSource::kUser);
  EXPECT_EQ(pricer->Default().rates.core_hour.Text(4), "0.0050");
  EXPECT_EQ(pricer->Default().rates.gib_hour.Text(5), "0.00050");
  const auto whole = pricer->PriceOf(Node("on_prem", "", "", 128, 512), {});
  EXPECT_EQ(whole->hourly.Text(3), "0.889");  // the specification's .888 is of rounded parts
  EXPECT_EQ(whole->cpu + whole->memory, whole->hourly);
  const auto half = pricer->PriceOf(Node("on_prem", "", "", 64, 256), {});
  EXPECT_EQ(half->hourly.Text(9), whole->hourly.TimesRatio(1, 2).Text(9));
  EXPECT_EQ(half->source, PriceSource::kUser);
}

TEST(Pricer, StorageEgressAndFees) {
  const auto pricer = Make();
  const UnitPrice gp3 = pricer->Storage("gp3");
  EXPECT_EQ((gp3.amount * 730).Text(6), "0.080000");
  EXPECT_EQ(gp3.source, PriceSource::kCatalogue);
  EXPECT_EQ(pricer->Storage("ceph").source, PriceSource::kDefault);
  EXPECT_EQ(pricer->EgressPerGib(Egress::kInternet, {}).amount, 0.09_usd);
  EXPECT_EQ(pricer->EgressPerGib(Egress::kZone, {}).amount, 0.01_usd);
  EXPECT_EQ(pricer->LoadBalancerHour().amount, 0.0225_usd);
  EXPECT_EQ(pricer->ControlPlaneHour({}).amount, 0.1_usd);
  StreamPrices stream;
  stream.internet_egress = 0.143_usd;
  stream.control_plane_hour = 0.6_usd;
  EXPECT_EQ(pricer->EgressPerGib(Egress::kInternet, stream).source, PriceSource::kOpenCost);
  EXPECT_EQ(pricer->ControlPlaneHour(stream).amount, 0.6_usd);
  const auto own = Make({}, {Yaml("storage: [{class: 'fast-*', gib_month: 0.73}]\n"
                                  "egress: {internet_gib: 0.05, zone_gib: 0}\n"
                                  "load_balancer_hour: 0.01\ncontrol_plane_hour: 0\n")});
  EXPECT_EQ(own->Storage("fast-nvme").amount, 0.001_usd);
  EXPECT_EQ(own->Storage("fast-nvme").source, PriceSource::kUser);
  EXPECT_EQ(own->EgressPerGib(Egress::kInternet, stream).amount, 0.05_usd);
  EXPECT_EQ(own->EgressPerGib(Egress::kZone, {}).source, PriceSource::kUser);
  EXPECT_EQ(own->LoadBalancerHour().amount, 0.01_usd);
  EXPECT_TRUE(own->ControlPlaneHour(stream).amount.IsZero());
  // Another region's list is a default, and says so.
  PricingOptions elsewhere;
  elsewhere.region = "eu-west-1";
  EXPECT_EQ(Make(elsewhere)->Storage("gp3").source, PriceSource::kDefault);
  EXPECT_THAT(Make(elsewhere)->EgressPerGib(Egress::kInternet, {}).detail, HasSubstr("us-east-1"));
}

TEST(Split, KeepsTheRatioAndCountsGibNotBytes) {
  const ResourceRates base = {0.031611_usd, 0.004237_usd, 0.95_usd};
  // g4dn.xlarge with a T4 at OpenCost's default ratio: memory in bytes would leave the GPU 1e-8.
  const NodePrice price = SplitNodePrice(0.526_usd, {4_dec, 16_dec, 1_dec}, base);
  EXPECT_EQ(price.cpu + price.memory + price.gpu, 0.526_usd);
  EXPECT_EQ(price.gpu.Text(4), "0.4367");
  EXPECT_EQ(price.memory.Text(4), "0.0312");
  EXPECT_EQ((price.rates.core_hour * 1000).Text(6),
            price.rates.gib_hour.TimesRatio(31611, 4237).Times(1000_dec).Text(6));
  // No base at all: 10 and 100.
  const NodePrice plain = SplitNodePrice(1_usd, {4_dec, 60_dec, 0_dec}, {});
  EXPECT_EQ(plain.cpu, 0.4_usd);
  EXPECT_EQ(SplitNodePrice(2_usd, {4_dec, 60_dec, 1_dec}, {}).gpu, 1_usd);
  EXPECT_TRUE(SplitNodePrice(1_usd, {}, base).cpu.IsZero());
}

// For any price and shape the parts sum to the whole exactly, and a dearer node has no cheaper
// part.
TEST(Split, PartsSumToTheNodeAndGrowWithIt) {
  std::mt19937_64 random(17);
  const auto amount = [&](int64_t most) {
    return Money::FromUnits(static_cast<Int128>(random() % most) * 1'000'000'000'000);
  };
  for (int i = 0; i < 3000; ++i) {
    const NodeShape shape = {
        Decimal::FromUnits(static_cast<Int128>(random() % 1'000'000'000'000'000)),
        Decimal::FromUnits(static_cast<Int128>(random() % 1'000'000'000'000'000)),
        Decimal::FromInt(static_cast<int64_t>(random() % 9))};
    const ResourceRates base = {amount(1'000'000'000'000), amount(1'000'000'000'000),
                                amount(1'000'000'000'000)};
    const Money hourly = amount(1'000'000'000'000'000);
    const NodePrice price = SplitNodePrice(hourly, shape, base);
    const NodePrice dearer = SplitNodePrice(hourly + 1_usd, shape, base);
    if (!shape.Known()) continue;
    ASSERT_EQ(price.cpu + price.memory + price.gpu, hourly);
    const Money unit = Money::FromUnits(1);
    EXPECT_GE(dearer.cpu + unit, price.cpu);
    EXPECT_GE(dearer.memory + unit, price.memory);
    EXPECT_GE(dearer.gpu + unit, price.gpu);
    const NodePrice half = Scaled(price, 0.37_dec);
    EXPECT_EQ(half.cpu + half.memory + half.gpu, half.hourly);
  }
}

TEST(Catalogue, EveryListedNodeIsPricedAsListed) {
  const auto pricer = Make();
  size_t sized = 0;
  for (const ListedNode& node : pricer->catalogue().nodes()) {
    NodeFacts facts = {.provider = node.provider,
                       .region = node.region,
                       .instance_type = node.type,
                       .cores = node.cores.IsZero() ? 4_dec : node.cores,
                       .memory_gib = node.memory_gib.IsZero() ? 16_dec : node.memory_gib,
                       .gpus = node.gpus};
    const auto price = pricer->PriceOf(facts, {});
    ASSERT_TRUE(price.ok()) << node.type;
    EXPECT_EQ(price->hourly, node.hour) << node.type;
    EXPECT_EQ(price->source, PriceSource::kCatalogue);
    EXPECT_THAT(price->detail, HasSubstr(node.dated));
    EXPECT_GT(node.hour, Money()) << node.type;
    const auto spot = pricer->PriceOf(Spot(facts), {});
    EXPECT_LE(spot->hourly, price->hourly) << node.type;
    sized += node.cores.IsZero() ? 0 : 1;
  }
  EXPECT_EQ(pricer->catalogue().nodes().size(), 1367U + 23U);
  EXPECT_EQ(sized, 920U + 23U);
}

}  // namespace
}  // namespace outrider
