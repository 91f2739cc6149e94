// SPDX-License-Identifier: Apache-2.0
// The seam between rules and notifications: declared here by the giver, implemented by
// notifiers/desk.
#pragma once

#include <span>

#include "rules/alerting/alert.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

class AlertSink {
 public:
  virtual ~AlertSink() = default;
  // `alerts`: those of one rule that began to fire, were resolved, or whose annotations changed at
  // `now`. `rule_state` holds the rule's own rows; the sink adds what it decides and commits all of
  // it as one batch, before anything is sent. On an error nothing was kept: the caller keeps its
  // old state and tries again at the next evaluation.
  virtual Status OnAlerts(std::span<const Alert> alerts, Batch rule_state, Nanos now) = 0;
};

}  // namespace outrider
