// SPDX-License-Identifier: Apache-2.0
// What a Prometheus rule file says, as values. Source: specs/prometheus.md §3.1.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/promql/engine.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

enum class RuleKind { kRecording, kAlerting };

struct Rule {
  RuleKind kind = RuleKind::kRecording;
  std::string name;  // the recorded metric or the alert's name
  std::string expr;  // as written, blanks at both ends removed
  // None when the text does not parse; then `error` says why.
  std::optional<promql::Expression> expression;
  // Not OK: the expression or a template is wrong (file:line:column). The rule is disabled and
  // shown as failing; the rest of the file goes on (contract.md "Start and reload").
  Status error;
  DurationMs hold = 0;  // `for`
  DurationMs keep_firing_for = 0;
  std::map<std::string, std::string> labels;       // templates; the group's labels are merged in
  std::map<std::string, std::string> annotations;  // templates
  int line = 0;                                    // of the rule in its file, 1-based
  int column = 0;                                  // the same

  // The same rule as written; place in the file and compiled forms are not looked at.
  friend bool operator==(const Rule& a, const Rule& b) {
    return a.kind == b.kind && a.name == b.name && a.expr == b.expr && a.hold == b.hold &&
           a.keep_firing_for == b.keep_firing_for && a.labels == b.labels &&
           a.annotations == b.annotations;
  }
};

struct RuleGroup {
  std::string file;
  std::string name;
  DurationMs interval = 0;                 // 0: global.evaluation_interval
  std::optional<DurationMs> query_offset;  // none: global.rule_query_offset
  int64_t limit = 0;                       // series or alerts a rule may give; 0: no limit
  std::vector<Rule> rules;

  // Prometheus' key of a group, and the value of the metric label rule_group.
  std::string Key() const { return file + ";" + name; }
  friend bool operator==(const RuleGroup&, const RuleGroup&) = default;
};

}  // namespace outrider
