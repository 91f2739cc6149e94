// SPDX-License-Identifier: Apache-2.0
// What runs now, as a what-if question prices it: each workload's cores and GiB (the larger of
// request and mean use), GPUs and volumes by namespace.
#pragma once

#include <vector>

#include "exporter/api/workload_rows.h"
#include "rules/capacity/recommendation.h"
#include "rules/pricing/what_if.h"
#include "storage/window/querier.h"

namespace outrider {

enum class HoldingBasis { kCurrent, kRecommended };  // the requests there are, or those advised

// By workload.
std::vector<WhatIfHolding> HoldingsOf(const std::vector<Recommendation>& recommendations,
                                      HoldingBasis basis);
// Claimed volumes by namespace and storage class (kind StorageClass), requested GPUs by namespace
// (kind GPU); of kube-state-metrics' newest values.
StatusOr<std::vector<WhatIfHolding>> ReadVolumesAndGpus(const Querier& querier, Timestamp now);

}  // namespace outrider
