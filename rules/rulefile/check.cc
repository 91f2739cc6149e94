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
  return lint_fatal && !duplicates.empty() ? 3 : 0;
}

std::string RuleCheck::Text() const {
  if (ok() && duplicates.empty()) return fmt::format("  SUCCESS: {} rules found", rules);
  std::string text = "  FAILED:";
  for (const RuleProblem& problem : problems) text += "\n" + problem.text;
  if (ok()) text += "\nlint error " + DuplicateText(duplicates);
  return text;
}

RuleCheck CheckRuleFile(std::string_view text, const std::string& path,
                        const RuleFileOptions& options, bool lint) {
  RuleFile file = InspectRuleFile(text, path, options);
  RuleCheck check;
  for (const RuleGroup& group : file.groups) check.rules += group.rules.size();
  if (lint && file.problems.empty()) check.duplicates = FindDuplicateRules(file.groups);
  check.problems = std::move(file.problems);
  return check;
}

}  // namespace outrider
