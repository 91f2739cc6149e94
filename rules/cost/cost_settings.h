// SPDX-License-Identifier: Apache-2.0
// What a user may say about costs, of section `cost` of the configuration. Prices are not here
// (rules/pricing).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/pricing/price.h"
#include "storage/base/clock.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// An amount for a calendar month (UTC) of some namespaces, a team, a cluster or everything.
struct CostBudget {
  std::string name;
  double amount = 0;  // dollars a month
  // What counts: everything that matches all that are given.
  std::string cluster = {};
  std::vector<std::string> namespaces = {};
  std::string team = {};
  // Shares of the amount at which an alert begins, ascending.
  std::vector<double> thresholds = {0.5, 0.8, 1.0};
  bool include_idle = false;  // with its share of what is idle on its nodes
  friend bool operator==(const CostBudget&, const CostBudget&) = default;
};

struct CostTeam {
  std::string name;
  std::vector<std::string> namespaces;
  friend bool operator==(const CostTeam&, const CostTeam&) = default;
};

struct CostAlertOptions {
  bool enabled = true;     // of budgets: there are none unless somebody writes them down
  bool anomalies = false;  // daily costs against their past
  friend bool operator==(const CostAlertOptions&, const CostAlertOptions&) = default;
};

struct CostSettings {
  // Of series without a label `cluster`. The daemon puts the external label of that name here.
  std::string cluster;
  DurationMs interval = kMinute;               // how often what runs is counted
  std::vector<std::string> labels;             // of pods (or their namespace) that are kept apart
  std::string team_label = "team";             // of pods or namespaces; "": none
  std::vector<CostTeam> teams;                 // for namespaces without the label
  std::vector<std::string> shared_namespaces;  // shared out unless a question says otherwise
  std::optional<Egress> egress;  // what traffic counts as that nobody classifies; none: free
  bool opencost_metrics = false;
  std::vector<CostBudget> budgets;
  CostAlertOptions alerts;
  friend bool operator==(const CostSettings&, const CostSettings&) = default;
};

// Reads the keys out of the section `cost`, whose reader also reads the keys of others.
void ReadCostSettings(YamlReader& reader, const std::string& file, CostSettings* options);

}  // namespace outrider
