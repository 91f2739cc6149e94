// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/team_owners.h"

#include <algorithm>

#include "notifiers/config/paging_config.h"
#include "notifiers/config/people_config.h"

namespace outrider {
namespace {

using Teams = std::optional<std::vector<std::string>>;

Teams OfUser(const DeskConfig& config, const std::string& name) {
  const auto is_they = [&](const UserConfig& user) { return user.name == name; };
  if (std::ranges::none_of(config.incidents.users, is_they)) return std::nullopt;
  std::vector<std::string> teams;
  if (config.incidents.people == nullptr) return teams;
  for (const Team& team : config.incidents.people->teams) {
    const bool member = std::ranges::find(team.members, name) != team.members.end();
    if (member || team.lead == name) teams.push_back(team.name);
  }
  return teams;
}

// Fails closed: an incident that cannot be read is nobody's.
Teams OfIncident(const Desk& desk, const std::string& id, Nanos now) {
  const StatusOr<IncidentDetail> detail = desk.GetIncident(id, now);
  if (absl::IsNotFound(detail.status())) return std::nullopt;
  return std::vector{detail.ok() ? detail->incident->team : ""};
}

Teams OfMaintenance(const Desk& desk, const std::string& name, Nanos now) {
  const std::string label = desk.config()->incidents.team_label;
  for (const MaintenanceView& view : desk.Maintenance(now)) {
    if (view.window.name == name) return std::vector{TeamOf(view.window, label)};
  }
  return std::nullopt;
}

Teams OfSchedule(const DeskConfig& config, const std::string& name) {
  for (const Schedule& schedule : config.schedules) {
    if (schedule.name == name) return std::vector{schedule.team};
  }
  return std::nullopt;
}

Teams OfHeartbeat(const Desk& desk, const std::string& name, Nanos now) {
  for (const HeartbeatView& view : desk.Heartbeats(now)) {
    if (view.config.name == name) return std::vector{view.config.team};
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<std::string>> TeamsOf(const Desk& desk, Owned owned,
                                                const std::string& name, Nanos now) {
  const auto config = desk.config();
  switch (owned) {
    case Owned::kIncident:
      return OfIncident(desk, name, now);
    case Owned::kSchedule:
      return OfSchedule(*config, name);
    case Owned::kMaintenance:
      return OfMaintenance(desk, name, now);
    case Owned::kHeartbeat:
      return OfHeartbeat(desk, name, now);
    case Owned::kUser:
      return OfUser(*config, name);
    case Owned::kReceiver:
      if (!name.starts_with(kUserPrefix)) return std::vector<std::string>{};
      return OfUser(*config, name.substr(kUserPrefix.size()));
    case Owned::kInBody:
    case Owned::kShared:
    case Owned::kNobodys:
      break;
  }
  return std::vector<std::string>{};
}

}  // namespace outrider
