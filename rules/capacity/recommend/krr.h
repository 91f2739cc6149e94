// SPDX-License-Identifier: Apache-2.0
// The policies `krr` and `krr_limit`: Robusta KRR's strategies simple and simple_limit.
//   krr        CPU request: the largest 95th percentile of one pod; no CPU limit
//   krr_limit  CPU request: 66th percentile of all pods' samples; limit: their 96th
//   memory     request and limit: the largest use of 14 days plus 15 %; after a kill for memory at
//              least the limit of then plus 25 %
// Least 10m and 100 MiB. Nothing is said about a resource that a horizontal autoscaler scales on.
// Where KRR has the samples of 14 days, here are histograms (pod_percentile.h, decayed_histogram.h;
// their errors are in docs/rightsizing.md). Source: robusta-dev/krr (read 2026-07), specs §1.2.
#pragma once

#include "rules/capacity/recommend/policy.h"

namespace outrider {

PolicyAdvice CpuByKrr(const PolicyInput& input);
PolicyAdvice CpuByKrrLimit(const PolicyInput& input);
PolicyAdvice MemoryByKrr(const PolicyInput& input);

}  // namespace outrider
