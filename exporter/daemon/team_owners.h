// SPDX-License-Identifier: Apache-2.0
// Whose the things are that routes write, for the guard.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exporter/access/team_rules.h"
#include "notifiers/desk/desk.h"

namespace outrider {

// Teams are values of the label `incidents.team_label`. nullopt: there is nothing of that name.
// What has no team is of none: {} or {""}.
std::optional<std::vector<std::string>> TeamsOf(const Desk& desk, Owned owned,
                                                const std::string& name, Nanos now);

}  // namespace outrider
