// SPDX-License-Identifier: Apache-2.0
// Endpoints that open an incident by hand and change what it is beside its state: assignee,
// severity, snooze, merge.
#pragma once

#include "exporter/api/incidents.h"

namespace outrider {

void RegisterIncidentChangesApi(Router& router, const IncidentsApiDeps& deps);

}  // namespace outrider
