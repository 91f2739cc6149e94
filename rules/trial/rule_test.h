// SPDX-License-Identifier: Apache-2.0
// Runs unit tests of rules: `outrider test rules`, with promtool's verdicts. The rules run in the
// real groups of rules/alerting, over the series of the test, on virtual time: all groups at every
// evaluation_interval, their own intervals are not looked at. Source: specs/prometheus.md §3.4.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/promql/features.h"
#include "rules/trial/rule_coverage.h"
#include "rules/trial/rule_test_file.h"
#include "storage/base/clock.h"
#include "storage/base/regex.h"
#include "storage/base/status.h"

namespace outrider {

struct RuleTestOptions {
  promql::Features features;
  bool ignore_unknown_fields = false;  // of rule files; test files are strict
  std::optional<Regex> run;            // only tests whose name it is found in
  bool diff = false;                   // failures as a diff
  bool color = false;                  // of diffs
  bool debug = false;                  // dump what each test stored
};

struct RuleCaseResult {
  std::string name;  // `unnamed#N` where the test has none
  TestPlace place;
  std::vector<std::string> failures;  // promtool's texts, each behind `file:line:column:` and a LF
  int64_t nanos = 0;                  // how long it took
  std::string dump;                   // with `debug`: all series and samples
  bool passed() const { return failures.empty(); }
};

struct RuleTestResult {
  std::string path;
  Status aborted;  // not OK: the file cannot be read or is wrong, nothing was run
  std::vector<std::string> warnings;
  std::vector<RuleCaseResult> cases;
  CoverageReport coverage;
  bool passed() const;
};

// The rule files that the patterns of a test file find; none where it cannot be read.
std::vector<std::string> RuleFilesOf(const std::string& path);

// `clock` is for durations of work and the timeout of queries only.
RuleTestResult RunRuleTestFile(const std::string& path, const RuleTestOptions& options,
                               const Clock& clock);

}  // namespace outrider
