// SPDX-License-Identifier: Apache-2.0
// The tiers and the fallback of a policy as incidents keep them. Thousands of incidents are open by
// one policy: equal steps are one in memory, whichever configuration or row they came from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "notifiers/config/incidents_config.h"

namespace outrider {

struct PolicySteps {
  std::vector<EscalationTier> tiers;
  std::vector<std::string> fallback;  // told when a whole round found nobody
};

// nullptr for none at all. Thread-safe; steps that nobody keeps any more are forgotten.
std::shared_ptr<const PolicySteps> SharePolicySteps(PolicySteps steps);

}  // namespace outrider
