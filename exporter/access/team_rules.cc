// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/team_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "exporter/access/route_roles.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::array<std::string_view, 9> kTexts = {
    "incident", "schedule",          "maintenance window", "heartbeat", "user",
    "receiver", "what the body has", "what is shared",     "this"};

struct Row {
  std::string_view top;  // and what lies below it
  TeamRule rule;
};
// The first that fits. What needs an admin is not asked for here.
constexpr Row kRows[] = {
    {"/outrider/v1/incidents/:id", {Owned::kIncident, "id"}},
    {"/outrider/v1/insa/alerts/:id", {Owned::kIncident, "id"}},
    {"/outrider/v1/oncall/schedules/:name", {Owned::kSchedule, "name"}},
    {"/outrider/v1/oncall/:name/feeds", {Owned::kSchedule, "name"}},
    {"/outrider/v1/maintenance/:name", {Owned::kMaintenance, "name"}},
    {"/outrider/v1/heartbeats/:name", {Owned::kHeartbeat, "name"}},
    {"/outrider/v1/users/:name", {Owned::kUser, "name"}},
    {"/outrider/v1/receivers/:name", {Owned::kReceiver, "name"}},
    {"/outrider/v1/incidents", {Owned::kInBody, ""}},
    {"/outrider/v1/insa/alerts", {Owned::kInBody, ""}},
    {"/outrider/v1/maintenance", {Owned::kInBody, ""}},
    // What comes in is of whom its labels say, and silences are Alertmanager's.
    {"/api/v1/write", {Owned::kShared, ""}},
    {"/api/v1/otlp", {Owned::kShared, ""}},
    {"/api/v2/alerts", {Owned::kShared, ""}},
    {"/api/v2/silences", {Owned::kShared, ""}},
    {"/api/v2/silence", {Owned::kShared, ""}},
    // Answers to questions, kept for the next one.
    {"/api/v1/optimize", {Owned::kShared, ""}},
    {"/api/v1/insights", {Owned::kShared, ""}},
    {"/api/v1/realtime", {Owned::kShared, ""}},
    // Switched off, which the handlers say.
    {"/api/v1/admin", {Owned::kShared, ""}},
    {"/api/v1/search", {Owned::kShared, ""}},
};

}  // namespace

std::string_view OwnedText(Owned owned) { return kTexts[static_cast<size_t>(owned)]; }

TeamRule TeamRuleOf(std::string_view method, std::string_view route) {
  const Role needed = NeededRole(method, route);
  // Fetching a heartbeat's URL is a write, fetching webhooks, whose URLs are secret, is none.
  const bool reads = method == "GET" || method == "HEAD";
  if (needed < Role::kOperator || (reads && !IsBeat(route))) return {};
  for (const Row& row : kRows) {
    if (route == row.top || (route.starts_with(row.top) && route[row.top.size()] == '/')) {
      return row.rule;
    }
  }
  return {Owned::kNobodys, ""};
}

bool ActsFor(const Caller& caller, const std::vector<std::string>& teams) {
  if (caller.teams.empty() || caller.role == Role::kAdmin) return true;
  return std::ranges::any_of(teams, [&](const std::string& team) {
    return std::ranges::find(caller.teams, team) != caller.teams.end();
  });
}

Status CheckTeams(const Caller& caller, const std::vector<std::string>& teams,
                  std::string_view what) {
  if (ActsFor(caller, teams)) return absl::OkStatus();
  std::vector<std::string> named = teams;
  std::erase(named, "");
  return absl::PermissionDeniedError(fmt::format("{} acts for {}; {} is of {}", caller.name,
                                                 Join(caller.teams, ", "), what,
                                                 named.empty() ? "no team" : Join(named, ", ")));
}

Status CheckTeam(const Caller& caller, const std::string& team, std::string_view what) {
  return CheckTeams(caller, {team}, what);
}

}  // namespace outrider
