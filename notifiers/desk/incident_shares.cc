// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/incident_shares.h"

#include <set>
#include <utility>

namespace outrider {
namespace {

using Totals = std::map<std::string, IncidentTotals>;

constexpr std::string_view kTeams = "team_totals";
constexpr std::string_view kServices = "service_totals";

std::string ShareKey(std::string_view kind, std::string_view name) {
  std::string key(kind);
  key.push_back('\0');
  return key += name;
}

// As changed so far.
IncidentTotals& Take(const Totals& known, std::string_view name, Totals* changed) {
  const auto [share, added] = changed->try_emplace(std::string(name));
  if (!added) return share->second;
  const auto before = known.find(share->first);
  if (before != known.end()) share->second = before->second;
  return share->second;
}

// Whether `name` may have a share: it has one, or there is room for one more.
bool Fits(const Totals& known, const Totals& changed, const std::string& name, size_t most) {
  if (known.contains(name) || changed.contains(name)) return true;
  size_t shares = known.size();
  for (const auto& [other, totals] : changed) shares += known.contains(other) ? 0 : 1;
  return shares < most;
}

Status ReadKind(const StateStore& store, std::string_view kind, Totals* totals) {
  const std::string prefix = ShareKey(kind, "");
  Status status;
  TRY(store.Scan(Family::kMeta, prefix, "", [&](const Row& row) {
    bool complete = false;
    StatusOr<IncidentTotals> read = DecodeIncidentTotals(row.value, &complete);
    status = read.status();
    if (read.ok()) (*totals)[row.key.substr(prefix.size())] = *std::move(read);
    return status.ok();
  }));
  return status;
}

std::set<std::string> NamesOf(const Totals& totals) {
  std::set<std::string> names;
  for (const auto& [name, share] : totals) names.insert(name);
  return names;
}

}  // namespace

void SharesEdit::Assign(const PagingConfig& people, Incident* incident) {
  const std::string& team = incident->team;
  const bool named =
      people.FindTeam(team) != nullptr && Fits(known_.teams, changed_.teams, team, kMaxTeamShares);
  incident->for_team = named;
  Take(known_.teams, TeamShare(*incident), &changed_.teams);
  const std::string& service = incident->service;
  const bool room = Fits(known_.services, changed_.services, service, kMaxServiceShares);
  incident->for_service = room;
  Take(known_.services, ServiceShare(*incident), &changed_.services);
}

void SharesEdit::Count(const Incident* before, const Incident& after) {
  Take(known_.teams, TeamShare(after), &changed_.teams).Count(before, after);
  Take(known_.services, ServiceShare(after), &changed_.services).Count(before, after);
}

void EncodeShares(const IncidentShares& changed, Batch* batch) {
  for (const auto& [name, totals] : changed.teams) {
    batch->Put(Family::kMeta, ShareKey(kTeams, name), EncodeIncidentTotals(totals));
  }
  for (const auto& [name, totals] : changed.services) {
    batch->Put(Family::kMeta, ShareKey(kServices, name), EncodeIncidentTotals(totals));
  }
}

Status ReadShares(const StateStore& store, const Table<std::string, Incident>& incidents,
                  IncidentShares* shares) {
  TRY(ReadKind(store, kTeams, &shares->teams));
  TRY(ReadKind(store, kServices, &shares->services));
  const std::set<std::string> teams = NamesOf(shares->teams);
  const std::set<std::string> services = NamesOf(shares->services);
  for (const auto& [id, incident] : incidents) {
    const std::string team(TeamShare(*incident));
    if (!teams.contains(team)) shares->teams[team].Count(nullptr, *incident);
    const std::string service(ServiceShare(*incident));
    if (!services.contains(service)) shares->services[service].Count(nullptr, *incident);
  }
  return absl::OkStatus();
}

}  // namespace outrider
