// SPDX-License-Identifier: Apache-2.0
// Alerts whose rule is not found by its id: its file or group has another name now, or its path is
// written otherwise. As in Prometheus they belong to a rule of their name that gives its alerts the
// same fixed labels.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/alerting/alert_rows.h"
#include "rules/alerting/alert_state.h"
#include "rules/rulefile/rule_group.h"

namespace outrider {

class StrayAlerts {
 public:
  explicit StrayAlerts(std::vector<AlertRow> rows);
  bool empty() const { return by_name_.empty(); }
  // Those that are the rule's, but for label sets that it has already; the second time none.
  std::vector<AlertRow> TakeOf(const Rule& rule, const AlertSet& there);
  // What is no rule's. Those of one id follow each other.
  std::vector<AlertRow> TakeRest();

 private:
  std::map<std::string, std::vector<AlertRow>, std::less<>> by_name_;
};

}  // namespace outrider
