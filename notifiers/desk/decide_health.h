// SPDX-License-Identifier: Apache-2.0
// Health checks: what beats say of how a check went. So many failures in a row raise the alert
// HealthCheckFailed, which opens an incident as any alert does, begun with the first of them; so
// many successes in a row end it. Neither says anything about a heartbeat being missing: a check
// that fails is alive.
#pragma once

#include <string>

#include "notifiers/around/heartbeat.h"
#include "notifiers/desk/transaction.h"

namespace outrider {

// Of a heartbeat that is known.
void TakeResult(Transaction& tx, const HeartbeatConfig& config, const BeatResult& result,
                const std::string& channel, Nanos now);
// After a start or a reload: what fails is raised as it is configured now.
void SettleHealth(Transaction& tx, const HeartbeatConfig& config, Nanos now);

// For decide_heartbeats.cc too.
Labels HeartbeatLabels(const Transaction& tx, const HeartbeatConfig& config,
                       std::string_view alert_name);
void AuditHeartbeat(Transaction& tx, const std::string& name, AuditKind kind,
                    const std::string& channel, std::string text, Nanos now);

}  // namespace outrider
