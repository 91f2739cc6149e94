// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/rule_test_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct BadFile {
  const char* text;
  const char* error;
};

constexpr BadFile kBadFiles[] = {
    {"- a", "t.yml:1:1: rule test file must be a map"},
    {"test: []", "t.yml:1:1: field test not found in rule test file"},
    {"tests: {a: b}", "t.yml:1:8: tests must be a list"},
    {"tests: [x]", "t.yml:1:9: test must be a map"},
    {"tests: [{eval_time: 1m}]", "t.yml:1:10: field eval_time not found in test"},
    {"tests: [{name: a, name: b}]", "t.yml:1:19:"},
    {"evaluation_interval: 1", "t.yml:1:22: evaluation_interval:"},
    {"fuzzy_compare: maybe", "t.yml:1:16: fuzzy_compare:"},
    {"rule_files: a.yml", "t.yml:1:13: rule_files must be a list"},
    {"rule_files: [{}]", "t.yml:1:14: rule_files must be a list of texts"},
    {"rule_files: ['a[b']", "t.yml:1:14: syntax error in pattern"},
    {"fuzzy_compare: 'true'", "t.yml:1:16: fuzzy_compare must be true or false"},
    {"group_eval_order: [a, b, a]", "group name repeated in evaluation order: a"},
    {"tests: [{start_timestamp: yesterday}]", "t.yml:1:27: start_timestamp:"},
    {"tests: [{input_series: [{serie: a}]}]", "field serie not found in input_series"},
    {"tests: [{alert_rule_test: [{exp_alerts: [{labels: {}}]}]}]",
     "field labels not found in exp_alerts"},
    {"tests: [{alert_rule_test: [{exp_alerts: [{exp_state: resolved}]}]}]",
     "t.yml:1:54: unknown state \"resolved\": pending or firing"},
    {"tests: [{alert_rule_test: [{states: [inactive]}]}]", "unknown state \"inactive\""},
    {"tests: [{alert_rule_test: [{states: []}]}]", "t.yml:1:37: states is empty"},
    {"tests: [{alert_rule_test: [{states: [firing], exp_alerts: [{exp_state: pending}]}]}]",
     "t.yml:1:72: pending is not among states"},
    {"tests: [{alert_rule_test: [{exp_alerts: [{exp_state: firing}], states: [pending]}]}]",
     "firing is not among states"},
    {"tests: [{alert_rule_test: [{match: about}]}]", "match must be exact or partial"},
    {"tests: [{promql_expr_test: [{exp_samples: [{value: many}]}]}]",
     "t.yml:1:52: value must be a number"},
    {"tests: [{promql_expr_test: [{exp_samples: [{value: '1'}]}]}]", "value must be a number"},
    {"tests: [{promql_expr_test: [{exp_samples: [{value: [1]}]}]}]", "value must be a number"},
};

TEST(RuleTestFileTest, BadFilesNameThePlace) {
  for (const BadFile& c : kBadFiles) {
    const auto file = ParseRuleTestFile(c.text, "t.yml");
    ASSERT_FALSE(file.ok()) << c.text;
    EXPECT_THAT(Message(file.status()), HasSubstr(c.error)) << c.text;
  }
}

TEST(RuleTestFileTest, NumbersAreThoseOfYaml) {
  const std::pair<const char*, double> kNumbers[] = {
      {"3", 3},     {"+3", 3},          {"-3.5e1", -35},      {"1_000", 1000},    {"0x1F", 31},
      {"0b101", 5}, {"010", 8},         {"0o17", 15},         {"09", 9},          {"0", 0},
      {".5", 0.5},  {".inf", HUGE_VAL}, {"-.Inf", -HUGE_VAL}, {"1e400", HUGE_VAL}};
  for (const auto& [text, number] : kNumbers) {
    const auto file = ParseRuleTestFile(
        "tests: [{promql_expr_test: [{exp_samples: [{value: " + std::string(text) + "}]}]}]", "t");
    if (std::string_view(text) == "1e400") {
      EXPECT_FALSE(file.ok());
      continue;
    }
    ASSERT_TRUE(file.ok()) << text << file.status();
    EXPECT_EQ(file->cases[0].exprs[0].samples[0].value, number) << text;
  }
  for (const char* text : {"Inf", "NaN", "true", "0xg", "1.2.3", "-", "''"}) {
    EXPECT_FALSE(ParseRuleTestFile("tests: [{promql_expr_test: [{exp_samples: [{value: " +
                                       std::string(text) + "}]}]}]",
                                   "t")
                     .ok())
        << text;
  }
}

TEST(RuleTestFileTest, ReadsEveryField) {
  const auto file = ParseRuleTestFile(R"(
rule_files: [a.yml, 'b/*.yml']
evaluation_interval: 30s
fuzzy_compare: true
group_eval_order: [g2, g1]
tests:
- &first
  name: one
  interval: 15s
  start_timestamp: 2024-01-01T00:00:00Z
  external_labels: {cluster: c}
  external_url: http://example.com
  input_series:
  - {series: up, values: 1}
  alert_rule_test:
  - {eval_time: 5m, alertname: A, exp_alerts: [{}, {exp_labels: {a: b}, exp_annotations: {c: ''}}]}
  promql_expr_test:
  - eval_time: 0
    expr: up
    exp_samples: [{labels: up, value: .inf}, {value: -.Inf}, {value: .nan}, {histogram: '{{}}'}]
- <<: *first
  name: two
  start_timestamp: 1.5
)",
                                      "t.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->rule_files, ElementsAre("a.yml", "b/*.yml"));
  EXPECT_EQ(file->evaluation_interval, 30 * kSecond);
  EXPECT_TRUE(file->fuzzy_compare);
  EXPECT_THAT(file->group_eval_order, ElementsAre("g2", "g1"));
  ASSERT_EQ(file->cases.size(), 2U);
  const RuleTestCase& one = file->cases[0];
  EXPECT_EQ(one.interval, 15 * kSecond);
  EXPECT_EQ(one.start, 1704067200000);
  EXPECT_EQ(one.external_url, "http://example.com");
  EXPECT_EQ(one.input[0].values, "1");
  EXPECT_EQ(one.alerts[0].place.line, 16);
  EXPECT_EQ(one.alerts[0].alerts[1].labels.at("a"), "b");
  EXPECT_EQ(one.alerts[0].alerts[1].annotations.at("c"), "");
  EXPECT_FALSE(one.alerts[0].pending);
  const auto& samples = one.exprs[0].samples;
  EXPECT_EQ(samples[0].value, HUGE_VAL);
  EXPECT_EQ(samples[1].value, -HUGE_VAL);
  EXPECT_TRUE(std::isnan(samples[2].value));
  EXPECT_EQ(one.Length(), 5 * kMinute);
  EXPECT_EQ(file->cases[1].name, "two");
  EXPECT_EQ(file->cases[1].start, 1500);
  EXPECT_EQ(file->cases[1].exprs.size(), 1U);
}

}  // namespace
}  // namespace outrider
