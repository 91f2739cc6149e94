// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/restore.h"

#include <algorithm>
#include <iterator>

#include "storage/base/log.h"

namespace outrider {

StatusOr<RestoredAlerts> RestoredAlerts::Load(const StateStore& store) {
  RestoredAlerts restored;
  TRY(store.Scan(Family::kRules, "", "", [&](const Row& row) {
    StatusOr<AlertRow> decoded = DecodeAlertRow(row);
    if (decoded.ok()) {
      restored.by_rule_[decoded->rule_id].push_back(*std::move(decoded));
    } else {
      ++restored.unreadable_;
      LogError("alert state row skipped", {{"error", Message(decoded.status())}});
    }
    return true;
  }));
  return restored;
}

std::vector<AlertRow> RestoredAlerts::Take(const std::string& rule_id) {
  const auto at = by_rule_.find(rule_id);
  if (at == by_rule_.end()) return {};
  std::vector<AlertRow> rows = std::move(at->second);
  by_rule_.erase(at);
  return rows;
}

std::vector<AlertRow> RestoredAlerts::TakeRest() {
  std::vector<AlertRow> rest;
  for (auto& [id, rows] : by_rule_) std::ranges::move(rows, std::back_inserter(rest));
  by_rule_.clear();
  return rest;
}

}  // namespace outrider
