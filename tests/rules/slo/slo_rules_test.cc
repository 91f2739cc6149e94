// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/slo/slo_file.h"

namespace outrider {
namespace {

std::vector<SloSpec> Load(const std::string& text) {
  const auto file = ParseSloFile(text, "s.yml");
  EXPECT_TRUE(file.ok()) << file.status();
  auto slos = CombineSlos({&*file, 1});
  EXPECT_TRUE(slos.ok()) << slos.status();
  return *slos;
}

constexpr const char* kSloth =
    "version: prometheus/v1\nservice: shop\nslos:\n- name: api\n  objective: 99.9\n  sli: {events: "
    "{error_query: 'sum(rate(e[{{.window}}]))', total_query: 'sum(rate(t[{{.window}}]))'}}\n"
    "  alerting: {name: Errors}\n";

TEST(SloRulesTest, SlothsGroupNamesExpressionsAndLabels) {
  const auto files = SloRuleFiles(Load(kSloth));
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].path, "s.yml");
  ASSERT_EQ(files[0].groups.size(), 1U);
  const RuleGroup& group = files[0].groups[0];
  EXPECT_EQ(group.name, "sloth-slo-alerts-shop-api");
  EXPECT_EQ(group.file, "s.yml");
  ASSERT_EQ(group.rules.size(), 2U);
  const Rule& page = group.rules[0];
  EXPECT_EQ(page.name, "Errors");
  EXPECT_EQ(page.kind, RuleKind::kAlerting);
  EXPECT_EQ(page.labels.at("sloth_severity"), "page");
  EXPECT_EQ(page.hold, 0);
  ASSERT_TRUE(page.expression) << page.error;
  const auto want = promql::Expression::Parse(R"(
    (
      max without (sloth_window) (slo:sli_error:ratio_rate5m{sloth_id="shop-api", sloth_service="shop", sloth_slo="api"} > (14.4 * 0.001))
      and
      max without (sloth_window) (slo:sli_error:ratio_rate1h{sloth_id="shop-api", sloth_service="shop", sloth_slo="api"} > (14.4 * 0.001))
    ) or (
      max without (sloth_window) (slo:sli_error:ratio_rate30m{sloth_id="shop-api", sloth_service="shop", sloth_slo="api"} > (6 * 0.001))
      and
      max without (sloth_window) (slo:sli_error:ratio_rate6h{sloth_id="shop-api", sloth_service="shop", sloth_slo="api"} > (6 * 0.001))
    ))");
  ASSERT_TRUE(want.ok());
  EXPECT_EQ(page.expression->ToString(), want->ToString());
}

TEST(SloRulesTest, OwnEntriesLookAtBurnRatesAndEvents) {
  const auto files = SloRuleFiles(
      Load("entries:\n- {name: a, kind: slo, objective: 99, period: 28d, bad: b, total: t, "
           "min_events: 50, alerting: {ticket: {disabled: true}}}\n"));
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].groups[0].name, "outrider-slo-alerts-a");
  ASSERT_EQ(files[0].groups[0].rules.size(), 1U);
  const Rule& page = files[0].groups[0].rules[0];
  EXPECT_EQ(page.name, "SLOBurnRate");
  EXPECT_THAT(page.expr,
              testing::HasSubstr("outrider_slo_burn_rate{entry=\"a\", window=\"1h\"} > 13.44"));
  EXPECT_THAT(page.expr,
              testing::HasSubstr("outrider_slo_events{entry=\"a\", window=\"6h\"} >= 50"));
  EXPECT_TRUE(page.expression) << page.error;
}

TEST(SloRulesTest, ObjectivesWithErrorsOrWithoutAlertsHaveNone) {
  EXPECT_TRUE(SloRuleFiles(Load("entries:\n- {name: a, kind: slo, objective: 99, bad: b), total: "
                                "t}\n"))
                  .empty());
  EXPECT_TRUE(SloRuleFiles(Load("entries:\n- {name: a, kind: slo, objective: 99, bad: b, total: t, "
                                "alerting: {page: {disabled: true}, ticket: {disabled: true}}}\n"))
                  .empty());
}

}  // namespace
}  // namespace outrider
