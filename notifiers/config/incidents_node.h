// SPDX-License-Identifier: Apache-2.0
// incidents.yml that is a tree already: the file with what people configured by API put into it.
#pragma once

#include <string>

#include "notifiers/config/incidents_config.h"

namespace outrider {

// As ParseIncidentsConfig; a null node gives the defaults.
StatusOr<IncidentsConfig> ParseIncidentsNode(const YamlNode& root, const std::string& file);

}  // namespace outrider
