// SPDX-License-Identifier: Apache-2.0
// What time does to incidents that nobody looks at (notifiers/incident/attention.h), and snoozes
// that end.
#pragma once

#include <string>
#include <vector>

#include "notifiers/desk/decide.h"

namespace outrider {

// One of kAckReminder, kAckTimeout, kSnoozeEnd, kAutoResolve fell due.
void OnAttentionTimer(Transaction& tx, TimerKind kind, const std::string& id, Nanos due, Nanos now);
// Sets the timer of QuietAt where it is missing or late. One that comes too early costs a look, so
// that a busy incident does not write it with each event. One that an edit moves into the past is
// due now: what held pages then has let them go, and nobody would look again.
void ScheduleQuiet(Transaction& tx, const Incident& incident, Nanos now);
// After a start or a reload: the times may be others.
void ScheduleQuietOfAll(Transaction& tx, Nanos now);
// Takes the pages with tiers below 0 out of `pages` and queues them: to whoever is named, else to
// those who were paged.
void QueueQuestions(Transaction& tx, const Incident& incident, std::vector<PageRequest>* pages,
                    Nanos now);

}  // namespace outrider
