// SPDX-License-Identifier: Apache-2.0
// Rule files: YAML in, groups and problems out. Accepts and refuses what promtool does; every
// problem names file:line:column. Source: specs/prometheus.md §3.1, contract.md "Start and reload".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/engine.h"
#include "rules/rulefile/rule_group.h"
#include "storage/base/status.h"

namespace outrider {

struct RuleFileOptions {
  // A bundle file: the keys route, receivers, inhibit_rules and time_intervals beside `groups` are
  // left to others.
  bool bundle = false;
  bool ignore_unknown_fields = false;  // promtool --ignore-unknown-fields
  bool strict = false;  // rules.strict: errors of expressions and templates refuse the file too
  promql::ParseOptions promql;
};

struct RuleProblem {
  enum class Kind {
    kSchema,      // YAML or schema: the file is refused
    kExpression,  // the rule is disabled
    kTemplate,    // the rule is disabled
  };
  Kind kind = Kind::kSchema;
  std::string text;  // `file:line:column: group "g", rule 1, "name": …`
};

struct RuleFile {
  std::string path;
  std::vector<RuleGroup> groups;  // without the rules that have a schema problem
  std::vector<RuleProblem> problems;

  // All texts, one a line.
  std::string ProblemText() const;
};

// Reads everything and reports everything that is wrong with it; for `outrider check rules`.
RuleFile InspectRuleFile(std::string_view text, const std::string& path,
                         const RuleFileOptions& options = {});

// The same for loading: a schema problem (with `strict`: any problem) is InvalidArgument with all
// the texts; otherwise wrong rules carry their error in Rule::error.
StatusOr<RuleFile> ParseRuleFile(std::string_view text, const std::string& path,
                                 const RuleFileOptions& options = {});

}  // namespace outrider
