// SPDX-License-Identifier: Apache-2.0
// One alert more in an incident that is open, fires and is not made worse by it: by far the most
// frequent thing that happens to incidents, and by thousands at once. It is decided in place,
// without a copy of the incident; the outcome is that of AddAlert (decisions.h).
#pragma once

#include <optional>

#include "notifiers/incident/audit.h"
#include "notifiers/incident/incident.h"

namespace outrider {

struct JoiningAlert {
  uint64_t fingerprint = 0;
  const Labels& labels;
  Nanos starts_at = 0;
};
// Of an alert that has not been in the incident before, in two steps: the event, and Incident::Add.
AuditEvent JoinedEvent(const Incident& incident, const Labels& alert, Nanos now);

// Notes the alert in the incident. False: it has been in it before.
bool NoteJoined(const JoiningAlert& alert, Nanos now, Incident* incident);

// Whether an alert of this severity changes nothing else about the incident: no page, no timer, no
// clock, no other incident.
bool JoinsQuietly(const Incident& incident, Severity severity);
// The audit event of it; none when the alert has been in it before.
std::optional<AuditEvent> JoinQuietly(const JoiningAlert& alert, Nanos now, Incident* incident);

}  // namespace outrider
