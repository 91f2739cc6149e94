// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/summary_config.h"

#include <fmt/format.h>

#include <algorithm>

namespace outrider {
namespace {

SummaryTarget ReadTarget(YamlReader& r) {
  SummaryTarget target;
  r.String("receiver", &target.receiver);
  r.String("team", &target.team);
  r.StringList("namespaces", &target.namespaces);
  if (target.receiver.empty()) r.Fail("receiver", "receiver must name a receiver");
  for (const std::string& name : target.namespaces) {
    const size_t star = name.find('*');
    if (name.empty() || (star != std::string::npos && star + 1 != name.size())) {
      r.Fail("namespaces", "a namespace is a name; one * may stand at its end");
    }
  }
  return target;
}

}  // namespace

void ReadSummary(YamlReader& cost, const std::string& file, SummaryConfig* config) {
  const YamlNode* node = cost.Child("summary");
  if (node == nullptr || node->IsNull()) return;
  YamlReader r(*node, file, "cost.summary");
  std::string every;
  if (r.String("every", &every)) {
    const auto slot = ParseWeeklySlot(every);
    if (slot.ok()) {
      config->every = *slot;
    } else {
      r.Fail("every", "every: " + Message(slot.status()));
    }
  }
  r.String("timezone", &config->time_zone);
  if (const auto known = LastSlot(config->every, config->time_zone, 0); !known.ok()) {
    r.Fail("timezone", "timezone: " + Message(known.status()));
  }
  const YamlNode* receivers = r.Child("receivers");
  if (receivers == nullptr || !receivers->IsSequence() || receivers->items.empty()) {
    r.Fail("receivers", "receivers must be a list of who is told");
  } else {
    for (const YamlNode& item : receivers->items) {
      YamlReader inner(item, file, "cost.summary.receivers");
      config->targets.push_back(ReadTarget(inner));
      if (const Status status = inner.Finish(); !status.ok()) r.Fail(status);
    }
  }
  if (const Status status = r.Finish(); !status.ok()) cost.Fail(status);
}

Status TakeTeams(const std::vector<CostTeam>& teams, const std::string& file,
                 SummaryConfig* config) {
  for (SummaryTarget& target : config->targets) {
    if (target.team.empty() || !target.namespaces.empty()) continue;
    const auto team = std::ranges::find(teams, target.team, &CostTeam::name);
    if (team == teams.end()) {
      return InvalidArgument(
          fmt::format("{}: cost.summary names the team \"{}\", of which neither it nor cost.teams "
                      "gives namespaces",
                      file, target.team));
    }
    target.namespaces = team->namespaces;
  }
  return absl::OkStatus();
}

Status CheckSummaryReceivers(const SummaryConfig& config, const std::string& file,
                             const AlertmanagerConfig& alertmanager) {
  for (const SummaryTarget& target : config.targets) {
    const bool known = std::ranges::any_of(
        alertmanager.receivers,
        [&](const ReceiverConfig& receiver) { return receiver.name == target.receiver; });
    if (known) continue;
    return InvalidArgument(
        fmt::format("{}: cost.summary names the receiver \"{}\", which the Alertmanager "
                    "configuration does not have",
                    file, target.receiver));
  }
  return absl::OkStatus();
}

bool IsOfTarget(const SummaryTarget& target, std::string_view namespace_name) {
  if (target.namespaces.empty()) return true;
  return std::ranges::any_of(target.namespaces, [&](const std::string& pattern) {
    if (!pattern.ends_with('*')) return namespace_name == pattern;
    return namespace_name.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
  });
}

}  // namespace outrider
