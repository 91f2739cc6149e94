// SPDX-License-Identifier: Apache-2.0
// Incidents, their clocks and their history as JSON.
#pragma once

#include "notifiers/desk/views.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"

namespace outrider {

// `now` judges running clocks. Writes one object.
void WriteIncident(const Incident& incident, Nanos now, JsonWriter* json);
// The incident with `history`, `alert_details` and `next_escalation_at`.
void WriteIncidentDetail(const IncidentDetail& detail, Nanos now, JsonWriter* json);

}  // namespace outrider
