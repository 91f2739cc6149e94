// SPDX-License-Identifier: Apache-2.0
// Which rules the tests look at, and which of those ever gave something.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "rules/alerting/rule_view.h"
#include "rules/promql/engine.h"
#include "rules/rulefile/rule_group.h"
#include "rules/trial/rule_test_file.h"

namespace outrider {

struct RuleCoverage {
  RuleKind kind = RuleKind::kRecording;
  std::string name;
  std::string group;
  // An expectation names the alert or selects its series, or reads the recorded series, or one of
  // the rules that do so reads it.
  bool tested = false;
  // In some test it wrote a sample, or had an alert that was pending or firing.
  bool active = false;
};

// Over any number of tests; rules of one place in one file are one rule.
class CoverageReport {
 public:
  struct Place {
    std::string file;
    int line = 0;
    int column = 0;  // rules of a JSON file stand in one line
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  // What one test loaded and looked at. `active`: the rules that gave something in it.
  void Add(std::span<const RuleGroup> groups, const RuleTestCase& test,
           const promql::ParseOptions& promql, const std::set<Place>& active);
  void Merge(const CoverageReport& other);

  const std::map<Place, RuleCoverage>& rules() const { return rules_; }
  size_t tested() const;
  // 0 where there are no rules: a test of nothing is not enough for any bound.
  double Percent() const;
  // `Coverage: 3 of 5 rules …`, and a line for each rule that is not tested or was never active.
  std::string Text() const;

 private:
  std::map<Place, RuleCoverage> rules_;
};

}  // namespace outrider
