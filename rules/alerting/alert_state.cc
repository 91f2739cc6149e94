// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/alert_state.h"

#include <algorithm>

namespace outrider {

std::string_view AlertStateText(AlertState state) {
  switch (state) {
    using enum AlertState;
    case kInactive:
      return "inactive";
    case kPending:
      return "pending";
    case kFiring:
      return "firing";
  }
  return "unknown";
}

AlertState WorstState(const AlertSet& alerts) {
  AlertState worst = AlertState::kInactive;
  for (const AlertPtr& alert : alerts) worst = std::max(worst, alert->state);
  return worst;
}

const ActiveAlert* FindAlert(const AlertSet& alerts, const Labels& labels) {
  const auto at = std::ranges::lower_bound(
      alerts, labels.packed(), {},
      [](const AlertPtr& alert) -> const std::string& { return alert->labels.packed(); });
  return at != alerts.end() && (*at)->labels == labels ? at->get() : nullptr;
}

}  // namespace outrider
