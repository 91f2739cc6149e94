// SPDX-License-Identifier: Apache-2.0
// Incidents, their clocks and their history as JSON.
#pragma once

#include "notifiers/desk/views.h"
#include "storage/base/json.h"

namespace outrider {

// Writes one object.
void WriteIncident(const Incident& incident, JsonWriter* json);
// The incident with `history`, `parts`, `alert_details` and `next_escalation_at`.
void WriteIncidentDetail(const IncidentDetail& detail, JsonWriter* json);

// One object with the names and roundings of specs/source_systems.md §3.5.
void WriteGroupStatistics(const GroupStatistics& statistics, JsonWriter* json);

}  // namespace outrider
