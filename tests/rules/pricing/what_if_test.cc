// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/what_if.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "rules/pricing/pricing_engine.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::shared_ptr<const Pricer> Make(PricingOptions options = {}) {
  return *Pricer::Create(std::move(options), {});
}

WhatIfHolding Web(int64_t pods, Decimal cores, Decimal gib) {
  return {.namespace_name = "shop",
          .workload = "web",
          .workload_kind = "Deployment",
          .pods = pods,
          .cores = cores,
          .memory_gib = gib};
}

WhatIf Ask(const std::vector<WhatIfHolding>& holdings, const WhatIfQuestion& question,
           const PricedNodes& book) {
  const auto answer = AskWhatIf(holdings, question, book, book.pricer());
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.value_or(WhatIf());
}

TEST(WhatIf, NothingAskedChangesNothing) {
  const PricedNodes book(Make());
  const WhatIf answer = Ask({Web(3, 3_dec, 6_dec)}, {}, book);
  EXPECT_EQ(answer.now.amounts.Total().Text(2), "111.25");  // KubeOpt's golden value
  EXPECT_EQ(answer.monthly_savings, Money());
  EXPECT_EQ(answer.rows[0].now.Text(2), "111.25");
  EXPECT_EQ(answer.rows[0].what_if, answer.rows[0].now);
  ASSERT_TRUE(answer.now.carbon.has_value());
  EXPECT_GT(answer.now.carbon->kg_per_month, 0);
}

// The present place, named, costs what it costs now: a list is compared with a list.
TEST(WhatIf, TheSamePlaceNamedCostsTheSame) {
  const PricedNodes book(Make());
  const WhatIf answer =
      Ask({Web(1, 4_dec, 16_dec)}, {.provider = "aws", .region = "us-east-1"}, book);
  EXPECT_EQ(answer.monthly_savings, Money());
  EXPECT_EQ(answer.now.price.source, PriceSource::kShapeFit);
  EXPECT_THAT(answer.notes, IsEmpty());
}

TEST(WhatIf, AnotherProvider) {
  const PricedNodes book(Make());
  const WhatIf answer = Ask({Web(1, 4_dec, 16_dec)}, {.provider = "gcp"}, book);
  EXPECT_EQ(answer.then.price.region, "us-central1");
  EXPECT_EQ(answer.now.amounts.Total().Text(2), "142.66");   // .195424 * 730
  EXPECT_EQ(answer.then.amounts.Total().Text(2), "141.79");  // .194236 * 730
  EXPECT_EQ(answer.monthly_savings.Text(2), "0.87");
  EXPECT_EQ(answer.annual_savings.Text(2), "10.44");
}

TEST(WhatIf, ARegionOutsideTheCatalogueIsComparedByTheSameTable) {
  const PricedNodes book(Make());
  const WhatIf answer = Ask({Web(1, 1_dec, 2_dec)}, {.region = "eu-west-1"}, book);
  EXPECT_EQ(answer.now.price.source, PriceSource::kDefault);
  EXPECT_EQ(answer.now.amounts.Total().Text(2), "37.08");
  EXPECT_EQ(answer.then.amounts.Total().Text(3), "41.318");  // (.0464 + .0102) * 730
  EXPECT_LT(answer.monthly_savings, Money());
}

TEST(WhatIf, AnotherFamily) {
  const PricedNodes book(Make());
  const WhatIf arm = Ask({Web(1, 4_dec, 16_dec)}, {.family = "m7g"}, book);
  // m7g.xlarge is .1632.
  EXPECT_EQ(arm.then.amounts.Total().Text(2), (0.1632_usd * 730).Text(2));
  EXPECT_THAT(arm.then.price.detail, HasSubstr("m7g.xlarge"));
  const WhatIf e2 = Ask({Web(1, 4_dec, 16_dec)}, {.provider = "gcp", .family = "e2"}, book);
  EXPECT_EQ(e2.then.amounts.Total().Text(2), (0.134012_usd * 730).Text(2));
  const auto unknown = AskWhatIf({}, {.family = "zz9"}, book, book.pricer());
  EXPECT_THAT(Message(unknown.status()), HasSubstr("unknown family \"zz9\" of aws in us-east-1"));
  EXPECT_THAT(Message(unknown.status()), HasSubstr("m7g"));
}

TEST(WhatIf, SpotAndReplicas) {
  const PricedNodes book(Make());
  const WhatIf spot = Ask({Web(2, 2_dec, 4_dec)}, {.spot_share = 0.5_dec}, book);
  // Half of it at 35 %: .675 of 74.168.
  EXPECT_EQ(spot.then.amounts.Total().Text(4), "50.0634");
  const WhatIf fewer = Ask({Web(2, 2_dec, 4_dec)}, {.replicas = 1}, book);
  EXPECT_EQ(fewer.then.amounts.Total().Text(3), "37.084");
  const WhatIf none = Ask({Web(2, 2_dec, 4_dec)}, {.replicas = 0}, book);
  EXPECT_TRUE(none.then.amounts.Total().IsZero());
  EXPECT_FALSE(AskWhatIf({}, {.spot_share = 2_dec}, book, book.pricer()).ok());
  EXPECT_FALSE(AskWhatIf({}, {.provider = "mars"}, book, book.pricer()).ok());
}

TEST(WhatIf, StorageAndGpusMoveToo) {
  const PricedNodes book(Make());
  WhatIfHolding disk = Web(1, {}, {});
  disk.storage_gib = 100_dec;
  disk.storage_class = "gp3";
  WhatIfHolding gpu = Web(1, {}, {});
  gpu.gpus = 2_dec;
  const WhatIf answer = Ask({disk, gpu}, {.provider = "gcp"}, book);
  EXPECT_EQ(answer.now.amounts.storage.Text(2), "8.00");
  EXPECT_EQ(answer.then.amounts.storage.Text(2), "4.00");  // pd-standard
  EXPECT_EQ(answer.now.amounts.gpu.Text(2), "1387.00");    // .95 an hour
}

// A node's GPU costs what the node says; where it would go nobody says which GPU that is.
TEST(WhatIf, GpusKeepTheirPriceWhereTheirsIsNotKnown) {
  const NodeFacts node = {.name = "n1",
                          .provider = "aws",
                          .region = "us-east-1",
                          .instance_type = "g4dn.xlarge",
                          .cores = 4_dec,
                          .memory_gib = 16_dec,
                          .gpus = 1_dec};
  const PricedNodes book(Make(), StreamPrices(), {node});
  WhatIfHolding gpu = Web(1, 1_dec, 4_dec);
  gpu.gpus = 1_dec;
  for (const WhatIfQuestion& question :
       {WhatIfQuestion{.family = "m7g"}, WhatIfQuestion{.provider = "gcp"}}) {
    const WhatIf answer = Ask({gpu}, question, book);
    EXPECT_FALSE(answer.now.amounts.gpu.IsZero());
    EXPECT_EQ(answer.then.amounts.gpu, answer.now.amounts.gpu);
    ASSERT_FALSE(answer.notes.empty());
    EXPECT_EQ(answer.notes.back(),
              "GPUs cost what they cost now: what they would cost there is not known");
  }
  EXPECT_TRUE(Ask({gpu}, {.replicas = 2}, book).notes.empty());
}

TEST(WhatIf, NodesThereAreSetThePresentPrice) {
  const NodeFacts node = {.name = "n1",
                          .provider = "aws",
                          .region = "us-east-1",
                          .instance_type = "m5.xlarge",
                          .capacity_type = CapacityType::kSpot,
                          .cores = 4_dec,
                          .memory_gib = 16_dec};
  const PricedNodes book(Make(), StreamPrices(), {node});
  const std::vector<WhatIfHolding> holdings = {Web(1, 4_dec, 16_dec)};
  const WhatIf same = Ask(holdings, {}, book);
  EXPECT_EQ(same.now.amounts.Total().Text(2), (0.06528_usd * 730).Text(2));
  EXPECT_EQ(same.monthly_savings, Money());
  // No spot at all: the node's on-demand price.
  const WhatIf dearer = Ask(holdings, {.spot_share = 0_dec}, book);
  EXPECT_EQ(dearer.then.amounts.Total().Text(2), (0.192_usd * 730).Text(2));
  const WhatIf there = Ask(holdings, {.region = "ap-northeast-1"}, book);
  EXPECT_THAT(there.notes, Not(IsEmpty()));
}

// Rows sum to the totals shown, whatever is held; what is dearer a unit is dearer in all.
TEST(WhatIf, RowsSumToTheTotals) {
  const PricedNodes book(Make());
  std::mt19937_64 random(29);
  for (int round = 0; round < 200; ++round) {
    std::vector<WhatIfHolding> holdings;
    for (size_t i = 0; i < 1 + random() % 30; ++i) {
      holdings.push_back(Web(1 + static_cast<int64_t>(random() % 9),
                             Decimal::FromDouble(static_cast<double>(random() % 100'000) / 1e4),
                             Decimal::FromDouble(static_cast<double>(random() % 100'000) / 1e4)));
    }
    const WhatIf answer = Ask(holdings, {.provider = "aws", .region = "ap-northeast-1"}, book);
    Money now;
    Money then;
    for (const WhatIfRow& row : answer.rows) {
      now += row.now;
      then += row.what_if;
    }
    EXPECT_EQ(now, answer.now.amounts.Total().Rounded(2));
    EXPECT_EQ(then, answer.then.amounts.Total().Rounded(2));
    EXPECT_EQ(now - then, answer.monthly_savings);
    EXPECT_GE(then, now);
  }
}

}  // namespace
}  // namespace outrider
