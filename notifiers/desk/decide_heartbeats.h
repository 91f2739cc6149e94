// SPDX-License-Identifier: Apache-2.0
// Heartbeats: one that is overdue raises the alert HeartbeatMissed, which opens an incident as any
// alert does; the next beat ends it. Overdue is: interval and grace after the last beat or after
// the heartbeat was configured; downtimes do not count, for a beat can only be heard while somebody
// is here.
#pragma once

#include <span>
#include <string>

#include "notifiers/around/heartbeat.h"
#include "notifiers/desk/transaction.h"

namespace outrider {

// NotFound: no such heartbeat is configured. `result`: what it says of a check (decide_health.h);
// nullptr: nothing. `channel`: the door it came through.
Status TakeBeat(Transaction& tx, const std::string& name, const BeatResult* result,
                const std::string& channel, Nanos now);
// Names of the heartbeats for which an alert that fires is a beat.
std::vector<std::string> BeatsOf(const Transaction& tx, std::span<const LabelView> labels);
void OnHeartbeatTimer(Transaction& tx, const std::string& name, Nanos due);
// After a start or a reload: timers as configured; what is no longer configured goes, and its
// alert ends.
void SettleHeartbeats(Transaction& tx, bool start, Nanos now);

}  // namespace outrider
