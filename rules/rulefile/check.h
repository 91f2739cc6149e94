// SPDX-License-Identifier: Apache-2.0
// What `outrider check rules` tells about a file, with promtool's verdicts and exit codes.
// Source: specs/prometheus.md §3.4.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "rules/rulefile/lint.h"
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
  std::string path;
  size_t rules = 0;
  std::vector<RuleProblem> problems;
  std::vector<DuplicateRule> duplicates;
  std::vector<LintFinding> findings;  // of our own lints
  std::vector<RuleGroup> groups;
  bool ok() const { return problems.empty(); }
  bool clean() const { return ok() && duplicates.empty() && findings.empty(); }
  // promtool's: 0 fine, 1 refused, 3 lint with `lint_fatal`.
  int ExitCode(bool lint_fatal) const;
  // `  SUCCESS: N rules found`, or `  FAILED:` and a line for each problem or lint; no line feed at
  // the end.
  std::string Text() const;
};

// `duplicates`: look for duplicate rules.
RuleCheck CheckRuleFile(std::string_view text, const std::string& path,
                        const RuleFileOptions& options, bool duplicates);

// Our own lints over all files that load; what is found goes to each file's check.
Status AddFindings(const LintSet& lints, const HasSeen& has_seen, std::vector<RuleCheck>* checks);

// Of several files: a refused one decides, then a lint.
int ExitCodeOf(std::span<const RuleCheck> checks, bool lint_fatal);

}  // namespace outrider
