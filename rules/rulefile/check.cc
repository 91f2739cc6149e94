// SPDX-License-Identifier: Apache-2.0
#include "rules/rulefile/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace outrider {

std::vector<DuplicateRule> FindDuplicateRules(std::span<const RuleGroup> groups) {
  std::vector<DuplicateRule> all;
  for (const RuleGroup& group : groups) {
    for (const Rule& rule : group.rules) all.push_back({rule.name, rule.labels});
  }
  std::ranges::sort(all);
  std::vector<DuplicateRule> duplicates;
  for (size_t i = 1; i < all.size(); ++i) {
    if (all[i] != all[i - 1]) continue;
    if (duplicates.empty() || duplicates.back() != all[i]) duplicates.push_back(all[i]);
  }
  return duplicates;
}

std::string DuplicateText(std::span<const DuplicateRule> duplicates) {
  std::string text = fmt::format("{} duplicate rule(s) found.\n", duplicates.size());
  for (const DuplicateRule& rule : duplicates) {
    text += fmt::format("Metric: {}\nLabel(s):\n", rule.name);
    for (const auto& [name, value] : rule.labels) text += fmt::format("\t{}: {}\n", name, value);
  }
  return text + "Might cause inconsistency while recording expressions";
}

int RuleCheck::ExitCode(bool lint_fatal) const {
  if (!ok()) return 1;
  return lint_fatal && !clean() ? 3 : 0;
}

std::string RuleCheck::Text() const {
  if (clean()) return fmt::format("  SUCCESS: {} rules found", rules);
  std::string text = "  FAILED:";
  for (const RuleProblem& problem : problems) text += "\n" + problem.text;
  if (!duplicates.empty()) text += "\nlint error " + DuplicateText(duplicates);
  for (const LintFinding& finding : findings) text += "\nlint error " + finding.Text();
  return text;
}

RuleCheck CheckRuleFile(std::string_view text, const std::string& path,
                        const RuleFileOptions& options, bool duplicates) {
  RuleFile file = InspectRuleFile(text, path, options);
  RuleCheck check;
  check.path = path;
  check.groups = std::move(file.groups);
  for (const RuleGroup& group : check.groups) check.rules += group.rules.size();
  if (duplicates && file.problems.empty()) check.duplicates = FindDuplicateRules(check.groups);
  check.problems = std::move(file.problems);
  return check;
}

Status AddFindings(const LintSet& lints, const HasSeen& has_seen, std::vector<RuleCheck>* checks) {
  if (!lints.any_own()) return {};
  std::vector<RuleGroup> groups;
  for (const RuleCheck& check : *checks) {
    if (check.ok()) std::ranges::copy(check.groups, std::back_inserter(groups));
  }
  for (LintFinding& finding : TRY(LintRules(groups, lints, has_seen))) {
    const auto check = std::ranges::find(*checks, finding.file, &RuleCheck::path);
    if (check != checks->end()) check->findings.push_back(std::move(finding));
  }
  return {};
}

int ExitCodeOf(std::span<const RuleCheck> checks, bool lint_fatal) {
  int code = 0;
  for (const RuleCheck& check : checks) {
    if (!check.ok()) return 1;
    code = std::max(code, check.ExitCode(lint_fatal));
  }
  return code;
}

}  // namespace outrider
