// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_settings.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

StatusOr<CostSettings> Parse(std::string_view text) {
  const YamlNode node = TRY(ParseYaml(text, "o.yml"));
  YamlReader reader(node, "o.yml", "section cost");
  CostSettings options;
  ReadCostSettings(reader, "o.yml", &options);
  TRY(reader.Finish());
  return options;
}

TEST(CostSettings, EverySetting) {
  const auto options = Parse(R"(
interval: 30s
labels: [app, tier]
team_label: owner
teams: [{name: payments, namespaces: [checkout, ledger]}]
shared_namespaces: [kube-system]
unclassified_egress: internet
opencost_metrics: true
budgets:
- {name: payments, team: payments, amount: 3000, thresholds: [1, 0.5, 0.5]}
- {name: shop, cluster: c, namespaces: [shop], amount: 8.5, include_idle: true}
alerts: {budgets: false, anomalies: true}
)");
  ASSERT_TRUE(options.ok()) << options.status();
  CostSettings expected;
  expected.interval = 30 * kSecond;
  expected.labels = {"app", "tier"};
  expected.team_label = "owner";
  expected.teams = {{"payments", {"checkout", "ledger"}}};
  expected.shared_namespaces = {"kube-system"};
  expected.egress = Egress::kInternet;
  expected.opencost_metrics = true;
  expected.budgets = {
      {.name = "payments", .amount = 3000, .team = "payments", .thresholds = {0.5, 1}},
      {.name = "shop",
       .amount = 8.5,
       .cluster = "c",
       .namespaces = {"shop"},
       .include_idle = true}};
  expected.alerts = {false, true};
  EXPECT_EQ(*options, expected);
  EXPECT_EQ(*Parse("{}"), CostSettings());
  EXPECT_EQ(Parse("unclassified_egress: none")->egress, std::nullopt);
}

TEST(CostSettings, ErrorsNameThePlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"interval: 1h", "o.yml:1:11: interval must be between 1s and 10m"},
      {"budgets: 5", "o.yml:1:10: budgets must be a list"},
      {"budgets: [{amount: 5}]", "o.yml:1:11: a budget needs a name"},
      {"budgets: [{name: a}]", "o.yml:1:11: amount must be dollars a month, above 0"},
      {"budgets: [{name: a, amount: -1}]", "o.yml:1:29: amount must be dollars a month, above 0"},
      {"budgets: [{name: a, amount: 1, thresholds: [x]}]", "o.yml:1:44: thresholds must be shares"},
      {"budgets: [{name: a, amount: 1, thresholds: 1}]", "o.yml:1:44: thresholds must be a list"},
      {"budgets: [{name: a, amount: 1, owner: b}]", "field owner not found in cost.budgets"},
      {"budgets: [{name: a, amount: 1}, {name: a, amount: 2}]", "there are two budgets named a"},
      {"teams: [{namespaces: [a]}]", "o.yml:1:9: a team needs a name"},
      {"unclassified_egress: moon", "o.yml:1:22: unclassified_egress must be none, zone"},
      {"alerts: {page: true}", "field page not found in cost.alerts"},
  };
  for (const auto& [text, error] : cases) {
    const auto options = Parse(text);
    ASSERT_FALSE(options.ok()) << text;
    EXPECT_NE(Message(options.status()).find(error), std::string::npos)
        << text << ": " << Message(options.status());
  }
}

}  // namespace
}  // namespace outrider
