// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/cost_allocation.h"

#include <gtest/gtest.h>

#include "exporter/api/cost_window.h"
#include "exporter/api/optimize.h"
#include "storage/base/json.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/rules/cost/cost_world.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'764'547'200'000;  // 2025-12-01 00:00:00 UTC, a Monday

TEST(CostWindow, Parses) {
  const Timestamp now = kStart + 10 * kHour;
  struct Case {
    const char* text;
    DurationMs from;  // after kStart
    DurationMs to;
  };
  const Case cases[] = {
      {"today", 0, kDay},
      {"yesterday", -kDay, 0},
      {"week", -kDay, 6 * kDay},
      {"lastweek", -8 * kDay, -kDay},
      {"month", 0, 31 * kDay},
      {"lastmonth", -30 * kDay, 0},
      {"45m", 10 * kHour - 45 * kMinute, 10 * kHour},
      {"24h", -14 * kHour, 10 * kHour},
      {"7d", -6 * kDay, kDay},
      {"2w", -13 * kDay, kDay},
      {"1d offset 1d", -kDay, 0},
      {"2025-12-01T01:00:00Z,2025-12-01T02:30:00Z", kHour, 150 * kMinute},
      {"1764547200,1764550800", 0, kHour},
  };
  for (const Case& one : cases) {
    const auto range = ParseCostWindow(one.text, now);
    ASSERT_TRUE(range.ok()) << one.text << range.status();
    EXPECT_EQ(range->from - kStart, one.from) << one.text;
    EXPECT_EQ(range->to - kStart, one.to) << one.text;
  }
  for (const char* text :
       {"", "d", "0d", "-1d", "7y", "tomorrow", "2,1", "a,b", "7d offset", "99999999999d"}) {
    EXPECT_FALSE(ParseCostWindow(text, now).ok()) << text;
  }
}

class CostApi : public testing::Test {
 protected:
  static CostSettings Options() {
    CostSettings options;
    options.labels = {"app"};
    options.budgets = {{.name = "shop", .amount = 1, .namespaces = {"shop"}}};
    return options;
  }
  CostApi() {
    world_.book->AddNode("n1", 4, 16);
    world_.inventory.Add("shop", "web", "n1", 1, 4).used_cores = 0.25;
    world_.inventory.Add("kube-system", "dns", "n1", 1, 2);
    world_.RunFor(2 * kHour);
    RegisterCostAllocationApi(router_,
                              {.allocation =
                                   [this](const AllocationQuery& query) {
                                     return world_.engine->Allocation(query, world_.now);
                                   },
                               .options = [this] { return world_.engine->options(); },
                               .budgets = [this] { return world_.engine->Budgets(); },
                               .anomalies = [this] { return world_.engine->Anomalies(); },
                               .savings = [this] { return world_.engine->Savings(); },
                               .recommendations = [this] { return world_.recommendations; },
                               .currency = [] { return Currency{"EUR", *Decimal::Parse("0.5")}; },
                               .clock = clock_});
  }
  JsonValue Get(const std::string& target, int status = 200) {
    FakeRequest request("GET", "/outrider/v1/cost/" + target);
    HttpResponse response = router_.Dispatch(request);
    EXPECT_EQ(response.status, status) << target << response.body;
    while (response.stream && response.stream(&response.body)) {
    }
    auto parsed = ParseJson(response.body);
    EXPECT_TRUE(parsed.ok()) << response.body;
    return parsed.ok() ? *parsed : JsonValue();
  }
  CostWorld world_{kStart, Options()};
  FakeClock clock_{(kStart + 2 * kHour) * kNanosPerMilli};
  Router router_;
};

TEST_F(CostApi, AllocationInOpenCostsShape) {
  const JsonValue answer = Get("allocation?window=today&aggregate=namespace&includeIdle=true");
  EXPECT_EQ(answer.GetInt("code"), 200);
  EXPECT_EQ(answer.GetString("status"), "success");
  EXPECT_EQ(answer.GetString("currency"), "EUR");
  ASSERT_EQ(answer.Find("data")->items.size(), 1U);
  const JsonValue& set = answer.Find("data")->items[0];
  const JsonValue& shop = *set.Find("shop");
  EXPECT_EQ(shop.GetString("name"), "shop");
  EXPECT_EQ(shop.GetString("start"), "2025-12-01T00:00:00.000Z");
  EXPECT_EQ(shop.GetNumber("minutes"), 120);
  EXPECT_NEAR(shop.GetNumber("cpuCores"), 1, 1e-9);
  EXPECT_NEAR(shop.GetNumber("cpuCoreHours"), 2, 1e-9);
  EXPECT_NEAR(shop.GetNumber("cpuCoreUsageAverage"), 0.25, 1e-9);
  EXPECT_NEAR(shop.GetNumber("cpuEfficiency"), 0.25, 1e-9);
  EXPECT_NEAR(shop.GetNumber("cpuCost"), 2 * 0.04 / 2, 1e-7);  // in EUR
  EXPECT_NEAR(shop.GetNumber("ramBytes"), 4 * kTestGib, 1);
  EXPECT_NEAR(shop.GetNumber("totalCost"), 2 * 0.06 / 2, 1e-7);
  EXPECT_EQ(shop.Find("properties")->GetString("controllerKind"), "deployment");
  EXPECT_NEAR(set.Find("__idle__")->GetNumber("totalCost"), 2 * (2 * 0.04 + 10 * 0.005) / 2, 1e-7);
  EXPECT_NEAR(set.Find("__overhead__")->GetNumber("overheadCost"), 0.1, 1e-7);
}

TEST_F(CostApi, StepsPagesAndTheOtherName) {
  EXPECT_EQ(
      Get("allocation/compute?window=2h&step=1h&aggregate=cluster").Find("data")->items.size(), 2U);
  EXPECT_EQ(Get("allocation?window=2h&step=1h&accumulate=true&aggregate=cluster")
                .Find("data")
                ->items.size(),
            1U);
  EXPECT_EQ(Get("allocation?window=2h&limit=1&offset=1").Find("data")->items[0].members.size(), 1U);
  EXPECT_EQ(Get("allocation?window=2h&filter=namespace:%22shop%22%2Bcontroller:%22web%22")
                .Find("data")
                ->items[0]
                .members.size(),
            1U);
  // Nothing there: an empty set.
  EXPECT_EQ(Get("allocation?window=lastmonth").Find("data")->items[0].members.size(), 0U);
}

TEST_F(CostApi, ErrorsNameTheParameter) {
  const std::pair<const char*, const char*> cases[] = {
      {"allocation", "window"},
      {"allocation?window=x", "window \\\"x\\\" is not understood"},
      {"allocation?window=today&aggregate=color", "aggregate"},
      {"allocation?window=today&aggregate=label:owner", "add it to cost.labels"},
      {"allocation?window=today&filter=pod", "filter"},
      {"allocation?window=today&step=1s", "step"},
      {"allocation?window=today&step=1m&aggregate=cluster&shareIdle=maybe", "shareIdle"},
      {"allocation?window=today&shareSplit=odd", "shareSplit"},
      {"allocation?window=month&aggregate=pod&offset=-1", "offset"},
  };
  for (const auto& [target, word] : cases) {
    const std::string error = Get(target, 400).GetString("error");
    std::string wanted = word;
    std::erase(wanted, '\\');
    EXPECT_NE(error.find(wanted), std::string::npos) << target << ": " << error;
  }
}

TEST_F(CostApi, BudgetsAnomaliesSavings) {
  const JsonValue budgets = Get("budgets");
  ASSERT_EQ(budgets.Find("budgets")->items.size(), 1U);
  const JsonValue& shop = budgets.Find("budgets")->items[0];
  EXPECT_EQ(shop.GetString("name"), "shop");
  EXPECT_NEAR(shop.GetNumber("amount"), 0.5, 1e-12);
  EXPECT_NEAR(shop.GetNumber("spent"), 0.06, 1e-7);
  EXPECT_NEAR(shop.GetNumber("spent_ratio"), 0.12, 1e-7);
  EXPECT_TRUE(shop.Find("threshold_reached")->IsNull());
  EXPECT_NEAR(shop.Find("forecast")->GetNumber("expected"), 31 * 24 * 0.06 / 2, 1e-4);
  EXPECT_EQ(Get("budgets?name=other").Find("budgets")->items.size(), 0U);
  EXPECT_EQ(Get("anomalies").Find("namespaces")->items.size(), 0U);  // no whole day yet
  Recommendation one;
  one.key = {"shop", "web", "Deployment"};
  one.container = "app";
  one.cpu.savings_dollars_per_month = 10;
  one.memory.savings_dollars_per_month = -4;
  world_.recommendations = {one};
  const JsonValue savings = Get("savings");
  EXPECT_NEAR(savings.Find("projected")->GetNumber("per_month"), 3, 1e-9);
  EXPECT_NEAR(savings.Find("projected")->GetNumber("per_year"), 36, 1e-9);
  EXPECT_EQ(savings.Find("workloads")->items.size(), 0U);
}

// KubeOpt's golden values: specs/source_systems.md §1.7.
class InsightsApi : public testing::Test {
 protected:
  InsightsApi() {
    const OptimizeApiDeps deps = {.runs = runs_,
                                  .recommendations = [this] { return recommendations_; },
                                  .findings = [this] { return findings_; },
                                  .costs = [this] { return costs_; },
                                  .book = [this] { return book_; },
                                  .clock = clock_};
    RegisterOptimizeApi(router_, deps);
    RegisterInsightsApi(router_, deps);
    Recommendation one;
    one.key = {"shop", "web", "Deployment"};
    one.container = "app";
    one.pods = 2;
    one.cpu.request = 1;
    one.memory.request = 2 * kTestGib;
    one.cpu.enough_data = one.memory.enough_data = true;
    one.cpu.recommended.target = 0.5;
    one.memory.recommended.target = kTestGib;
    one.cpu.reason = "it idles";
    recommendations_ = {one};
  }
  JsonValue Call(const std::string& method, const std::string& path, const std::string& body,
                 int status) {
    FakeRequest request = body.empty() ? FakeRequest(method, "/api/v1/" + path)
                                       : FakeRequest::JsonPost("/api/v1/" + path, body);
    const HttpResponse response = router_.Dispatch(request);
    EXPECT_EQ(response.status, status) << path << response.body;
    auto parsed = ParseJson(response.body);
    return parsed.ok() ? *parsed : JsonValue();
  }
  std::string Run() {
    return Call("POST", "optimize/run", R"({"manifest_path":"deploy/","lookback_days":3})", 202)
        .GetString("run_id");
  }
  MemoryStore store_;
  OptimizeRuns runs_{store_};
  std::vector<Recommendation> recommendations_;
  std::vector<WorkloadFinding> findings_;
  std::vector<WorkloadCost> costs_;
  std::shared_ptr<FakeBook> book_ = std::make_shared<FakeBook>();
  FakeClock clock_{kStart * kNanosPerMilli};
  Router router_;
};

TEST_F(InsightsApi, CostToTheCent) {
  const std::string run = Run();
  const JsonValue cost =
      Call("POST", "insights/cost", R"({"run_id":")" + run + R"(","provider":"aws"})", 200);
  EXPECT_EQ(cost.GetString("provider"), "aws");
  EXPECT_EQ(cost.GetString("region"), "us-east-1");
  EXPECT_NEAR(cost.GetNumber("total_current_monthly"), 74.17, 1e-9);
  EXPECT_NEAR(cost.GetNumber("total_projected_monthly"), 37.08, 0.011);
  EXPECT_NEAR(cost.GetNumber("savings_percent"), 50, 1e-9);
  const JsonValue& web = cost.Find("workload_costs")->items[0];
  EXPECT_EQ(web.GetString("workload_name"), "web");
  EXPECT_EQ(web.GetInt("replicas"), 2);
  EXPECT_EQ(web.Find("current_cost")->GetNumber("cpu_cores"), 1);
  EXPECT_EQ(web.Find("projected_cost")->GetNumber("memory_gib"), 1);
  // What is priced is what is named.
  EXPECT_EQ(Call("GET", "insights/cost/" + run + "?provider=gcp&region=mars", "", 200)
                .GetString("region"),
            "us-central1");
  EXPECT_EQ(Call("GET", "insights/cost/" + run + "?provider=mars", "", 200).GetString("provider"),
            "aws");
}

TEST_F(InsightsApi, AnomaliesAndSummary) {
  WorkloadFinding leak;
  leak.key = recommendations_[0].key;
  leak.container = "app";
  leak.evidence.type = FindingType::kMemoryLeak;
  leak.evidence.severity = FindingSeverity::kHigh;
  WorkloadFinding other = leak;
  other.key.workload = "elsewhere";
  findings_ = {leak, other};
  WorkloadCost health;
  health.key = leak.key;
  health.health_score = 80;
  costs_ = {health};
  const std::string run = Run();
  const JsonValue all =
      Call("POST", "insights/anomalies", R"({"run_id":")" + run + R"(","hours":48})", 200);
  EXPECT_EQ(all.GetInt("total_alerts"), 1);
  EXPECT_EQ(all.Find("alerts_by_severity")->GetInt("high"), 1);
  EXPECT_EQ(all.Find("alerts_by_type")->GetInt("memory_leak"), 1);
  EXPECT_EQ(all.GetNumber("average_health_score"), 80);
  const JsonValue& web = all.Find("workload_analyses")->items[0];
  EXPECT_EQ(web.GetInt("analysis_period_hours"), 48);
  EXPECT_EQ(web.Find("alerts")->items[0].GetString("anomaly_type"), "memory_leak");
  EXPECT_NE(web.Find("alerts")->items[0].Find("metadata"), nullptr);
  EXPECT_EQ(
      Call("GET", "insights/anomalies/" + run + "?severity=low", "", 200).GetInt("total_alerts"),
      0);
  const JsonValue summary = Call("GET", "insights/summary/" + run + "?provider=aws", "", 200);
  EXPECT_NEAR(summary.Find("cost_summary")->GetNumber("current_monthly"), 74.17, 1e-9);
  EXPECT_EQ(summary.Find("health_summary")->GetInt("high_alerts"), 1);
  EXPECT_EQ(summary.Find("top_recommendations")->items[0].GetString("workload"), "shop/web");
  EXPECT_EQ(summary.GetInt("suggestion_count"), 1);
}

TEST_F(InsightsApi, RunsAreKeptAndListed) {
  const std::string run = Run();
  const JsonValue shown = Call("GET", "optimize/run/" + run, "", 200);
  EXPECT_EQ(shown.Find("run")->GetString("manifest_path"), "deploy/");
  EXPECT_EQ(shown.Find("run")->GetInt("lookback_days"), 3);
  EXPECT_EQ(shown.Find("suggestions")->items[0].GetString("diff_text"),
            "-requests.cpu: 1\n+requests.cpu: 0.5\n-requests.memory: 2147483648\n+requests.memory: "
            "1073741824\n");
  EXPECT_EQ(shown.Find("summary")->GetString("status"), "completed");
  for (size_t i = 0; i < OptimizeRuns::kKept + 3; ++i) Run();
  const JsonValue list = Call("GET", "optimize/runs?limit=5&offset=1", "", 200);
  EXPECT_EQ(list.GetInt("total"), static_cast<int64_t>(OptimizeRuns::kKept));
  EXPECT_EQ(list.Find("runs")->items.size(), 5U);
  EXPECT_EQ(Call("GET", "optimize/runs?status=failed", "", 200).GetInt("total"), 0);
  // The first ones are gone.
  EXPECT_EQ(Call("GET", "optimize/run/" + run, "", 404).GetString("code"), "NOT_FOUND");
}

TEST_F(InsightsApi, Errors) {
  const std::string run = Run();
  struct Case {
    const char* method;
    std::string path;
    std::string body;
    int status;
    const char* code;
  };
  const Case cases[] = {
      {"POST", "optimize/run", "{}", 400, "VALIDATION_ERROR"},
      {"POST", "optimize/run", R"({"manifest_path":"","lookback_days":91})", 400,
       "VALIDATION_ERROR"},
      {"POST", "optimize/run", "[", 400, "VALIDATION_ERROR"},
      {"POST", "insights/cost", R"({"run_id":"x"})", 404, "NOT_FOUND"},
      {"POST", "insights/cost", R"({"run_id":")" + run + R"(","provider":"mars"})", 400,
       "VALIDATION_ERROR"},
      {"POST", "insights/anomalies", R"({"run_id":")" + run + R"(","hours":0})", 400,
       "VALIDATION_ERROR"},
      {"GET", "insights/anomalies/" + run + "?severity=awful", "", 400, "VALIDATION_ERROR"},
      {"GET", "insights/summary/x", "", 404, "NOT_FOUND"},
      {"GET", "optimize/runs?limit=101", "", 400, "VALIDATION_ERROR"},
      {"GET", "optimize/runs?status=odd", "", 400, "VALIDATION_ERROR"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(Call(one.method, one.path, one.body, one.status).GetString("code"), one.code)
        << one.path;
  }
}

}  // namespace
}  // namespace outrider
