// SPDX-License-Identifier: Apache-2.0
// What the desk shows of escalations: where one stands, whom it would tell, who uses a policy.
#pragma once

#include <string>
#include <vector>

#include "notifiers/incident/audit.h"
#include "notifiers/incident/incident.h"
#include "storage/base/clock.h"

namespace outrider {

struct TierView {
  Nanos due = 0;                     // of the running round; when it was told, once it was
  std::string status;                // pending, in_progress, completed, cancelled
  std::vector<std::string> targets;  // as the policy names them
  bool round_robin = false;
  std::vector<std::string> tells;    // receivers that these are now
  std::vector<std::string> remarks;  // why it is nobody, or a fallback
  std::vector<AuditEvent> events;    // what it did, in all rounds
};

struct EscalationView {
  std::string policy;  // "" : none
  // none, pending (nobody was told yet), in_progress, completed (its last tier was told), cancelled
  // (somebody answered)
  std::string status = "none";
  bool held = false;  // all alerts are suppressed
  int round = 1;
  int rounds = 1;      // 0: without end
  Nanos next_due = 0;  // 0: nothing follows
  DurationMs repeat_interval = 0;
  std::vector<TierView> tiers;
  std::vector<std::string> fallback;
  std::vector<std::string> fallback_tells;
};

struct PolicyView {
  EscalationPolicy policy;
  bool configured = true;              // false: only incidents have it still
  std::vector<std::string> incidents;  // open ones that use it, by id
};

}  // namespace outrider
