// SPDX-License-Identifier: Apache-2.0
// What the loaded rules read, and how far back: input of the windows' retention. Analytics and
// capacity name theirs themselves.
#pragma once

#include <vector>

#include "rules/rulefile/rule_file.h"
#include "storage/window/retention_plan.h"

namespace outrider {

// Owners are named as `rules/app.yml group "g" alert "Down"`.
std::vector<SeriesReference> RuleReferences(const std::vector<RuleFile>& files, DurationMs lookback,
                                            DurationMs query_offset);

}  // namespace outrider
