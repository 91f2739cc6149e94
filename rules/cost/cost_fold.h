// SPDX-License-Identifier: Apache-2.0
// Keeps the sums of a day or a month bounded where much comes and goes: jobs, bare pods, nodes of
// an autoscaler. Of what ended the dearest stay by name; the rest is one sum, __others__. Pure; the
// whole stays what it was.
#pragma once

#include <set>
#include <string_view>

#include "rules/cost/cost_buckets.h"

namespace outrider {

// Workload or node of what was folded together.
inline constexpr std::string_view kOthersName = "__others__";
// Of what ended, so many stay by name in each namespace (of nodes: in each cluster, idle apart).
inline constexpr size_t kKeptEnded = 500;

// What does not run (is not in `running`) and is not among the dearest becomes a sum for each
// cluster, namespace, kind, team and set of label values.
void FoldEndedWorkloads(const std::set<CostKey>& running, CostCells* cells);
// The same of the table of nodes: a sum for each cluster, idle apart.
void FoldEndedNodes(const std::set<CostKey>& running, CostCells* cells);

}  // namespace outrider
