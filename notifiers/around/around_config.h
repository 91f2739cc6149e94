// SPDX-License-Identifier: Apache-2.0
// The sections of incidents.yml that stand around incidents, read.
#pragma once

#include <vector>

#include "notifiers/around/dependency.h"
#include "notifiers/around/heartbeat.h"
#include "notifiers/around/maintenance.h"
#include "notifiers/config/incidents_config.h"
#include "storage/base/status.h"

namespace outrider {

struct AroundConfig {
  std::vector<HeartbeatConfig> heartbeats;
  std::vector<MaintenanceWindow> maintenance;
  std::vector<Dependency> dependencies;
};

// Errors: file:line:column.
StatusOr<AroundConfig> ParseAround(const IncidentsConfig& incidents);

}  // namespace outrider
