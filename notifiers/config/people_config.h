// SPDX-License-Identifier: Apache-2.0
// The people of incidents.yml and how escalation tiers name them. A user is told like a receiver
// and has a receiver's sections:
//   users:
//     - name: anna
//       time_zone: Europe/Berlin
//       email_configs: [{to: anna@example.org}]
//       twilio_sms_configs: [...]
// Their rules and quiet hours, and teams: paging_config.h.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/incidents_config.h"
#include "notifiers/config/sections.h"

namespace outrider {

// How a tier's receivers name people; other names are those of
// alertmanager.yml.
inline constexpr std::string_view kUserPrefix = "user:";
inline constexpr std::string_view kSchedulePrefix = "schedule:";
inline constexpr std::string_view kTeamPrefix = "team:";  // all its members
inline constexpr std::string_view kLeadPrefix = "lead:";  // of a team
bool NamesPeople(std::string_view target);                // it has one of these prefixes

// In file order; none for a missing list.
StatusOr<std::vector<UserConfig>> ParseUsers(const YamlNode* list, const SectionContext& context);

// The receivers `user:NAME`. Keys of `global` are defaults, as for receivers of alertmanager.yml;
// of users who came by the API (`api_users`) see own_server.h.
StatusOr<std::vector<ReceiverConfig>> UserReceivers(const IncidentsConfig& config,
                                                    const YamlNode& global,
                                                    const std::set<std::string>& api_users = {});

}  // namespace outrider
