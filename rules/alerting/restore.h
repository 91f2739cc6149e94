// SPDX-License-Identifier: Apache-2.0
// Alert states as the last process left them, read once at the start. Every clock (pending since,
// firing since, missing since) continues as it was: a restart is not an event.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/alerting/alert_rows.h"
#include "rules/alerting/alert_state.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

class RestoredAlerts {
 public:
  // Reads all rows. A row that cannot be read is logged, counted and left where it is.
  static StatusOr<RestoredAlerts> Load(const StateStore& store);

  // The alerts of a rule; the second time none.
  std::vector<AlertRow> Take(const std::string& rule_id);
  // What no rule has taken: the rules are gone.
  std::vector<AlertRow> TakeRest();
  size_t unreadable() const { return unreadable_; }

 private:
  std::map<std::string, std::vector<AlertRow>> by_rule_;
  size_t unreadable_ = 0;
};

}  // namespace outrider
