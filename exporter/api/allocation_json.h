// SPDX-License-Identifier: Apache-2.0
// A row of an allocation in OpenCost's JSON. Source: specs/cost_and_rightsizing.md §2.1.
#pragma once

#include <span>
#include <string>

#include "rules/cost/allocation_query.h"
#include "storage/base/json.h"

namespace outrider {

// `rate`: units of the currency for a dollar. `labels`: the names of CostKey::labels. Averages are
// over the time that was watched.
void WriteAllocationRow(const AllocationRow& row, const AllocationSet& set,
                        std::span<const std::string> labels, double rate, JsonWriter* json);

}  // namespace outrider
