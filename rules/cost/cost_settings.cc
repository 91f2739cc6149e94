// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "storage/base/text.h"

namespace outrider {
namespace {

// Each item of a list of maps with `read`, which takes the item's reader.
template <typename Read>
void Items(YamlReader& reader, const std::string& file, std::string_view key, Read read) {
  const YamlNode* list = reader.Child(key);
  if (list == nullptr || list->IsNull()) return;
  if (!list->IsSequence()) {
    reader.Fail(key, fmt::format("{} must be a list", key));
    return;
  }
  for (const YamlNode& node : list->items) {
    YamlReader item(node, file, fmt::format("cost.{}", key));
    read(item);
    if (const Status status = item.Finish(); !status.ok()) reader.Fail(status);
  }
}

CostTeam ReadTeam(YamlReader& r) {
  CostTeam team;
  r.String("name", &team.name);
  r.StringList("namespaces", &team.namespaces);
  if (team.name.empty()) r.Fail("name", "a team needs a name");
  return team;
}

void ReadThresholds(YamlReader& r, std::vector<double>* thresholds) {
  const YamlNode* list = r.Child("thresholds");
  if (list == nullptr || list->IsNull()) return;
  thresholds->clear();
  if (!list->IsSequence()) {
    r.Fail("thresholds", "thresholds must be a list of shares such as 0.8");
    return;
  }
  for (const YamlNode& node : list->items) {
    const double share = node.IsScalar() ? ParseDouble(node.scalar).value_or(0) : 0;
    const bool is_share = share > 0 && share <= 100;  // NaN is none
    if (!is_share) {
      r.Fail("thresholds", "thresholds must be shares above 0, such as 0.8");
      return;
    }
    thresholds->push_back(share);
  }
  std::ranges::sort(*thresholds);
  thresholds->erase(std::unique(thresholds->begin(), thresholds->end()), thresholds->end());
}

CostBudget ReadBudget(YamlReader& r) {
  CostBudget budget;
  r.String("name", &budget.name);
  r.Double("amount", &budget.amount);
  r.String("cluster", &budget.cluster);
  r.StringList("namespaces", &budget.namespaces);
  r.String("team", &budget.team);
  r.Bool("include_idle", &budget.include_idle);
  ReadThresholds(r, &budget.thresholds);
  if (budget.name.empty()) r.Fail("name", "a budget needs a name");
  if (!(budget.amount > 0)) r.Fail("amount", "amount must be dollars a month, above 0");
  return budget;
}

void ReadEgress(YamlReader& r, std::optional<Egress>* egress) {
  std::string text;
  if (!r.String("unclassified_egress", &text)) return;
  *egress = std::nullopt;
  if (text == "none") return;
  for (const Egress kind : {Egress::kZone, Egress::kRegion, Egress::kInternet}) {
    if (EgressText(kind) == text) *egress = kind;
  }
  if (!*egress) {
    r.Fail("unclassified_egress", "unclassified_egress must be none, zone, region or internet");
  }
}

void ReadAlerts(YamlReader& r, const std::string& file, CostAlertOptions* alerts) {
  const YamlNode* node = r.Child("alerts");
  if (node == nullptr) return;
  YamlReader inner(*node, file, "cost.alerts");
  inner.Bool("budgets", &alerts->enabled);
  inner.Bool("anomalies", &alerts->anomalies);
  if (const Status status = inner.Finish(); !status.ok()) r.Fail(status);
}

}  // namespace

void ReadCostSettings(YamlReader& r, const std::string& file, CostSettings* options) {
  r.Duration("interval", &options->interval);
  if (options->interval < kSecond || options->interval > 10 * kMinute) {
    r.Fail("interval", "interval must be between 1s and 10m");
  }
  r.StringList("labels", &options->labels);
  r.String("team_label", &options->team_label);
  Items(r, file, "teams", [&](YamlReader& item) { options->teams.push_back(ReadTeam(item)); });
  r.StringList("shared_namespaces", &options->shared_namespaces);
  ReadEgress(r, &options->egress);
  r.Bool("opencost_metrics", &options->opencost_metrics);
  std::set<std::string> names;
  Items(r, file, "budgets", [&](YamlReader& item) {
    CostBudget budget = ReadBudget(item);
    if (!names.insert(budget.name).second) {
      item.Fail("name", fmt::format("there are two budgets named {}", budget.name));
    }
    options->budgets.push_back(std::move(budget));
  });
  ReadAlerts(r, file, &options->alerts);
}

}  // namespace outrider
