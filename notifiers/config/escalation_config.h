// SPDX-License-Identifier: Apache-2.0
// Escalation policies in their three shapes. Source: specs/source_systems.md §3.3.
//   ours:    {name, severities, tiers: [{delay: 5m, receivers: [a]}], repeat: 2, repeat_interval:
//   15m} engine:  {name, rules: {tiers: [{level: 1, delay_minutes: 5, channels: [a], recipients:
//   [x]}]}} schema:  {name, rules: [{tier: 1, delay_minutes: 5, targets: ["oncall:primary"],
//   channels: [a]}]}
#pragma once

#include <vector>

#include "notifiers/config/incidents_config.h"
#include "notifiers/config/sections.h"

namespace outrider {

// The enabled policies in file order, tiers by delay; none for a missing list.
StatusOr<std::vector<EscalationPolicy>> ParseEscalationPolicies(const YamlNode* list,
                                                                const SectionContext& context);

}  // namespace outrider
