// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/percentile.h"

#include <algorithm>

#include "rules/capacity/usage_histogram.h"

namespace outrider {
namespace {
constexpr double kRequestMargin = 1.1;
constexpr double kPeakMargin = 1.2;
constexpr double kUpperMargin = 1.5;
}  // namespace

UsageSummary Summarize(const UsageHistogram& usage) {
  return {.p50 = usage.Percentile(0.5),
          .p95 = usage.Percentile(0.95),
          .p99 = usage.Percentile(0.99),
          .max = usage.Max()};
}

Bounds CpuByPercentile(const UsageSummary& usage) {
  Bounds bounds;
  bounds.target = RoundCores(usage.p95 * kRequestMargin);
  bounds.lower = std::min(bounds.target, RoundCores(usage.p50 * kRequestMargin));
  bounds.upper = std::max(bounds.target, RoundCores(usage.p99 * kUpperMargin));
  bounds.limit = std::max(bounds.target, RoundCores(usage.max * kPeakMargin));
  return bounds;
}

Bounds MemoryByPercentile(const UsageSummary& usage) {
  Bounds bounds;
  bounds.target = RoundBytes(usage.max * kPeakMargin);
  bounds.lower = std::min(bounds.target, RoundBytes(usage.p95 * kRequestMargin));
  bounds.upper = RoundBytes(usage.max * kUpperMargin);
  bounds.limit = bounds.target;
  return bounds;
}

}  // namespace outrider
