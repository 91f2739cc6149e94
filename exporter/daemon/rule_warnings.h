// SPDX-License-Identifier: Apache-2.0
// What deserves a warning about the outrider_* annotations of a rule. Templates are judged when
// they are rendered. Each warning names file:line:column of the rule.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rulefile/rule_group.h"

namespace outrider {

// A literal annotation that names something that is not among `names`; `why` ends the sentence.
void WarnOfUnknownName(const RuleGroup& group, const Rule& rule, const std::string& annotation,
                       const std::set<std::string, std::less<>>& names, std::string_view why,
                       std::vector<std::string>* out);

// outrider_no_data with a text that says nothing.
void WarnOfNoDataPolicies(const std::vector<RuleGroup>& groups, std::vector<std::string>* out);

}  // namespace outrider
