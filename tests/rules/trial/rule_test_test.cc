// SPDX-License-Identifier: Apache-2.0
// Whole rule tests, run from the inside.
#include "rules/trial/rule_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "storage/base/file.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RuleTestRunTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(directory_); }
  void TearDown() override { fs::remove_all(directory_); }

  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = (directory_ / name).string();
    std::ofstream(path) << text;
    return path;
  }
  RuleTestResult Run(const std::string& tests, const RuleTestOptions& options = {}) const {
    return RunRuleTestFile(Write("t.yml", tests), options, clock_);
  }

  const FakeClock clock_;
  const fs::path directory_ =
      fs::path(testing::TempDir()) /
      ("rule_test_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

constexpr const char* kRules = R"(groups:
- name: first
  rules:
  - record: job:m:sum
    expr: sum by (job) (m)
  - alert: High
    expr: job:m:sum > 5
    for: 2m
    labels: {severity: page}
    annotations: {summary: '{{ $labels.job }} {{ $value }} {{ $externalLabels.c }} {{ externalURL }}'}
  - record: unread
    expr: m
- name: second
  rules:
  - alert: Never
    expr: m > 1000
  - alert: Unread
    expr: m > 1000
)";

TEST_F(RuleTestRunTest, RunsRulesOnTheirOwnTime) {
  Write("r.yml", kRules);
  const RuleTestResult result = Run(R"(
rule_files: ['r*.yml', 'none*.yml']
tests:
- external_labels: {c: here}
  external_url: http://o
  start_timestamp: 1000000
  input_series:
  - {series: 'm{job="a",i="1"}', values: '1+1x10'}
  - {series: 'm{job="a",i="2"}', values: '1+1x10'}
  alert_rule_test:
  - {eval_time: 1m59s, alertname: High, exp_alerts: []}
  - {eval_time: 3m, alertname: High, states: [pending], match: partial, exp_alerts: [{exp_state: pending}]}
  - eval_time: 4m30s
    alertname: High
    exp_alerts:
    - {exp_labels: {job: a, severity: page}, exp_annotations: {summary: a 10 here http://o}}
  - {eval_time: 4m, alertname: Never}
  promql_expr_test:
  - {expr: time(), eval_time: 2m, exp_samples: [{value: 1000120}]}
  - {expr: job:m:sum, eval_time: 2m, exp_samples: [{labels: 'job:m:sum{job="a"}', value: 6}]}
)");
  EXPECT_TRUE(result.passed()) << testing::PrintToString(result.cases[0].failures);
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("no file match pattern")));
  EXPECT_EQ(RuleFilesOf((directory_ / "t.yml").string()).size(), 1U);
  std::vector<std::string> coverage;
  for (const auto& [place, rule] : result.coverage.rules()) {
    coverage.push_back(rule.name + (rule.tested ? " tested" : "") + (rule.active ? " active" : ""));
  }
  EXPECT_THAT(coverage, ElementsAre("job:m:sum tested active", "High tested active",
                                    "unread active", "Never tested", "Unread"));
  EXPECT_EQ(result.coverage.tested(), 3U);
  EXPECT_DOUBLE_EQ(result.coverage.Percent(), 60);
  EXPECT_THAT(result.coverage.Text(), HasSubstr("alert Never: tested, but it never gave anything"));
}

TEST_F(RuleTestRunTest, CoverageFollowsWhatRulesRead) {
  Write("r.yml", kRules);
  const RuleTestResult result = Run(R"(
rule_files: [r.yml]
tests:
- promql_expr_test: [{expr: 'ALERTS{alertname="High"}', eval_time: 1m}]
)");
  std::vector<std::string> tested;
  for (const auto& [place, rule] : result.coverage.rules()) {
    if (rule.tested) tested.push_back(rule.name);
  }
  EXPECT_THAT(tested, ElementsAre("job:m:sum", "High"));
}

TEST_F(RuleTestRunTest, CoverageCountsEachRuleOfALine) {
  Write("r.yml", R"({"groups": [{"name": "g", "rules": [{"record": "a", "expr": "m"}, )"
                 R"({"record": "b", "expr": "m"}, {"alert": "C", "expr": "m > 1000"}]}]})");
  const std::string head = "rule_files: [r.yml]\ntests:\n";
  const RuleTestResult result =
      Run(head +
          "- {input_series: [{series: m, values: 1}], promql_expr_test: [{expr: b, "
          "exp_samples: [{labels: b, value: 1}]}]}\n");
  EXPECT_TRUE(result.passed()) << testing::PrintToString(result.cases[0].failures);
  EXPECT_EQ(result.coverage.rules().size(), 3U);
  EXPECT_THAT(result.coverage.Text(), HasSubstr("1 of 3 rules are tested (33.3%)"));
  EXPECT_THAT(result.coverage.Text(), HasSubstr("record a: not tested"));
}

TEST_F(RuleTestRunTest, ALabelThatRendersToNothing) {
  Write("r.yml", R"(groups:
- name: g
  rules:
  - alert: A
    expr: m > 0
    labels: {team: '{{ if eq $labels.i "a" }}web{{ end }}', severity: page}
)");
  const RuleTestResult result = Run(R"(
rule_files: [r.yml]
tests:
- input_series:
  - {series: 'm{i="a"}', values: '1x5'}
  - {series: 'm{i="b"}', values: '1x5'}
  alert_rule_test:
  - eval_time: 2m
    alertname: A
    exp_alerts: [{exp_labels: {i: a, severity: page, team: web}}, {exp_labels: {i: b, severity: page}}]
  promql_expr_test:
  - expr: ALERTS
    eval_time: 2m
    exp_samples:
    - {labels: 'ALERTS{alertname="A",alertstate="firing",i="a",severity="page",team="web"}', value: 1}
    - labels: 'ALERTS{alertname="A",alertstate="firing",i="b",severity="page",team="{{ if eq $labels.i \"a\" }}web{{ end }}"}'
      value: 1
)");
  EXPECT_TRUE(result.passed()) << testing::PrintToString(result.cases[0].failures);
}

TEST_F(RuleTestRunTest, CoverageOfNothing) {
  EXPECT_EQ(CoverageReport().Percent(), 0);
  EXPECT_EQ(CoverageReport().Text(), "Coverage: there are no rules\n");
}

struct FailCase {
  const char* name;
  const char* test;
  const char* failure;
};

constexpr FailCase kFailures[] = {
    {"no alertname", "alert_rule_test: [{eval_time: 1m}]",
     "misses required attribute alertname at eval_time 1m"},
    {"bad series", "input_series: [{series: 'm{', values: 1}]", "input series \"m{\""},
    {"bad expression", "promql_expr_test: [{expr: 'm +'}]", "expr: \"m +\", time: 0s, err: 1:4:"},
    {"matrix", "promql_expr_test: [{expr: 'm[5m]'}]", "err: rule result is not a vector or scalar"},
    {"text", "promql_expr_test: [{expr: '\"a\"'}]", "err: rule result is not a vector or scalar"},
    {"bad labels", "promql_expr_test: [{expr: m, exp_samples: [{labels: '{', value: 1}]}]",
     "err: labels \"{\":"},
    {"bad histogram", "promql_expr_test: [{expr: m, exp_samples: [{histogram: '1 2'}]}]",
     "expected one histogram, got \"1 2\""},
    {"conflict", "input_series: [{series: m, values: 1}, {series: unread, values: 2}]",
     "rule: unread, time: 0s, err: duplicate sample for timestamp"},
};

TEST_F(RuleTestRunTest, FailuresNameThePlace) {
  Write("r.yml", kRules);
  for (const FailCase& c : kFailures) {
    SCOPED_TRACE(c.name);
    const std::string input = std::string(c.test).starts_with("input_series")
                                  ? ""
                                  : "  input_series: [{series: m, values: '1x5'}]\n";
    const RuleTestResult result =
        Run("rule_files: [r.yml]\ntests:\n- name: x\n" + input + "  " + c.test + "\n");
    ASSERT_EQ(result.cases.size(), 1U) << result.aborted;
    ASSERT_EQ(result.cases[0].failures.size(), 1U);
    EXPECT_THAT(result.cases[0].failures[0], HasSubstr(c.failure));
    EXPECT_THAT(result.cases[0].failures[0], HasSubstr("t.yml:"));
  }
}

TEST_F(RuleTestRunTest, OneBadRuleEndsTheTest) {
  Write("r.yml", "groups:\n- name: g\n  rules:\n  - {record: r, expr: 'm + on () n'}\n");
  const RuleTestResult result = Run(R"(
rule_files: [r.yml]
tests:
- input_series: [{series: 'm', values: 1}, {series: 'n{a="1"}', values: 1}, {series: 'n{a="2"}', values: 1}]
  promql_expr_test: [{expr: m, eval_time: 5m}]
)");
  ASSERT_EQ(result.cases[0].failures.size(), 1U);
  EXPECT_THAT(result.cases[0].failures[0],
              HasSubstr("rule: r, time: 0s, err: found duplicate series"));
}

TEST_F(RuleTestRunTest, RuleFilesMustLoadOnlyForTests) {
  Write("r.yml", "groups: [");
  EXPECT_TRUE(Run("rule_files: [r.yml]\ntests: []").passed());
  const RuleTestResult result = Run("rule_files: [r.yml]\ntests: [{}]");
  EXPECT_FALSE(result.passed());
  EXPECT_THAT(result.cases[0].failures[0], HasSubstr("r.yml:1:"));
  EXPECT_FALSE(RunRuleTestFile((directory_ / "none.yml").string(), {}, clock_).passed());
}

// tests/data/rule_tests/edges.txt: files with promtool's verdicts.
TEST_F(RuleTestRunTest, EdgesOfTheFormat) {
  const auto text = ReadFile(OUTRIDER_SOURCE_DIR "/tests/data/rule_tests/edges.txt");
  ASSERT_TRUE(text.ok()) << text.status();
  size_t cases = 0;
  size_t at = text->find("\n=== ");
  while (at != std::string::npos) {
    const size_t line_end = text->find('\n', at + 1);
    const size_t next = text->find("\n=== ", line_end - 1);
    const std::string head = text->substr(at + 5, line_end - at - 5);
    const std::string body = text->substr(line_end + 1, next - line_end);
    at = next;
    if (head == "rules r.yml") {
      Write("r.yml", body);
      continue;
    }
    const RuleTestResult result = Run(body);
    EXPECT_EQ(result.passed(), !head.starts_with("1 ")) << head << "\n" << body << result.aborted;
    ++cases;
  }
  EXPECT_GE(cases, 180U);
}

TEST_F(RuleTestRunTest, GroupsRunInTheOrderOfTheFile) {
  Write("r.yml", R"(groups:
- {name: reads, rules: [{record: r, expr: w}]}
- {name: writes, rules: [{record: w, expr: vector(time())}]}
)");
  const std::string tests = R"(
rule_files: [r.yml]
tests: [{promql_expr_test: [{expr: r, eval_time: 2m, exp_samples: [{labels: r, value: )";
  EXPECT_TRUE(Run(tests + "60}]}]}]").passed());
  EXPECT_TRUE(Run("group_eval_order: [writes, reads]" + tests + "120}]}]}]").passed());
}

TEST_F(RuleTestRunTest, RunsOnlyTestsOfThatName) {
  RuleTestOptions options;
  options.run = *Regex::Compile("b|c", Regex::Anchor::kNone, Regex::Dot::kNoNewline);
  options.debug = true;
  const RuleTestResult result =
      Run("tests: [{name: a}, {name: abc, input_series: [{series: m, values: '{{count:1}} 2 "
          "stale'}], promql_expr_test: [{expr: absent(n), eval_time: 2m, exp_samples: [{value: "
          "1}]}]}, {}]",
          options);
  ASSERT_EQ(result.cases.size(), 1U);
  EXPECT_EQ(result.cases[0].name, "abc");
  EXPECT_TRUE(result.passed()) << result.cases[0].failures[0];
  EXPECT_EQ(result.cases[0].dump, "m =>\n2 @[1m]\nstale @[2m]\n{{count:1}} @[0s]\n");
}

}  // namespace
}  // namespace outrider
