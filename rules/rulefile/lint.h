// SPDX-License-Identifier: Apache-2.0
// Lints of rules that load: what is most likely not meant. duplicate-rules is promtool's (check.h);
// the others are ours and say file:line.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rules/rulefile/rule_group.h"
#include "storage/base/status.h"
#include "storage/model/matcher.h"

namespace outrider {

// What --lint names.
struct LintSet {
  bool duplicate_rules = false;
  bool missing_for = false;            // an alert without `for`
  bool dropped_labels = false;         // a text reads a label that the expression does not give
  bool unbounded_cardinality = false;  // a recording rule that nothing holds down
  bool never_fires = false;            // an alert whose selectors match nothing; asks a server

  // promtool's `all` is duplicate-rules; `extended` is everything.
  static LintSet Parse(std::string_view names, std::vector<std::string>* unknown);
  bool any_own() const {
    return missing_for || dropped_labels || unbounded_cardinality || never_fires;
  }
};

struct LintFinding {
  std::string file;
  int line = 0;
  std::string group;
  std::string rule;
  const char* lint = "";  // as --lint names it
  std::string message;
  // `file:line: group "g", "rule": message [lint]`
  std::string Text() const;
};

// Whether a server has seen a series that these matchers match.
using HasSeen = std::function<StatusOr<bool>(const std::vector<Matcher>&)>;

// Our own lints over the rules of all files that are checked together: what they record is known to
// the others. An error is one of `has_seen`, which only never_fires needs.
StatusOr<std::vector<LintFinding>> LintRules(std::span<const RuleGroup> groups,
                                             const LintSet& lints, const HasSeen& has_seen);

}  // namespace outrider
