// SPDX-License-Identifier: Apache-2.0
// /outrider/v1/recommendations: filters, order, pages, formats, errors.
#include <gtest/gtest.h>

#include "storage/base/text.h"
#include "tests/exporter/advice/sample_report.h"
#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

constexpr const char* kPath = "/outrider/v1/recommendations";

struct World : DeskWorld {
  World() { recommendations = SampleReport().rows; }
  // workload/container of each row, then the rest of the pages if there is one.
  std::string Names(const std::string& query) const {
    const JsonValue page = GetJson(std::string(kPath) + "?" + query);
    std::string out;
    for (const JsonValue& row : page.Find("recommendations")->items) {
      out += row.GetString("workload").substr(0, 8) + "/" + row.GetString("container") + " ";
    }
    return out;
  }
};

TEST(RecommendationsApi, Filters) {
  const World world;
  const struct {
    const char* query;
    const char* names;
  } kCases[] = {
      {"namespace=batch", "report/job "},
      {"namespace=", "db-1:910/ "},
      {"namespace=batch,shop&container=app,job", "report/job canary/app checkout/app "},
      {"workload=db&workload=canary", "canary/app db/postgres "},
      {"workload_kind=Host", "db-1:910/ "},
      {"cluster=eu", ""},
      {"severity=critical&workload_kind=Deployment,StatefulSet", "checkout/app db/postgres "},
      {"severity=UNKNOWN", "checkout/proxy "},
      {"min_savings=5&enough_data=true", "db-1:910/ ../<b>\"x/a: #\"'` checkout/app "},
      {"sort=savings&limit=2", "db-1:910/ checkout/app "},
      {"sort=severity&limit=3", "db-1:910/ checkout/app db/postgres "},
  };
  for (const auto& c : kCases) EXPECT_EQ(world.Names(c.query), c.names) << c.query;
}

// Every row once, in every order and page size, also when rows come and go meanwhile.
TEST(RecommendationsApi, Pages) {
  World world;
  for (const std::string sort : {"workload", "savings", "severity"}) {
    const std::string whole = world.Names("sort=" + sort);
    for (const char* limit : {"1", "2", "3", "7", "100"}) {
      std::string all;
      std::string after;
      do {
        const std::string query = "sort=" + sort + "&limit=" + limit + after;
        all += world.Names(query);
        const std::string next = world.GetJson(std::string(kPath) + "?" + query).GetString("next");
        after = next.empty() ? "" : "&after=" + next;
      } while (!after.empty());
      EXPECT_EQ(all, whole) << sort << limit;
    }
  }
  const std::string next = world.GetJson(std::string(kPath) + "?limit=2").GetString("next");
  const std::string rest = world.Names("after=" + next);
  world.recommendations.erase(world.recommendations.begin() + 5);  // the machine, of the first page
  world.recommendations.push_back(MakeRow({"", "aaa", "Host"}, "", 1, {}, {}));
  EXPECT_EQ(world.Names("after=" + next), rest);
}

TEST(RecommendationsApi, SumsAreThoseOfAllPages) {
  const World world;
  const JsonValue page = world.GetJson(std::string(kPath) + "?limit=1&namespace=shop");
  EXPECT_EQ(page.Find("recommendations")->items.size(), 1U);
  EXPECT_EQ(page.Find("summary")->GetInt("containers"), 4);
  EXPECT_EQ(page.Find("summary")->GetString("grade"), "D");
  EXPECT_EQ(page.Find("namespaces")->items.size(), 1U);
}

TEST(RecommendationsApi, Formats) {
  const World world;
  const struct {
    const char* format;
    const char* type;
    const char* part;
  } kCases[] = {{"csv", "text/csv; charset=utf-8", "Namespace,Name,Pods"},
                {"html", "text/html; charset=utf-8", "<!DOCTYPE html>"},
                {"patch", "application/yaml", "kind: StatefulSet"},
                {"table", "text/plain; charset=utf-8", "CPU REQUESTS"},
                {"json", "application/json", "\"recommendations\":["}};
  for (const auto& c : kCases) {
    const HttpResponse response = world.Get(std::string(kPath) + "?format=" + c.format);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.content_type, c.type);
    EXPECT_TRUE(Contains(WholeBody(response), c.part)) << c.format;
  }
}

TEST(RecommendationsApi, Errors) {
  const World world;
  const struct {
    const char* query;
    const char* error;
  } kCases[] = {
      {"format=xls", "format \"xls\": want table, json, yaml"},
      {"severity=high", "severity \"high\": want critical, warning, ok, good or unknown"},
      {"min_savings=much", "min_savings"},
      {"sort=name", "sort: \"name\": want workload, savings or severity"},
      {"after=7b7d", "after: not the `next` of an answer"},
      {"after=xyz", "after: not the `next` of an answer"},
      {"enough_data=perhaps", "enough_data"},
      {"limit=-1", "limit"},
  };
  for (const auto& c : kCases) {
    const HttpResponse response = world.Get(std::string(kPath) + "?" + c.query);
    EXPECT_EQ(response.status, 400) << c.query;
    EXPECT_TRUE(Contains(ParseJson(response.body)->GetString("error"), c.error)) << response.body;
  }
}

// What people read is in their currency, what programs read in dollars, with the rate beside it.
TEST(RecommendationsApi, ShowsMoneyInTheConfiguredCurrency) {
  World world;
  world.currency.code = "EUR";
  world.currency.rate = *Decimal::Parse("0.9");
  const JsonValue json = world.GetJson(std::string(kPath) + "?workload=checkout&container=app");
  const JsonValue& row = json.Find("recommendations")->items.at(0);
  EXPECT_NEAR(row.GetNumber("savings_dollars_per_month"), 77.775, 1e-9);
  ASSERT_NE(json.Find("shown_currency"), nullptr);
  EXPECT_EQ(json.Find("shown_currency")->GetString("code"), "EUR");
  EXPECT_EQ(json.Find("shown_currency")->GetNumber("rate"), 0.9);
  const std::string table =
      world.Get(std::string(kPath) + "?workload=checkout&container=app&format=table").body;
  EXPECT_TRUE(Contains(table, "70.00") && Contains(table, "Money in EUR")) << table;
}

// A node's pods cost what it costs.
TEST(CostsApi, NodesAreInNoSum) {
  World world;
  for (const bool is_node : {false, true}) {
    WorkloadCost& cost = world.costs.emplace_back();
    cost.key = {"", is_node ? "10.1.0.159:9100" : "db-1:9100", "Host"};
    cost.monthly = 100;
    cost.projected_monthly = 60;
    cost.is_node = is_node;
  }
  const JsonValue json = world.GetJson("/outrider/v1/costs");
  EXPECT_EQ(json.GetNumber("dollars_per_month"), 100);
  EXPECT_EQ(json.GetNumber("projected_dollars_per_month"), 60);
  const auto& rows = json.Find("workloads")->items;
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_FALSE(rows[0].GetBool("is_node"));
  EXPECT_TRUE(rows[1].GetBool("is_node"));
  EXPECT_EQ(json.Find("shown_currency"), nullptr);
}

}  // namespace
}  // namespace outrider
