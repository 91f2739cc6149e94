// SPDX-License-Identifier: Apache-2.0
// Whose what a route writes is, so that an operator of a team leaves what is of other teams alone.
// A table, as that of roles (route_roles.h); a write that nobody thought of is no team's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exporter/http/server.h"
#include "storage/base/status.h"

namespace outrider {

// What a write is of. The teams of the first six are looked up by a part of the path.
enum class Owned : uint8_t {
  kIncident,
  kSchedule,
  kMaintenance,
  kHeartbeat,
  kUser,      // of the teams whose member or lead they are
  kReceiver,  // one of a user (`user:NAME`), else no team's
  kInBody,    // the body says whose: the handler asks CheckTeam
  kShared,    // not divided by team
  kNobodys,   // what belongs to all: no team's
};
std::string_view OwnedText(Owned owned);  // incident, schedule, …

struct TeamRule {
  Owned owned = Owned::kShared;
  std::string_view param;  // of the path; "" where there is nothing to look up
};
// Pure. `route` is a pattern of the router. Reading is not divided.
TeamRule TeamRuleOf(std::string_view method, std::string_view route);

// Whether the caller may write what is of these teams: admins and those without teams always.
bool ActsFor(const Caller& caller, const std::vector<std::string>& teams);
// PermissionDenied with a sentence about `what` (`this incident`) when not. `team` may be "".
Status CheckTeam(const Caller& caller, const std::string& team, std::string_view what);
Status CheckTeams(const Caller& caller, const std::vector<std::string>& teams,
                  std::string_view what);

}  // namespace outrider
