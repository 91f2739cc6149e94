// SPDX-License-Identifier: Apache-2.0
// Pauses: an incident's SLA clocks stand still while there is a reason for it, and what they stand
// does not count. Reasons are texts whose first word says which kind they are: "hold",
// "maintenance:NAME", "snooze"; several may hold at once. Which kinds pause is configuration
// (sla.pause): ask PausesSla first. Closing an incident ends its pauses: who opens it again while a
// reason still holds pauses it again. Source: specs/incidents_oncall_slo.md §2.4.
#pragma once

#include <string>
#include <string_view>

#include "notifiers/incident/decisions.h"

namespace outrider {

// Whether clocks stand still for it; the part of `reason` before a colon is what counts.
bool PausesSla(const IncidentsConfig& config, std::string_view reason);

// The clocks stand still from `now` on, their timers are cancelled. False, and nothing happens,
// when the incident is closed or pauses for this very reason. Audit: sla_paused.
bool PauseSla(IncidentDecision* decision, const std::string& reason, Nanos now);
// With the last reason they go on, their timers are set anew. False when there was no such reason.
// Audit: sla_resumed.
bool ResumeSla(IncidentDecision* decision, const std::string& reason, Nanos now);

// A person puts the incident on hold (reason "hold"), or goes on with it. To say again what is so
// has no effect. Errors: FailedPrecondition when it is closed, or when `hold` pauses nothing by
// configuration.
StatusOr<IncidentDecision> HoldIncident(const IncidentsConfig& config, const Incident& incident,
                                        const Actor& actor, Nanos now);
StatusOr<IncidentDecision> UnholdIncident(const Incident& incident, const Actor& actor, Nanos now);

}  // namespace outrider
