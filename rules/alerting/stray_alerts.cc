// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/stray_alerts.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace outrider {
namespace {

bool HasFixedLabels(const Labels& labels, const Rule& rule) {
  return std::ranges::all_of(rule.labels, [&](const auto& label) {
    const auto& [name, text] = label;
    return text.find("{{") != std::string::npos || labels.Get(name) == text;
  });
}

}  // namespace

StrayAlerts::StrayAlerts(std::vector<AlertRow> rows) {
  for (AlertRow& row : rows) {
    by_name_[std::string(row.alert->labels.Get(kAlertName))].push_back(std::move(row));
  }
}

std::vector<AlertRow> StrayAlerts::TakeOf(const Rule& rule, const AlertSet& there) {
  std::vector<AlertRow> taken;
  const auto at = by_name_.find(rule.name);
  if (rule.kind != RuleKind::kAlerting || at == by_name_.end()) return taken;
  std::vector<AlertRow> left;
  std::set<std::string_view> seen;  // alerts own their labels, whichever list they stand in
  for (AlertRow& row : at->second) {
    const Labels& labels = row.alert->labels;
    const bool is_its = HasFixedLabels(labels, rule) && FindAlert(there, labels) == nullptr &&
                        seen.insert(labels.packed()).second;
    (is_its ? taken : left).push_back(std::move(row));
  }
  at->second = std::move(left);
  if (at->second.empty()) by_name_.erase(at);
  return taken;
}

std::vector<AlertRow> StrayAlerts::TakeRest() {
  std::vector<AlertRow> rest;
  for (auto& [name, rows] : by_name_) std::ranges::move(rows, std::back_inserter(rest));
  by_name_.clear();
  return rest;
}

}  // namespace outrider
