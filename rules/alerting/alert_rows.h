// SPDX-License-Identifier: Apache-2.0
// Alert states as rows of Family::kRules, so that a restart continues where the process stopped.
//
//   key    bucket(1) rule id(16) XXH3-128 of the label set(16)   bucket = that of the rule id
//   value  format(1), then in this order: state, active_at, fired_at, keep_firing_since (ms),
//          value, labels (packed), annotations, external labels (packed), generator URL; since
//          format 2: resolved_at, told_at (ms), untold
//
// A rule id is XXH3-128 of kind, file, group, name, label templates and the rule's number among
// those equal to it in its group. The expression is not part of it, nor are external labels; alerts
// of ids that are not there any more are looked for by name (stray_alerts.h). A resolved alert
// keeps its row as long as it stays in its set, so that those who must hear of it again and again
// go on after a restart. The alert of missing data has an id of its own, made from the rule's.
#pragma once

#include <string>

#include "rules/alerting/alert_state.h"
#include "rules/rulefile/rule_group.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

inline constexpr uint8_t kAlertRowFormat = 2;

// `ordinal`: 0 for the first rule of the group with this name and these labels.
std::string RuleId(const RuleGroup& group, const Rule& rule, int ordinal);

// The id under which a rule's alert of missing data (no_data.h) is kept.
std::string NoDataRuleId(const std::string& rule_id);

// All that is needed to tell of the alert, even when its rule is gone.
struct AlertRow {
  std::string rule_id;
  AlertPtr alert;
  Labels external_labels;
  std::string generator_url;
};
std::string AlertRowKey(const std::string& rule_id, const Labels& labels);
std::string EncodeAlertRow(const AlertRow& row);
// InvalidArgument for a corrupt row or one of a newer format.
StatusOr<AlertRow> DecodeAlertRow(const Row& row);

}  // namespace outrider
