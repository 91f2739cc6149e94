// SPDX-License-Identifier: Apache-2.0
// What a rule group looks like from outside: for /api/v1/rules, /api/v1/alerts and the status page.
// Source: specs/prometheus.md §5.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/alerting/alert_state.h"
#include "rules/rulefile/rule_group.h"

namespace outrider {

enum class RuleHealth { kUnknown, kOk, kError };
std::string_view RuleHealthText(RuleHealth health);  // "unknown" "ok" "err"

struct RuleView {
  const Rule* rule = nullptr;  // owned by RuleGroupView::group
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  double evaluation_seconds = 0;
  Timestamp last_evaluation = 0;  // the slot; 0: never
  Nanos evaluated_at = 0;         // when that evaluation began; 0: never
  bool held = false;              // keeps restored alerts until its data is current
  AlertSet alerts;                // of an alerting rule; inactive ones are kept for a while
  AlertSet no_data;               // tells that the rule's input is missing (no_data.h)
  // "unknown" before the first evaluation, else the worst state: "inactive" "pending" "firing".
  std::string_view StateText() const;
};

// Immutable once published.
struct RuleGroupView {
  std::shared_ptr<const RuleGroup> group;
  DurationMs interval = 0;      // in effect
  DurationMs query_offset = 0;  // in effect
  double evaluation_seconds = 0;
  Timestamp last_evaluation = 0;  // the slot; 0: never
  Nanos evaluated_at = 0;         // when that evaluation began; 0: never
  std::vector<RuleView> rules;
};

}  // namespace outrider
