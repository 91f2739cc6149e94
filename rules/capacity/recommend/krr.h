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

#include <span>
#include <string_view>

#include "rules/capacity/recommend/policy.h"

namespace outrider {

PolicyAdvice CpuByKrr(const PolicyInput& input);
PolicyAdvice CpuByKrrLimit(const PolicyInput& input);
PolicyAdvice MemoryByKrr(const PolicyInput& input);

// CRITICAL, WARNING, OK or GOOD by |request - target| (cores 0.5, 0.25, 0.1; MiB 500, 250, 100);
// without a request WARNING.
std::string_view KrrSeverity(bool memory, const std::optional<double>& request, double target);
// 100 less one per CRITICAL and 0.7 per WARNING container, in per cent of them; 100 without any.
double KrrScore(std::span<const std::string_view> severities);
// A from 90, B from 70, C from 55, D from 30, else F.
char KrrGrade(double score);

}  // namespace outrider
