// SPDX-License-Identifier: Apache-2.0
#include "rules/rulefile/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/rulefile/check.h"
#include "rules/rulefile/label_flow.h"
#include "rules/rulefile/template_labels.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

promql::Expression Parsed(const std::string& text) {
  const auto parsed = promql::Expression::Parse(text, promql::kWholeLanguage);
  EXPECT_TRUE(parsed.ok()) << text << ": " << parsed.status();
  return *parsed;
}

struct FlowCase {
  const char* expr;
  const char* labels;  // those of a, b, c, le that the result may have; + for an open set
};

constexpr FlowCase kFlows[] = {
    {"x", "a b c le +"},
    {"x{a=\"\"}", "b c le +"},
    {"x{a!=\"\",b=\"1\"}", "a b c le +"},
    {"rate(x[5m])", "a b c le +"},
    {"sum(x)", ""},
    {"sum by (a, b) (x)", "a b"},
    {"sum by (a, b) (x{b=\"\"})", "a"},
    {"sum without (a) (x)", "b c le +"},
    {"sum without (a) (sum by (a, b) (x))", "b"},
    {"topk by (a) (3, x)", "a b c le +"},
    {"topk(3, sum by (a) (x))", "a"},
    {"count_values(\"c\", x)", "c"},
    {"count_values by (a) (\"c\", x)", "a c"},
    {"absent(x{a=\"1\",b=~\"1\"})", "a"},
    {"absent(x{a=\"1\",a!=\"2\"})", ""},
    {"absent(sum(x{a=\"1\"}))", ""},
    {"absent_over_time(x{a=\"1\"}[5m])", "a"},
    {"vector(1)", ""},
    {"time()", ""},
    {"scalar(x)", ""},
    {"label_replace(sum(x), \"a\", \"1\", \"b\", \"2\")", "a"},
    {"label_join(sum by (b) (x), \"a\", \"-\", \"b\")", "a b"},
    {"histogram_quantile(0.9, sum by (a, le) (x))", "a"},
    {"histogram_quantiles(sum by (a, le) (x), \"b\", 0.5)", "a b"},
    {"info(sum by (a) (x))", "a b c le +"},
    {"x + 1", "a b c le +"},
    {"1 - sum by (a) (x)", "a"},
    {"1 + 2", ""},
    {"-(sum by (a) (x))", "a"},
    {"sum by (a) (x) > sum by (b) (y)", "a"},
    {"x > on (a, b) y", "a b"},
    {"x > ignoring (a) y", "b c le +"},
    {"x * on (a) group_left (b) sum by (a, b) (y)", "a b c le +"},
    {"sum by (a) (x) * on (a) group_left (b) y", "a b"},
    {"sum by (a) (x) * on (a) group_left (b, c) sum by (a, b) (y)", "a b"},
    {"y * on (a) group_right (c) sum by (a) (x)", "a c"},
    {"sum by (a) (x) and on () y", "a"},
    {"sum by (a) (x) unless y", "a"},
    {"sum by (a) (x) or sum by (b) (y)", "a b"},
    {"sum by (a) (x) or y{b=\"\"}", "a c le +"},
    {"x{a=\"\"} or y{a=\"\",b=\"\"}", "b c le +"},
    {"max_over_time(sum by (a) (x)[1h:1m])", "a"},
};

TEST(LabelFlowTest, FollowsLabelsThroughExpressions) {
  for (const FlowCase& c : kFlows) {
    const LabelFlow flow = LabelsOf(Parsed(c.expr).root(), {});
    std::string labels;
    for (const char* name : {"a", "b", "c", "le"}) {
      if (flow.MayHave(name)) labels += (labels.empty() ? "" : " ") + std::string(name);
    }
    if (flow.open()) labels += " +";
    EXPECT_EQ(labels, c.labels) << c.expr;
  }
}

TEST(LabelFlowTest, KnowsWhatOtherRulesRecord) {
  const RecordedLabels recorded = {{"job:x", LabelFlow::Only({"job"})}};
  const LabelFlow flow = LabelsOf(Parsed("rate(job:x[5m]) > 1").root(), recorded);
  EXPECT_FALSE(flow.open());
  EXPECT_THAT(flow.names(), ElementsAre("job"));
}

struct ReductionCase {
  const char* expr;
  bool reduced;
  const char* from_value;
};

constexpr ReductionCase kReductions[] = {
    {"rate(x[5m])", false, ""},
    {"x{a=\"1\"} * 8", false, ""},
    {"x / y", false, ""},
    {"x / on (a) y", true, ""},
    {"x / on (a) group_left () sum by (a) (y)", false, ""},
    {"sum(y) * on () group_right () x", false, ""},
    {"x * on () group_right () sum without (b) (y)", true, ""},
    {"x and sum(y)", false, ""},
    {"sum without (a) (x)", true, ""},
    {"sum without (a) (x) or y", false, ""},
    {"topk(5, x)", true, ""},
    {"absent(x)", true, ""},
    {"vector(1)", true, ""},
    {"count_values(\"v\", x)", true, "v"},
    {"sum(count_values(\"v\", x))", true, ""},
    {"sum by (v) (count_values(\"v\", x))", true, "v"},
    {"sum without (v) (count_values(\"v\", x))", true, ""},
};

TEST(LabelFlowTest, TellsWhatHoldsTheNumberOfSeriesDown) {
  for (const ReductionCase& c : kReductions) {
    const Reduction reduction = ReductionOf(Parsed(c.expr).root());
    EXPECT_EQ(reduction.reduced, c.reduced) << c.expr;
    const std::string from_value =
        reduction.from_values.empty() ? "" : *reduction.from_values.begin();
    EXPECT_EQ(from_value, c.from_value) << c.expr;
  }
}

struct TextCase {
  const char* text;
  std::vector<std::string> labels;
};

TEST(LabelsReadTest, FindsLabelsOfTheRuleOnly) {
  const TextCase kTexts[] = {
      {"no action, $labels.a", {}},
      {"{{ $labels.a }} and {{ .Labels.b }} and {{ $.Labels.c }}", {"a", "b", "c"}},
      {"{{ if eq $labels.a \"x\" }}{{ $labels.b | title }}{{ else }}{{ $labels.c }}{{ end }}",
       {"a", "b", "c"}},
      {"{{ index $labels \"a\" }} {{ (index .Labels \"b\") }}", {"a", "b"}},
      {"{{ range query \"up\" }}{{ .Labels.a }}{{ $labels.b }}{{ $.Labels.c }}{{ end }}",
       {"b", "c"}},
      {"{{ with query \"up\" }}{{ .Labels.a }}{{ else }}{{ .Labels.b }}{{ end }}", {"b"}},
      {"{{ $labels := 1 }}{{ $labels.a }}", {}},
      {"{{ printf \"%s %s\" $labels.a (.Labels.b | toUpper) }}", {"a", "b"}},
      {"{{ $labels }} {{ $value }} {{ $externalLabels.a }}", {}},
      {"{{ broken", {}},
  };
  for (const TextCase& c : kTexts) {
    const std::set<std::string> read = LabelsRead(c.text);
    EXPECT_EQ(std::vector<std::string>(read.begin(), read.end()), c.labels) << c.text;
  }
}

struct LintCase {
  const char* name;
  const char* rule;                // of one group
  std::vector<std::string> lints;  // `lint: a part of the message`
};

std::vector<std::string> Lint(const std::string& rules, const HasSeen& has_seen = nullptr) {
  const std::string text = "groups:\n- name: g\n" + rules;
  std::vector<RuleCheck> checks = {CheckRuleFile(text, "f.yml", {}, false)};
  EXPECT_TRUE(checks[0].ok()) << checks[0].Text();
  std::vector<std::string> unknown;
  LintSet lints = LintSet::Parse("extended", &unknown);
  lints.never_fires = has_seen != nullptr;
  const Status status = AddFindings(lints, has_seen, &checks);
  EXPECT_TRUE(status.ok()) << status;
  std::vector<std::string> found;
  for (const LintFinding& finding : checks[0].findings) found.push_back(finding.Text());
  return found;
}

TEST(LintTest, FindsWhatIsNotMeant) {
  const LintCase kCases[] = {
      {"fine",
       "  rules:\n  - {alert: A, expr: up == 0, for: 1m, annotations: {s: '{{ $labels.job }}'}}",
       {}},
      {"no for",
       "  rules:\n  - {alert: A, expr: up == 0}",
       {"f.yml:4: group \"g\", \"A\": fires at the first evaluation that gives something: it has "
        "no `for` [missing-for]"}},
      {"no for, no series", "  rules:\n  - {alert: A, expr: vector(1)}", {}},
      {"dropped",
       "  rules:\n  - {alert: A, expr: sum by (job) (up) == 0, for: 1m, annotations: {s: '{{ "
       "$labels.instance }}'}}",
       {"annotation \"s\" reads the label instance, which the expression drops: its result has "
        "only job [dropped-labels]"}},
      {"dropped in a label",
       "  rules:\n  - {alert: A, expr: sum(up) == 0, for: 1m, labels: {s: '{{ .Labels.a }}'}}",
       {"label \"s\" reads the label a, which the expression drops: its result has no labels"}},
      {"dropped by without",
       "  rules:\n  - {alert: A, expr: sum without (a) (up), for: 1m, annotations: {s: '{{ "
       "$labels.a }}'}}",
       {"its series do not have it"}},
      {"dropped by a rule before",
       "  rules:\n  - {record: j, expr: sum by (job) (up), labels: {team: x}}\n"
       "  - {alert: A, expr: j == 0, for: 1m, annotations: {s: '{{ $labels.a }} {{ $labels.team "
       "}}'}}",
       {"its result has only job, team"}},
      {"recorded as it is",
       "  rules:\n  - {record: r, expr: 'rate(x[5m])'}",
       {"f.yml:4: group \"g\", \"r\": records a series for each one it reads"}},
      {"recorded as it is, limited",
       "  limit: 9\n  rules:\n  - {record: r, expr: 'rate(x[5m])'}",
       {}},
      {"identifier",
       "  rules:\n  - {record: r, expr: 'sum by (job, user_id) (x)'}",
       {"the label user_id has as many values as there are of those"}},
      {"values",
       "  rules:\n  - {record: r, expr: 'count_values(\"v\", x)'}",
       {"the label v takes its values from samples"}},
  };
  for (const LintCase& c : kCases) {
    SCOPED_TRACE(c.name);
    const std::vector<std::string> found = Lint(c.rule);
    ASSERT_EQ(found.size(), c.lints.size()) << testing::PrintToString(found);
    for (size_t i = 0; i < found.size(); ++i) EXPECT_THAT(found[i], HasSubstr(c.lints[i]));
  }
}

struct FireCase {
  const char* expr;
  const char* empty;  // selectors that match nothing and keep the alert from firing
};

// The server has seen metrics whose name begins with s.
constexpr FireCase kFires[] = {
    {"seen > 1", ""},
    {"typo > 1", "nothing that typo matches"},
    {"typo{a=\"1\"} > 1", "nothing that typo{a=\"1\"} matches"},
    {"seen and typo", "nothing that typo matches"},
    {"seen or typo", ""},
    {"typo or typo2", "nothing that typo, typo2 match"},
    {"seen unless typo", ""},
    {"typo unless seen", "nothing that typo matches"},
    {"absent(typo)", ""},
    {"sum(rate(typo[5m])) / sum(rate(seen[5m]))", "nothing that typo matches"},
    {"seen > scalar(typo)", ""},
    {"vector(1)", ""},
    {"max_over_time(typo[1h:1m])", "nothing that typo matches"},
    {"label_replace(typo, \"a\", \"b\", \"c\", \"d\")", "nothing that typo matches"},
    {"recorded > 1", ""},
    {"ALERTS{alertname=\"A\"}", ""},
};

TEST(LintTest, AlertsThatCanNeverFire) {
  const HasSeen seen = [](const std::vector<Matcher>& matchers) -> StatusOr<bool> {
    for (const Matcher& matcher : matchers) {
      if (matcher.name() == kMetricName) return matcher.value().starts_with("s");
    }
    return false;
  };
  for (const FireCase& c : kFires) {
    SCOPED_TRACE(c.expr);
    const std::vector<std::string> found =
        Lint("  rules:\n  - {record: recorded, expr: sum(seen)}\n  - {alert: A, for: 1m, expr: '" +
                 std::string(c.expr) + "'}",
             seen);
    if (std::string_view(c.empty).empty()) {
      EXPECT_THAT(found, IsEmpty());
    } else {
      ASSERT_EQ(found.size(), 1U) << testing::PrintToString(found);
      EXPECT_THAT(found[0],
                  HasSubstr(std::string("can never fire: the server has seen ") + c.empty));
      EXPECT_THAT(found[0], HasSubstr("[never-fires]"));
    }
  }
}

TEST(LintTest, AServerThatDoesNotAnswerIsAnError) {
  std::vector<RuleCheck> checks = {CheckRuleFile(
      "groups:\n- name: g\n  rules:\n  - {alert: A, expr: up}\n", "f.yml", {}, false)};
  LintSet lints;
  lints.never_fires = true;
  const HasSeen broken = [](const std::vector<Matcher>&) -> StatusOr<bool> {
    return Internal("no answer");
  };
  EXPECT_EQ(Message(AddFindings(lints, broken, &checks)), "no answer");
}

TEST(LintTest, NamesOfLints) {
  struct Case {
    const char* names;
    bool duplicates;
    bool own;
    std::vector<std::string> unknown;
  };
  const Case kNames[] = {
      {"", false, false, {}},           {"none", false, false, {}},
      {"all", true, false, {}},         {"duplicate-rules", true, false, {}},
      {"extended", true, true, {}},     {"missing-for,none", false, true, {}},
      {"never-fires", false, true, {}}, {"tidy,all,", true, false, {"tidy", ""}}};
  for (const Case& c : kNames) {
    std::vector<std::string> unknown;
    const LintSet set = LintSet::Parse(c.names, &unknown);
    EXPECT_EQ(set.duplicate_rules, c.duplicates) << c.names;
    EXPECT_EQ(set.any_own(), c.own) << c.names;
    EXPECT_EQ(unknown, c.unknown) << c.names;
  }
}

TEST(CheckRulesTest, ARefusedFileDecidesTheExitCode) {
  const std::string rule = "  - {record: a, expr: b}\n";
  const std::string head = "groups:\n- name: g\n  rules:\n";
  const std::vector<RuleCheck> twice = {CheckRuleFile(head + rule + rule, "f", {}, true)};
  const std::vector<RuleCheck> mixed = {CheckRuleFile(head + rule + rule, "f", {}, true),
                                        CheckRuleFile("groups: [", "g", {}, true)};
  EXPECT_EQ(ExitCodeOf(twice, false), 0);
  EXPECT_EQ(ExitCodeOf(twice, true), 3);
  EXPECT_EQ(ExitCodeOf(mixed, true), 1);
}

}  // namespace
}  // namespace outrider
