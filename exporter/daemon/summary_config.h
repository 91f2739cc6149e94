// SPDX-License-Identifier: Apache-2.0
// cost.summary of outrider.yml: who is told every week what could be saved.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/advice/weekly_summary.h"
#include "notifiers/config/alertmanager_config.h"
#include "rules/cost/cost_settings.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct SummaryTarget {
  std::string receiver;
  std::string team;  // for the title and the label `team`; may be empty
  std::vector<std::string>
      namespaces;  // one `*` at the end stands for any rest; none: those of the team, or everything
  friend bool operator==(const SummaryTarget&, const SummaryTarget&) = default;
};

struct SummaryConfig {
  WeeklySlot every;
  std::string time_zone = "UTC";
  std::vector<SummaryTarget> targets;  // none: nobody is told
  friend bool operator==(const SummaryConfig&, const SummaryConfig&) = default;
};

// The value of `summary` in the section `cost`; errors are remembered by `cost`.
void ReadSummary(YamlReader& cost, const std::string& file, SummaryConfig* config);

// A target that names a team and no namespaces gets those of the team (cost.teams); an error when
// there is no such team.
Status TakeTeams(const std::vector<CostTeam>& teams, const std::string& file,
                 SummaryConfig* config);

// Every target names a receiver that exists.
Status CheckSummaryReceivers(const SummaryConfig& config, const std::string& file,
                             const AlertmanagerConfig& alertmanager);

bool IsOfTarget(const SummaryTarget& target, std::string_view namespace_name);

}  // namespace outrider
