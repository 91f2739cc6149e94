// SPDX-License-Identifier: Apache-2.0
// Results of expressions in the shape a source feeds on.
#pragma once

#include "rules/analytics/workload_names.h"
#include "rules/promql/value.h"

namespace outrider {

// A scalar becomes one series without labels; anything but scalar and vector becomes nothing.
promql::Vector AsVector(promql::Value value);

// Series with labels namespace, pod and container are summed per workload: labels namespace,
// workload, workload_kind, container. Pods whose workload is not known (yet) are left out.
promql::Vector SumPerWorkload(const promql::Vector& pods, const WorkloadNames* names);
promql::Matrix SumPerWorkload(const promql::Matrix& pods, const WorkloadNames* names);

}  // namespace outrider
