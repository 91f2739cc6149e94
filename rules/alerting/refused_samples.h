// SPDX-License-Identifier: Apache-2.0
// Results of a rule that the windows do not take: said as Prometheus says it.
#pragma once

#include <string>

#include "storage/window/appender.h"

namespace outrider {

// The rule's error; "" when everything was taken.
std::string RefusalText(const AppendCounts& counts);

// One line for each kind. `place`: file:line:column of the rule.
void LogRefused(const AppendCounts& counts, const std::string& place, const std::string& rule);

}  // namespace outrider
