// SPDX-License-Identifier: Apache-2.0
// What time and state changes do to incidents: `attention` of incidents.yml and the keys that
// switch single transitions.
#pragma once

#include "notifiers/config/incidents_config.h"
#include "notifiers/config/sections.h"

namespace outrider {

// A map of severities: `critical: {acknowledge_timeout: 1h, confirm_within: 15m, auto_resolve:
// 1d}`. nullptr or null: nothing. Errors name file, line and column.
Status ParseAttention(const YamlNode* node, const SectionContext& context, IncidentsConfig* config);

// team_label, service_label, allow_reopen, allow_unacknowledge, reopen_if_still_firing_after;
// errors are the reader's.
void ReadLifecycle(YamlReader* reader, IncidentsConfig* config);

}  // namespace outrider
