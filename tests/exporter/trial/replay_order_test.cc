// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/replay_order.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "rules/rulefile/rule_file.h"

namespace outrider {
namespace {

// Names of the rules by stage and level, `*` behind those that go step by step.
std::string Order(const std::string& yaml) {
  const RuleFile file = *ParseRuleFile(yaml, "f.yml");
  std::vector<ReplayRule> rules;
  std::vector<RuleReads> reads;
  for (size_t g = 0; g < file.groups.size(); ++g) {
    for (size_t r = 0; r < file.groups[g].rules.size(); ++r) {
      rules.push_back({&file.groups[g], &file.groups[g].rules[r], g, r,
                       file.groups[g].query_offset.value_or(0)});
      reads.push_back(ReadsOfRule(file.groups[g].rules[r], 0, {}));
    }
  }
  std::vector<std::string> parts;
  for (const ReplayStage& stage : OrderForReplay(rules, reads)) {
    std::string part = fmt::format("{}:", stage.level);
    for (const size_t rule : stage.rules) part += rules[rule].rule->name;
    parts.push_back(part + (stage.stepwise ? "*" : ""));
  }
  std::ranges::sort(parts);
  std::string text;
  for (const std::string& part : parts) text += part + " ";
  return text;
}

TEST(ReplayOrder, Stages) {
  const struct {
    const char* rules;  // of one group
    const char* order;
  } kCases[] = {
      {"{record: a, expr: x}, {record: b, expr: y}", "0:a 0:b "},
      {"{record: a, expr: x}, {record: b, expr: sum(a)}, {alert: C, expr: b > 1}", "0:a 1:b 2:C "},
      // Reads what a later rule wrote a cycle ago.
      {"{record: b, expr: sum(a)}, {record: a, expr: x}, {record: c, expr: b}", "0:ba* 1:c "},
      {"{record: a, expr: a + 1 or vector(0)}", "0:a* "},
      {"{alert: A, expr: x}, {alert: B, expr: 'ALERTS{alertname=\"A\"}'}", "0:A 1:B "},
      {"{alert: A, expr: x}, {alert: B, expr: 'ALERTS{alertname=\"C\"}'}", "0:A 0:B "},
      // Whose name nobody knows may be anybody's.
      {"{record: a, expr: x}, {alert: B, expr: '{job=\"j\"}'}, {record: c, expr: x}", "0:a 1:Bc* "},
      {"{record: a, expr: x}, {alert: B, expr: '{__name__=~\"a|z\"}'}, {record: c, expr: x}",
       "0:a 0:c 1:B "},
      // Labels that the rule sets tell series apart.
      {"{record: a, expr: x, labels: {k: v}}, {record: b, expr: 'a{k=\"w\"}'}", "0:a 0:b "},
      {"{record: a, expr: x, labels: {k: v}}, {record: a, expr: y, labels: {k: w}}, "
       "{record: b, expr: a}",
       "0:a 0:a 1:b "},
      {"{record: a, expr: x}, {record: a, expr: y}, {record: b, expr: a}", "0:aa* 1:b "},
      // What texts query is read, too; of a later rule that is what it wrote a cycle ago.
      {"{record: a, expr: y}, {alert: A, expr: x, annotations: {s: '{{ query \"a\" }}'}}",
       "0:a 1:A "},
      {"{alert: A, expr: x, annotations: {s: '{{ query \"a\" }}'}}, {record: a, expr: y}",
       "0:Aa* "},
      {"{record: a, expr: y}, {record: b, expr: y}, {alert: A, expr: x, annotations: {s: '{{ query "
       "\"b\" }}'}}, {alert: B, expr: 'ALERTS{alertname=\"A\"}'}",
       "0:a 0:b 1:A 2:B "},
      {"{record: a, expr: y}, {alert: A, expr: x, annotations: {s: '{{ printf \"a{i=%q}\" .Value | "
       "query }}'}}",
       "0:a 1:A "},
      {"{alert: A, expr: x, annotations: {s: 'query: {{ $value }}'}}, {record: a, expr: y}",
       "0:A 0:a "},
      {"{record: a, expr: y}, {alert: A, expr: x, labels: {s: '{{ query \"z\" }}'}}", "0:A 0:a "},
      // What nobody knows may be anything, its own ALERTS too.
      {"{record: a, expr: y}, {alert: A, expr: x, annotations: {s: '{{ query $externalURL }}'}}",
       "0:a 1:A* "},
  };
  for (const auto& c : kCases) {
    const std::string yaml = fmt::format("groups: [{{name: g, rules: [{}]}}]", c.rules);
    EXPECT_EQ(Order(yaml), c.order) << c.rules;
  }
}

TEST(ReplayOrder, BetweenGroups) {
  // What an offset group writes appears later than its time says.
  const char* kGroups =
      "groups:\n"
      "- {{name: g, query_offset: {}, rules: [{{record: a, expr: x}}]}}\n"
      "- {{name: h, query_offset: {}, rules: [{{record: b, expr: a}}]}}\n";
  EXPECT_EQ(Order(fmt::format(fmt::runtime(kGroups), "0s", "0s")), "0:a 1:b ");
  EXPECT_EQ(Order(fmt::format(fmt::runtime(kGroups), "0s", "1m")), "0:a 1:b ");
  EXPECT_EQ(Order(fmt::format(fmt::runtime(kGroups), "1m", "0s")), "0:ab* ");
}

TEST(ReplayOrder, WhatOnlyReadsThePast) {
  const struct {
    const char* expr;
    bool past;
    bool fixed;
  } kCases[] = {
      {"x", true, false},
      {"rate(x[5m] offset 1h) > 1", true, false},
      {"max_over_time(rate(x[5m])[1h:1m])", true, false},
      {"x offset -5m", false, false},
      {"sum(x) / sum(rate(y[5m] offset -1m))", false, false},
      {"x @ 5", false, true},
      {"rate(x[5m] @ 5)", false, true},
      {"x[5m:1m] @ 5", false, true},
      {"x @ start()", false, false},
      {"x[5m:1m] offset -1m", false, false},
      {"x smoothed", false, false},
      {"x anchored", true, false},
      {"rate(x[step()])", false, false},
      {"x offset (1m + step())", false, false},
  };
  for (const auto& c : kCases) {
    const auto expression = promql::Expression::Parse(c.expr, promql::kWholeLanguage);
    ASSERT_TRUE(expression.ok()) << c.expr << Message(expression.status());
    EXPECT_EQ(ReadsOnlyThePast(*expression), c.past) << c.expr;
    EXPECT_EQ(ReadsFixedTimes(*expression), c.fixed) << c.expr;
  }
}

}  // namespace
}  // namespace outrider
