// SPDX-License-Identifier: Apache-2.0
// What audit events say of SLA clocks for programs (AuditEvent::data): the compliance report is
// made of these alone (report.h). Numbers are decimal nanoseconds; KIND is acknowledge or resolve.
//   opened, sla_retargeted   severity, team, service, KIND_target_ns, KIND_calendar
//   state_changed, sla_paused, sla_resumed
//                            KIND_state (running, standing, stopped, discarded), KIND_elapsed_ns,
//                            KIND_paused_ns; also `reason` of a pause
//   sla_warning, sla_breached
//                            clock, target_ns, deadline_ns, elapsed_ns; `percent` of a warning
// What would be empty is left out.
#pragma once

#include <map>
#include <string>

#include "notifiers/incident/incident.h"

namespace outrider {

using AuditData = std::map<std::string, std::string>;

void AddTargetFacts(const Incident& incident, AuditData* data);
void AddClockFacts(const Incident& incident, Nanos now, AuditData* data);

}  // namespace outrider
