// SPDX-License-Identifier: Apache-2.0
// promtool's verdicts on its own fixtures and on real rule files (../shared/conformance).
#include "rules/rulefile/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "storage/base/file.h"

namespace outrider {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kConformance = OUTRIDER_SOURCE_DIR "/../shared/conformance/";

RuleCheck Check(const std::string& path, const RuleFileOptions& options = {}) {
  const auto text = ReadFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  return CheckRuleFile(text.value_or(""), fs::path(path).filename().string(), options, true);
}

struct Fixture {
  const char* file;
  int exit_code;
  int exit_code_lint_fatal;
  const char* text;
};

constexpr Fixture kFixtures[] = {
    {"rules.yml", 0, 0, "  SUCCESS: 5 rules found"},
    {"at-modifier.yml", 0, 0, "SUCCESS"},
    {"negative-offset.yml", 0, 0, "SUCCESS"},
    {"bad-rules-error.yml", 0, 0, "SUCCESS"},
    {"rules_run.yml", 1, 1, "field rule_files not found"},
    {"rules-bad.yml", 1, 1,
     "group \"alerts\", rule 1, \"InstanceDown\": annotation \"summary\": "
     "template: __alert_InstanceDown:1: undefined variable \"$label\""},
    {"bad-rules-syntax.yml", 1, 1,
     "bad-rules-syntax.yml:7:15: group \"bad-syntax\", rule 1, \"x\": could not parse expression: "
     "1:7: parse error: unexpected end of input"},
    {"rules_extrafields.yml", 1, 1, "rules_extrafields.yml:7:5: field namespace not found"},
    {"rules_duplicates.yml", 0, 3,
     "  FAILED:\nlint error 1 duplicate rule(s) found.\nMetric: job:test:count_over_time1m\n"
     "Label(s):\nMight cause inconsistency while recording expressions"},
    {"prometheus-rules.lint.yml", 0, 3,
     "lint error 1 duplicate rule(s) found.\nMetric: HighRequestLatency\n"
     "Label(s):\n\tseverity: page\nMight cause"},
};

TEST(CheckRulesTest, PromtoolFixtures) {
  if (!FileExists(kConformance + "rule_tests")) GTEST_SKIP() << "no ../shared/conformance";
  for (const Fixture& fixture : kFixtures) {
    SCOPED_TRACE(fixture.file);
    const RuleCheck check = Check(kConformance + "rule_tests/" + fixture.file);
    EXPECT_EQ(check.ExitCode(false), fixture.exit_code) << check.Text();
    EXPECT_EQ(check.ExitCode(true), fixture.exit_code_lint_fatal) << check.Text();
    EXPECT_THAT(check.Text(), HasSubstr(fixture.text));
  }
}

TEST(CheckRulesTest, IgnoreUnknownFields) {
  if (!FileExists(kConformance + "rule_tests")) GTEST_SKIP() << "no ../shared/conformance";
  RuleFileOptions options;
  options.ignore_unknown_fields = true;
  const RuleCheck check = Check(kConformance + "rule_tests/rules_extrafields.yml", options);
  EXPECT_TRUE(check.ok()) << check.Text();
  EXPECT_EQ(check.rules, 5U);
}

TEST(CheckRulesTest, RealRuleFilesLoad) {
  const std::string top = kConformance + "rules";
  if (!FileExists(top)) GTEST_SKIP() << "no ../shared/conformance";
  size_t files = 0;
  size_t rules = 0;
  for (const auto& entry : fs::recursive_directory_iterator(top)) {
    if (!entry.is_regular_file() || entry.path().extension() != ".yml") continue;
    const RuleCheck check = Check(entry.path().string());
    EXPECT_TRUE(check.ok()) << entry.path() << "\n" << check.Text();
    ++files;
    rules += check.rules;
  }
  EXPECT_GE(files, 100U);
  EXPECT_GE(rules, 500U);
}

}  // namespace
}  // namespace outrider
