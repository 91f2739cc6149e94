// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using testing::ElementsAre;

CostSettings Budgets() {
  CostSettings options;
  options.budgets = {{.name = "shop", .amount = 100, .namespaces = {"shop"}},
                     {.name = "a.b|c", .amount = 5, .thresholds = {1}}};
  return options;
}

TEST(CostAlerts, OneRuleAThresholdOfWhichOneFires) {
  const RuleFile file = MakeCostAlerts(Budgets(), {});
  ASSERT_EQ(file.groups.size(), 1U);
  std::vector<std::string> rules;
  for (const Rule& rule : file.groups[0].rules) {
    EXPECT_TRUE(rule.error.ok()) << rule.error;
    EXPECT_TRUE(rule.expression.has_value());
    rules.push_back(rule.labels.at("severity") + " " + rule.expr);
  }
  EXPECT_THAT(
      rules, ElementsAre(
                 R"(warning outrider_cost_budget_spent_ratio{budget=~"shop"} >= 0.5 < 0.8)",
                 R"(warning outrider_cost_budget_spent_ratio{budget=~"shop"} >= 0.8 < 1)",
                 R"(critical outrider_cost_budget_spent_ratio{budget=~"a\\.b\\|c|shop"} >= 1)",
                 R"(warning outrider_cost_budget_forecast_ratio{budget=~"a\\.b\\|c|shop"} > 1 and )"
                 R"(outrider_cost_budget_spent_ratio{budget=~"a\\.b\\|c|shop"} < 1)"));
}

TEST(CostAlerts, OnlyWhatIsWanted) {
  EXPECT_FALSE(WantsCostAlerts({}));
  CostSettings options = Budgets();
  EXPECT_TRUE(WantsCostAlerts(options));
  options.alerts.enabled = false;
  EXPECT_FALSE(WantsCostAlerts(options));
  options.alerts.anomalies = true;
  EXPECT_TRUE(WantsCostAlerts(options));
  const RuleFile file = MakeCostAlerts(options, {});
  ASSERT_EQ(file.groups[0].rules.size(), 1U);
  EXPECT_EQ(file.groups[0].rules[0].name, "CostAnomaly");
}

}  // namespace
}  // namespace outrider
