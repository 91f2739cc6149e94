// SPDX-License-Identifier: Apache-2.0
// The role that a route needs once users are configured. Derived from the method, so that a route
// that nobody thought of is not open; what differs stands in a table.
#pragma once

#include <string_view>

#include "exporter/http/server.h"

namespace outrider {

// Pure. `route` is a pattern of the router. kNone: nobody is asked who they are (IsOpenPath); else
// reading needs a viewer, what configures needs an admin, any other write an operator.
Role NeededRole(std::string_view method, std::string_view route);

// Fetching it is a write: a beat.
bool IsBeat(std::string_view route);

// Routes that limits per caller leave alone: ingestion, alerts from Prometheus, self-monitoring.
bool IsUnlimited(std::string_view method, std::string_view route);

}  // namespace outrider
