// SPDX-License-Identifier: Apache-2.0
// Whom the names in an escalation tier stand for at the moment of the page.
#pragma once

#include <string>
#include <vector>

#include "notifiers/desk/plan.h"

namespace outrider {

struct Told {
  std::vector<std::string> receivers;  // each exists and has an integration
  std::string remark;                  // for the audit trail: why it is nobody, or the fallback
};
// A receiver, a user (people_config.h) or whoever is on call in a schedule; its fallback when
// nobody is who could be reached.
Told ResolveTarget(const Plan& plan, const std::string& target, Nanos now);

}  // namespace outrider
