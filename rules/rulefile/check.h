// SPDX-License-Identifier: Apache-2.0
// What `outrider check rules` tells about a file, with promtool's verdicts and exit codes.
// Source: specs/prometheus.md §3.4.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "rules/rulefile/rule_file.h"

namespace outrider {

struct DuplicateRule {
  std::string name;
  std::map<std::string, std::string> labels;
  friend auto operator<=>(const DuplicateRule&, const DuplicateRule&) = default;
};

// Rules of a file that share name and labels with an earlier one, over all groups; sorted.
std::vector<DuplicateRule> FindDuplicateRules(std::span<const RuleGroup> groups);
// promtool's text for them.
std::string DuplicateText(std::span<const DuplicateRule> duplicates);

struct RuleCheck {
  size_t rules = 0;
  std::vector<RuleProblem> problems;
  std::vector<DuplicateRule> duplicates;
  bool ok() const { return problems.empty(); }
  // promtool's: 0 fine, 1 refused, 3 lint with `lint_fatal`.
  int ExitCode(bool lint_fatal) const;
  // `  SUCCESS: N rules found`, or `  FAILED:` and a line for each problem; no line feed at the
  // end.
  std::string Text() const;
};

// `lint`: look for duplicates.
RuleCheck CheckRuleFile(std::string_view text, const std::string& path,
                        const RuleFileOptions& options, bool lint);

}  // namespace outrider
