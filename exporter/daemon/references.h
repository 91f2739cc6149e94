// SPDX-License-Identifier: Apache-2.0
// What the loaded expressions read, and how far back: the input of the windows' retention.
#pragma once

#include <vector>

#include "rules/promql/engine.h"
#include "rules/rulefile/rule_file.h"
#include "storage/window/retention_plan.h"

namespace outrider {

std::vector<promql::Expression::Reach> RuleReaches(const std::vector<RuleFile>& files,
                                                   DurationMs lookback, DurationMs query_offset);
std::vector<SeriesReference> ToReferences(std::vector<promql::Expression::Reach> reaches);

}  // namespace outrider
