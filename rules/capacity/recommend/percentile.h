// SPDX-License-Identifier: Apache-2.0
// The policy `percentile`: a high percentile of what was used, plus a margin.
//   CPU     target p95 * 1.1   lower p50 * 1.1   upper p99 * 1.5     limit max * 1.2
//   memory  target max * 1.2   lower p95 * 1.1   upper max * 1.5     limit max * 1.2
// (max: of today and yesterday, UTC.) CPU beyond its request is only slowed down, so a percentile
// will do; memory beyond its limit is killed, so the peak counts and request and limit are one.
// Source: specs/source_systems.md §1.9.
#pragma once

#include "rules/capacity/recommend/policy.h"

namespace outrider {

struct UsageSummary {
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double max = 0;
};

Bounds CpuByPercentile(const UsageSummary& usage);
Bounds MemoryByPercentile(const UsageSummary& usage);

PolicyAdvice CpuByPercentile(const PolicyInput& input);
PolicyAdvice MemoryByPercentile(const PolicyInput& input);

}  // namespace outrider
