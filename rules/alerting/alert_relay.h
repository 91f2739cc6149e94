// SPDX-License-Identifier: Apache-2.0
// A seam beside AlertSink for those who, like Alertmanagers behind a Prometheus, must hear of an
// active alert again and again: declared here by the giver, implemented by notifiers/relay.
#pragma once

#include <string>

#include "rules/alerting/alert_state.h"
#include "storage/base/clock.h"
#include "storage/model/labels.h"

namespace outrider {

// All alerts of a rule after an evaluation at `ts`: pending, firing, and those resolved lately.
// What they refer to is the caller's, for the call only.
struct EvaluatedAlerts {
  const std::string& rule_id;
  const AlertSet& alerts;
  const Labels& external_labels;
  const std::string& generator_url;
  Timestamp ts = 0;
  DurationMs interval = 0;  // until the next evaluation; 0: there is none, the rule is gone
};

// Thread-safe; returns at once, whatever becomes of the alerts.
class AlertRelay {
 public:
  virtual ~AlertRelay() = default;
  virtual void OnEvaluated(const EvaluatedAlerts& evaluated) = 0;
};

}  // namespace outrider
