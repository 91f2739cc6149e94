// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/cost_what_if.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/api/product_common.h"
#include "storage/base/json.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/rules/analytics/fake_windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

class CostWhatIfTest : public ::testing::Test {
 protected:
  CostWhatIfTest() {
    Serve({});
    Recommendation web;
    web.key.namespace_name = "shop";
    web.key.workload = "web";
    web.key.workload_kind = "Deployment";
    web.container = "app";
    web.pods = 3;
    web.cpu.request = 1;
    web.cpu.mean_use = .25;
    web.cpu.enough_data = true;
    web.cpu.recommended.target = .5;
    web.memory.request = 2 * kBytesPerGib;
    web.memory.enough_data = true;
    web.memory.recommended.target = kBytesPerGib;
    recommendations_.push_back(web);
    const Timestamp now = clock_.Now();
    windows_.Add(Labels({{"__name__", "kube_persistentvolumeclaim_info"},
                         {"exported_namespace", "shop"},
                         {"namespace", "monitoring"},
                         {"persistentvolumeclaim", "data"},
                         {"storageclass", "gp3"}}),
                 now, 1);
    for (const char* replica : {"a", "b"}) {
      windows_.Add(
          Labels({{"__name__", "kube_persistentvolumeclaim_resource_requests_storage_bytes"},
                  {"exported_namespace", "shop"},
                  {"namespace", "monitoring"},
                  {"instance", replica},
                  {"persistentvolumeclaim", "data"}}),
          now, 100 * kBytesPerGib);
    }
    windows_.Add(Labels({{"__name__", "kube_pod_container_resource_requests"},
                         {"namespace", "ml"},
                         {"pod", "train-0"},
                         {"container", "t"},
                         {"resource", "nvidia_com_gpu"}}),
                 now, 2);
  }

  void Serve(PricingOptions options) {
    std::shared_ptr<const Pricer> pricer = *Pricer::Create(std::move(options), {});
    const std::vector<NodeFacts> nodes = {{.name = "far",
                                           .provider = "aws",
                                           .region = "mars-1",
                                           .cores = 4_dec,
                                           .memory_gib = 8_dec}};
    book_ = std::make_shared<const PricedNodes>(pricer, StreamPrices(), nodes);
    router_ = Router();
    RegisterCostWhatIfApi(router_, {.book = [this] { return book_; },
                                    .recommendations = [this] { return recommendations_; },
                                    .windows = windows_,
                                    .clock = clock_});
  }
  HttpResponse Get(const std::string& target) const {
    FakeRequest request("GET", target);
    return router_.Dispatch(request);
  }
  JsonValue Ok(const std::string& target) const {
    const HttpResponse response = Get(target);
    EXPECT_EQ(response.status, 200) << response.body;
    return ParseJson(response.body).value_or(JsonValue());
  }

  FakeClock clock_{1'795'253'047 * kNanosPerSecond};
  FakeWindows windows_;
  std::vector<Recommendation> recommendations_;
  std::shared_ptr<const PricedNodes> book_;
  Router router_;
};

TEST_F(CostWhatIfTest, PricesWhatIsHeld) {
  const JsonValue answer = Ok("/outrider/v1/cost/what-if?namespace=shop");
  const JsonValue* now = answer.Find("now")->Find("dollars_per_month");
  EXPECT_EQ(now->GetNumber("cpu"), 91.10);
  EXPECT_EQ(now->GetNumber("memory"), 20.15);
  EXPECT_EQ(now->GetNumber("storage"), 8);  // of two kube-state-metrics once
  EXPECT_EQ(now->GetNumber("total"), 119.25);
  EXPECT_EQ(answer.GetNumber("savings_dollars_per_month", -1), 0);
  ASSERT_EQ(answer.Find("workloads")->items.size(), 2U);
  EXPECT_EQ(answer.Find("workloads")->items[1].GetString("workload_kind"), "StorageClass");
}

TEST_F(CostWhatIfTest, RecommendedRequestsReplicasAndSpot) {
  const std::string web = "/outrider/v1/cost/what-if?workload=web&";
  EXPECT_EQ(
      Ok(web + "basis=recommended").Find("now")->Find("dollars_per_month")->GetNumber("total"),
      55.63);
  EXPECT_EQ(Ok(web + "replicas=1").GetNumber("savings_dollars_per_month"), 74.17);
  const JsonValue spot = Ok(web + "spot=100%25");
  EXPECT_EQ(spot.Find("what_if")->GetNumber("spot_price_ratio"), .35);
  EXPECT_EQ(spot.GetNumber("savings_percent"), 65.0);
  const JsonValue gcp = Ok(web + "provider=gcp");
  EXPECT_EQ(gcp.Find("what_if")->GetString("region"), "us-central1");
  EXPECT_EQ(gcp.Find("what_if")->GetString("source"), "shape_fit");
  EXPECT_GT(gcp.Find("what_if")->Find("carbon")->GetNumber("kg_co2e_per_month"), 0);
}

TEST_F(CostWhatIfTest, GpusOfANamespace) {
  const JsonValue answer = Ok("/outrider/v1/cost/what-if?namespace=ml");
  EXPECT_EQ(answer.Find("now")->Find("dollars_per_month")->GetNumber("gpu"), 1387);
}

TEST_F(CostWhatIfTest, BadQuestionsNameWhatIsKnown) {
  const std::pair<const char*, const char*> cases[] = {
      {"what-if?provider=mars", "known: aws, gcp, azure, on_prem"},
      {"what-if?region=mars", "known: us-east-1"},
      {"what-if?family=zz", "unknown family"},
      {"what-if?spot=2", "spot"},
      {"what-if?replicas=-1", "replicas"},
      {"what-if?basis=x", "current or recommended"},
      {"prices?instance_type=m5.large&region=mars-1", "unknown region"},
      {"prices?cores=x", "cores"},
  };
  for (const auto& [target, error] : cases) {
    const HttpResponse response = Get(std::string("/outrider/v1/cost/") + target);
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_THAT(response.body, HasSubstr(error));
  }
}

TEST_F(CostWhatIfTest, PricesWithTheirSource) {
  const JsonValue all = Ok("/outrider/v1/cost/prices");
  EXPECT_EQ(all.GetString("currency"), "USD");
  EXPECT_EQ(all.Find("default")->GetNumber("core_hour"), .0416);
  EXPECT_EQ(all.Find("egress_gib")->Find("internet")->GetNumber("price"), .09);
  EXPECT_THAT(all.Find("nodes")->items.at(0).GetString("error"), HasSubstr("mars-1"));
  const JsonValue one = Ok("/outrider/v1/cost/prices?instance_type=m5.xlarge&spot=true");
  const JsonValue* node = one.Find("node");
  EXPECT_EQ(node->GetNumber("dollars_per_hour"), .06528);
  EXPECT_EQ(node->GetNumber("cores"), 4);
  EXPECT_EQ(node->GetString("source"), "catalogue");
  EXPECT_EQ(node->GetString("capacity_type"), "spot");
  EXPECT_THAT(node->GetString("detail"), HasSubstr("2026-07-20"));
}

TEST_F(CostWhatIfTest, AmountsInAnotherCurrencyDoNotSayDollars) {
  PricingOptions options;
  options.currency = {"EUR", 0.9_dec};
  Serve(options);
  const JsonValue node = *Ok("/outrider/v1/cost/prices?instance_type=m5.xlarge").Find("node");
  EXPECT_EQ(node.GetNumber("amount_per_hour"), .1728);
  EXPECT_EQ(node.Find("dollars_per_hour"), nullptr);
  const JsonValue answer = Ok("/outrider/v1/cost/what-if?workload=web");
  EXPECT_EQ(answer.GetString("currency"), "EUR");
  EXPECT_EQ(answer.GetNumber("currency_per_dollar"), .9);
  const JsonValue* month = answer.Find("now")->Find("amount_per_month");
  ASSERT_NE(month, nullptr);
  EXPECT_EQ(month->GetNumber("total"), 100.13);  // 111.252 * .9, rounded once
}

}  // namespace
}  // namespace outrider
