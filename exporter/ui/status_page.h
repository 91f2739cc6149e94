// SPDX-License-Identifier: Apache-2.0
// The page at `/`: rendered here, no script, readable on a phone, light or dark as the reader's
// system is.
#pragma once

#include <string>

#include "exporter/http/server.h"
#include "exporter/ui/status_data.h"

namespace outrider {

// Pure. Everything that came from outside is escaped.
std::string RenderStatusPage(const StatusData& data);

void RegisterStatusPage(Router& router, const StatusSources& sources);

}  // namespace outrider
