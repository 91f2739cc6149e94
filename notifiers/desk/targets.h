// SPDX-License-Identifier: Apache-2.0
// Whom the names in an escalation tier stand for at the moment of the page.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "notifiers/desk/plan.h"

namespace outrider {

// Whether something that is sent to the receiver may arrive; nullptr: it has an integration.
using Reachable = std::function<bool(const Receiver&)>;

struct Told {
  std::vector<std::string> receivers;  // each exists and is reachable, each once
  std::string remark;                  // for the audit trail: why it is nobody, or the fallback
};
// A receiver, a user (people_config.h), a team's members or its lead, or whoever is on call in a
// schedule; its fallback when nobody is who could be reached.
Told ResolveTarget(const Plan& plan, const std::string& target, Nanos now,
                   const Reachable& reachable = nullptr);

}  // namespace outrider
