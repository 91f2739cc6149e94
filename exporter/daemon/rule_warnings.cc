// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/rule_warnings.h"

#include <fmt/format.h>

#include "rules/alerting/group_policy.h"
#include "rules/rulefile/template_text.h"

namespace outrider {
namespace {

std::string PlaceOf(const RuleGroup& group, const Rule& rule) {
  return fmt::format("{}:{}:{}: alert {}", group.file, rule.line, rule.column, rule.name);
}

}  // namespace

void WarnOfUnknownName(const RuleGroup& group, const Rule& rule, const std::string& annotation,
                       const std::set<std::string, std::less<>>& names, std::string_view why,
                       std::vector<std::string>* out) {
  const auto found = rule.annotations.find(annotation);
  if (found == rule.annotations.end() || names.contains(found->second)) return;
  if (HasActions(found->second)) return;
  out->push_back(
      fmt::format("{}: {} names \"{}\", {}", PlaceOf(group, rule), annotation, found->second, why));
}

void WarnOfNoDataPolicies(const std::vector<RuleGroup>& groups, std::vector<std::string>* out) {
  for (const RuleGroup& group : groups) {
    for (const Rule& rule : group.rules) {
      const auto found = rule.annotations.find(kNoDataAnnotation);
      if (found == rule.annotations.end()) continue;
      const Status status = ParseNoDataPolicy(found->second).status();
      if (status.ok()) continue;
      out->push_back(fmt::format("{}: {}: {}; it is ignored", PlaceOf(group, rule),
                                 kNoDataAnnotation, Message(status)));
    }
  }
}

}  // namespace outrider
