// SPDX-License-Identifier: Apache-2.0
// Escalation policies in their three shapes. Source: specs/source_systems.md §3.3.
//   ours:
//   - {name, severities, match: ['team="db"'], active_time_intervals: [nights],
//      tiers: [{delay: 5m, receivers: [a], users: [b], schedules: [c], teams: [d],
//               round_robin: true}],
//      fallback: ["user:boss"], repeat: 2, repeat_interval: 15m}
//   engine:
//   - {name, rules: {tiers: [{level: 1, delay_minutes: 5, channels: [a], recipients: [x]}]}}
//   schema:
//   - {name, rules: [{tier: 1, delay_minutes: 5, targets: ["oncall:primary"], channels: [a]}]}
#pragma once

#include <set>
#include <string>
#include <vector>

#include "notifiers/config/incidents_config.h"
#include "notifiers/config/sections.h"

namespace outrider {

// EscalationPolicy::repeat: until somebody answers.
inline constexpr int kRepeatForever = -1;

// The enabled policies in file order, tiers by delay; none for a missing list. `intervals`: the
// time intervals there are; nullptr: they are not checked.
StatusOr<std::vector<EscalationPolicy>> ParseEscalationPolicies(
    const YamlNode* list, const SectionContext& context,
    const std::set<std::string>* intervals = nullptr);

// `oncall:primary` and `user:anna` of the schema's shape become names that a tier's receivers have.
// "": an address, a URL or anything else of `targets` and `recipients`, which tells nobody.
std::string TargetOfText(const std::string& text);
// Whether a channel names a receiver whoever else is told: `webhook:slack`.
bool NamesReceiver(const std::string& channel);
// A channel of the source systems names the receiver that stands for it: `email`, `webhook:slack` →
// slack.
std::string ReceiverOfChannel(const std::string& channel);

}  // namespace outrider
