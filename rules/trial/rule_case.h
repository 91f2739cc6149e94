// SPDX-License-Identifier: Apache-2.0
// One test of a rule test file at work.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "rules/rulefile/rule_group.h"
#include "rules/trial/rule_test.h"

namespace outrider {

struct RuleCase {
  const RuleTestFile& file;
  const RuleTestCase& test;
  std::vector<RuleGroup> groups;  // in the order of evaluation
};

struct RuleCaseOutcome {
  std::vector<std::string> failures;
  std::string dump;                        // with `debug`
  std::set<CoverageReport::Place> active;  // rules that gave something
};

RuleCaseOutcome RunRuleCase(RuleCase rule_case, const RuleTestOptions& options, const Clock& clock);

}  // namespace outrider
