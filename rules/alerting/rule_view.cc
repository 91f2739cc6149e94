// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/rule_view.h"

namespace outrider {

std::string_view RuleHealthText(RuleHealth health) {
  switch (health) {
    using enum RuleHealth;
    case kUnknown:
      return "unknown";
    case kOk:
      return "ok";
    case kError:
      return "err";
  }
  return "unknown";
}

std::string_view RuleView::StateText() const {
  const AlertState worst = WorstState(alerts);
  if (worst == AlertState::kInactive && last_evaluation == 0) return "unknown";
  return AlertStateText(worst);
}

}  // namespace outrider
