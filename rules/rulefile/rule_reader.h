// SPDX-License-Identifier: Apache-2.0
// One group of a rule file, read and checked. Source: specs/prometheus.md §3.1.
#pragma once

#include <vector>

#include "rules/rulefile/rule_file.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// Problems are added, never returned; a rule with a schema problem is
// left out of the group.
RuleGroup ReadRuleGroup(const YamlNode& node, const RuleFileOptions& options,
                        const std::string& file, std::vector<RuleProblem>* problems);

}  // namespace outrider
