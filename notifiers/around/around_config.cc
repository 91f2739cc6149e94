// SPDX-License-Identifier: Apache-2.0
#include "notifiers/around/around_config.h"

namespace outrider {

StatusOr<AroundConfig> ParseAround(const IncidentsConfig& incidents) {
  AroundConfig config;
  config.heartbeats = TRY(ParseHeartbeats(incidents.heartbeats, incidents.file));
  config.maintenance = TRY(ParseMaintenance(incidents.maintenance, incidents.file));
  config.dependencies = TRY(ParseDependencies(incidents.dependencies, incidents.file));
  return config;
}

}  // namespace outrider
