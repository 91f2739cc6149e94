// SPDX-License-Identifier: Apache-2.0
#include "rules/rulefile/rule_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using ::testing::HasSubstr;
using Kind = RuleProblem::Kind;

std::string InGroup(const std::string& rules) {
  return "groups:\n- name: g\n  rules:\n  - " + rules + "\n";
}

struct BadCase {
  const char* name;
  std::string text;
  Kind kind;
  const char* problem;
};

const std::vector<BadCase>& BadCases() {
  static const auto* const kCases = new std::vector<BadCase>{
      {"not yaml", "groups: [", Kind::kSchema, "f.yml:"},
      {"top level list", "- a", Kind::kSchema, "f.yml:1:1: rule file must be a map"},
      {"unknown top key", "groups: []\nfoo: 1", Kind::kSchema, "f.yml:2:1: field foo not found"},
      {"unknown group key", "groups:\n- name: g\n  foo: 1", Kind::kSchema,
       "f.yml:3:3: field foo not found"},
      {"unknown rule key", InGroup("record: a\n    expr: b\n    foo: 1"), Kind::kSchema,
       "f.yml:6:5: field foo not found"},
      {"duplicate key", InGroup("record: a\n    expr: b\n    expr: c"), Kind::kSchema,
       "f.yml:6:5:"},
      {"groups is a map", "groups: {a: b}", Kind::kSchema, "groups must be a list"},
      {"rules is a text", "groups:\n- name: g\n  rules: x", Kind::kSchema, "rules must be a list"},
      {"name is a list", "groups:\n- name: [g]", Kind::kSchema, "f.yml:2:9:"},
      {"no group name", "groups:\n- rules: []", Kind::kSchema, "Groupname must not be empty"},
      {"group twice", "groups:\n- name: g\n- name: g", Kind::kSchema,
       "f.yml:3:3: groupname: \"g\" is repeated in the same file"},
      {"negative interval", "groups:\n- name: g\n  interval: -5s", Kind::kSchema, "f.yml:3:13:"},
      {"negative offset", "groups:\n- name: g\n  query_offset: -5s", Kind::kSchema, "f.yml:3:17:"},
      {"limit is a text", "groups:\n- name: g\n  limit: many", Kind::kSchema, "f.yml:3:10:"},
      {"group label", "groups:\n- name: g\n  labels: {__name__: a}", Kind::kSchema,
       "invalid label name: __name__"},
      {"both kinds", InGroup("record: a\n    alert: b\n    expr: c"), Kind::kSchema,
       "f.yml:4:13: group \"g\", rule 1, \"b\": only one of 'record' and 'alert' must be set"},
      {"neither kind", InGroup("expr: c"), Kind::kSchema,
       "f.yml:4:5: group \"g\", rule 1, \"\": one of 'record' or 'alert' must be set"},
      {"no expression", InGroup("record: a"), Kind::kSchema,
       "group \"g\", rule 1, \"a\": field 'expr' must be set in rule"},
      {"empty expression", InGroup("record: a\n    expr: ' '"), Kind::kSchema, "field 'expr' must"},
      {"record with annotations", InGroup("record: a\n    expr: b\n    annotations: {c: d}"),
       Kind::kSchema, "f.yml:6:18: group \"g\", rule 1, \"a\": invalid field 'annotations' in rec"},
      {"record with for", InGroup("record: a\n    expr: b\n    for: 5m"), Kind::kSchema,
       "f.yml:6:10: group \"g\", rule 1, \"a\": invalid field 'for' in recording rule"},
      {"record with keep", InGroup("record: a\n    expr: b\n    keep_firing_for: 5m"),
       Kind::kSchema, "invalid field 'keep_firing_for' in recording rule"},
      {"braces", InGroup("record: 'a{b=\"c\"}'\n    expr: b"), Kind::kSchema,
       "braces present in the recording rule name; should it be in expr?: a{b=\"c\"}"},
      {"label __name__", InGroup("alert: a\n    expr: b\n    labels: {__name__: c}"), Kind::kSchema,
       "f.yml:6:24: group \"g\", rule 1, \"a\": invalid label name: __name__"},
      {"annotation name", InGroup("alert: a\n    expr: b\n    annotations: {'': c}"), Kind::kSchema,
       "invalid annotation name: "},
      {"for without unit", InGroup("alert: a\n    expr: b\n    for: 5"), Kind::kSchema,
       "f.yml:6:10:"},
      {"expression", InGroup("alert: a\n    expr: 'up +'"), Kind::kExpression,
       "f.yml:5:11: group \"g\", rule 1, \"a\": could not parse expression: 1:5: parse error: "
       "unexpected end of input"},
      {"label template", InGroup("alert: a\n    expr: b\n    labels: {c: '{{ $d }}'}"),
       Kind::kTemplate,
       "f.yml:6:17: group \"g\", rule 1, \"a\": label \"c\": template: __alert_a:1:"},
      {"annotation template", InGroup("alert: a\n    expr: b\n    annotations: {c: '{{ $l.d '}"),
       Kind::kTemplate, "annotation \"c\": template: __alert_a:1:"},
      {"unknown function", InGroup("alert: a\n    expr: b\n    annotations: {c: '{{ nope 1 }}'}"),
       Kind::kTemplate, "nope"},
  };
  return *kCases;
}

TEST(RuleFileTest, BadFilesNameThePlace) {
  for (const BadCase& c : BadCases()) {
    SCOPED_TRACE(c.name);
    const RuleFile file = InspectRuleFile(c.text, "f.yml");
    ASSERT_EQ(file.problems.size(), 1U) << file.ProblemText();
    EXPECT_EQ(file.problems[0].kind, c.kind);
    EXPECT_THAT(file.problems[0].text, HasSubstr(c.problem));
    const bool schema = c.kind == Kind::kSchema;
    EXPECT_EQ(ParseRuleFile(c.text, "f.yml").ok(), !schema);
    RuleFileOptions strict;
    strict.strict = true;
    EXPECT_FALSE(ParseRuleFile(c.text, "f.yml", strict).ok());
  }
}

TEST(RuleFileTest, ReportsAllProblems) {
  const RuleFile file =
      InspectRuleFile(InGroup("record: a\n  - alert: b\n    expr: +\n  - alert: c"), "f.yml");
  EXPECT_EQ(file.problems.size(), 3U) << file.ProblemText();
}

TEST(RuleFileTest, WrongExpressionDisablesOnlyItsRule) {
  const auto file =
      ParseRuleFile(InGroup("alert: a\n    expr: 'up +'\n  - record: b\n    expr: up"), "f");
  ASSERT_TRUE(file.ok());
  const std::vector<Rule>& rules = file->groups[0].rules;
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_FALSE(rules[0].error.ok());
  EXPECT_FALSE(rules[0].expression.has_value());
  EXPECT_TRUE(rules[1].error.ok());
  EXPECT_TRUE(rules[1].expression.has_value());
}

TEST(RuleFileTest, ReadsEveryField) {
  const auto file = ParseRuleFile(R"(groups:
- name: g
  interval: 30s
  query_offset: 1m
  limit: 7
  labels: {team: a, tier: b}
  rules:
  - alert: Down
    expr: |
      up
        == 0
    for: 5m
    keep_firing_for: 90s
    labels: {team: mine, n: 5}
    annotations: {summary: "{{ $labels.instance }} {{ .Value | humanize }}", empty: }
  - record: job:up:sum
    expr: sum by (job) (up)
    annotations: {}
    for: 0s
- name: defaults
)",
                                  "f.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->groups.size(), 2U);
  const RuleGroup& group = file->groups[0];
  EXPECT_EQ(group.Key(), "f.yml;g");
  EXPECT_EQ(group.interval, 30 * kSecond);
  EXPECT_EQ(group.query_offset, kMinute);
  EXPECT_EQ(group.limit, 7);
  const Rule& alert = group.rules[0];
  EXPECT_EQ(alert.kind, RuleKind::kAlerting);
  EXPECT_EQ(alert.name, "Down");
  EXPECT_EQ(alert.expr, "up\n  == 0");
  EXPECT_EQ(alert.hold, 5 * kMinute);
  EXPECT_EQ(alert.keep_firing_for, 90 * kSecond);
  EXPECT_EQ(alert.labels,
            (std::map<std::string, std::string>{{"n", "5"}, {"team", "mine"}, {"tier", "b"}}));
  EXPECT_EQ(alert.annotations.at("empty"), "");
  EXPECT_EQ(group.rules[1].kind, RuleKind::kRecording);
  EXPECT_EQ(group.rules[1].labels.at("tier"), "b");
  EXPECT_EQ(file->groups[1].interval, 0);
  EXPECT_EQ(file->groups[1].query_offset, std::nullopt);
}

TEST(RuleFileTest, EmptyFilesAreFine) {
  for (const char* text : {"", "# nothing", "groups:", "groups: []"}) {
    const auto file = ParseRuleFile(text, "f.yml");
    ASSERT_TRUE(file.ok()) << text << file.status();
    EXPECT_TRUE(file->groups.empty());
  }
}

TEST(RuleFileTest, EmptyItemsAreLeftOut) {
  const auto file = ParseRuleFile(
      "groups:\n-\n- name: g\n  rules:\n  -\n  - {record: r, expr: m}\n  - ~\n- null\n", "f");
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->groups.size(), 1U);
  ASSERT_EQ(file->groups[0].rules.size(), 1U);
  EXPECT_EQ(file->groups[0].rules[0].name, "r");
}

// As Go's yaml.v3 reads a number into an int: those of YAML 1.1, and what follows a point is cut
// off.
TEST(RuleFileTest, Limits) {
  const struct {
    const char* text;
    int64_t limit;  // -1: refused
  } kCases[] = {
      {"5", 5},       {"+5", 5},     {"1_000", 1000}, {"0x10", 16},  {"0o17", 15},
      {"0b11", 3},    {"010", 8},    {"09", 9},       {"1e3", 1000}, {"1e+06", 1000000},
      {"5.0", 5},     {"5.5", 5},    {".5", 0},       {"~", 0},      {"\"5\"", -1},
      {"'5'", -1},    {"many", -1},  {"_5", -1},      {"1e30", -1},  {".inf", -1},
      {".nan", -1},   {"5 5", -1},   {"[5]", -1},     {"true", -1},  {"9223372036854775808", -1},
      {"0x_1_0", 16}, {"1.2.3", -1}, {"0xg", -1},
  };
  for (const auto& c : kCases) {
    const auto file =
        ParseRuleFile(std::string("groups:\n- name: g\n  limit: ") + c.text + "\n", "f.yml");
    EXPECT_EQ(file.ok() ? file->groups[0].limit : -1, c.limit) << c.text << file.status();
    if (c.limit >= 0) continue;
    EXPECT_THAT(Message(file.status()), HasSubstr("f.yml:3:10: limit")) << c.text;
  }
}

TEST(RuleFileTest, MergeKeysAndAliases) {
  const auto file = ParseRuleFile(R"(groups:
- name: g
  rules:
  - &high
    alert: A
    expr: &e up == 0
    for: 5m
    labels: {severity: critical}
  - record: r
    expr: *e
  - <<: *high
    alert: B
  - <<: [*high, {for: 1m, keep_firing_for: 2m}]
    alert: C
)",
                                  "f.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  const std::vector<Rule>& rules = file->groups[0].rules;
  ASSERT_EQ(rules.size(), 4U);
  EXPECT_EQ(rules[1].expr, "up == 0");
  EXPECT_EQ(rules[2].name, "B");
  EXPECT_EQ(rules[2].hold, 5 * kMinute);
  EXPECT_EQ(rules[2].labels.at("severity"), "critical");
  EXPECT_EQ(rules[3].hold, 5 * kMinute);
  EXPECT_EQ(rules[3].keep_firing_for, 2 * kMinute);
}

TEST(RuleFileTest, BundlesLeaveOtherKeysAlone) {
  const std::string text =
      "groups: []\nroute: {receiver: a}\nreceivers: []\ninhibit_rules: []\ntime_intervals: []\n";
  RuleFileOptions options;
  EXPECT_FALSE(ParseRuleFile(text, "f.yml", options).ok());
  options.bundle = true;
  EXPECT_TRUE(ParseRuleFile(text, "f.yml", options).ok());
  EXPECT_FALSE(ParseRuleFile(text + "global: {}\n", "f.yml", options).ok());
}

TEST(RuleFileTest, Utf8NamesAreNames) {
  const auto file =
      ParseRuleFile(InGroup("alert: a\n    expr: b\n    labels: {ins-tance: c}"), "f.yml");
  EXPECT_TRUE(file.ok()) << file.status();
}

TEST(RuleFileTest, SameRulesCompareEqualWhereverTheyStand) {
  const auto a = ParseRuleFile(InGroup("record: a\n    expr: b"), "f.yml");
  const auto b = ParseRuleFile("# moved\n" + InGroup("record: a\n    expr: b"), "f.yml");
  const auto c = ParseRuleFile(InGroup("record: a\n    expr: c"), "f.yml");
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  EXPECT_EQ(a->groups, b->groups);
  EXPECT_NE(a->groups, c->groups);
}

}  // namespace
}  // namespace outrider
