// SPDX-License-Identifier: Apache-2.0
// Every recommendation policy, one row each.
#include <algorithm>
#include <array>
#include <cmath>

#include "rules/capacity/recommend/adaptive.h"
#include "rules/capacity/recommend/krr.h"
#include "rules/capacity/recommend/percentile.h"
#include "rules/capacity/recommend/vpa.h"

namespace outrider {
namespace {

constexpr double kMillicore = 0.001;
constexpr double kSmallestCores = 0.010;
constexpr double kMib = 1024.0 * 1024.0;
constexpr double kSmallestBytes = 32 * kMib;

constexpr std::array kPolicies = {
    RecommendPolicy{"adaptive", CpuAdaptively, MemoryAdaptively},
    RecommendPolicy{"percentile", CpuByPercentile, MemoryByPercentile},
    RecommendPolicy{"vpa", CpuByVpa, MemoryByVpa},
    RecommendPolicy{"krr", CpuByKrr, MemoryByKrr},
    RecommendPolicy{"krr_limit", CpuByKrrLimit, MemoryByKrr},
};

// `tiny` keeps 0.25 from becoming 251 millicores by the last bit.
double RoundUp(double value, double step) {
  constexpr double kTiny = 1e-9;
  return std::ceil(value / step * (1 - kTiny)) * step;
}

}  // namespace

double RoundCores(double cores) {
  // 1000 is exact where 0.001 is not: 63 / 1000.0 is the double nearest to 0.063.
  return std::max(kSmallestCores, RoundUp(cores / kMillicore, 1) / 1000.0);
}

double RoundBytes(double bytes) { return std::max(kSmallestBytes, RoundUp(bytes, kMib)); }

const RecommendPolicy* FindPolicy(std::string_view name) {
  const auto* row = std::ranges::find(kPolicies, name, &RecommendPolicy::name);
  return row == kPolicies.end() ? nullptr : &*row;
}

std::vector<std::string> PolicyNames() {
  std::vector<std::string> names;
  names.reserve(kPolicies.size());
  for (const RecommendPolicy& policy : kPolicies) names.emplace_back(policy.name);
  return names;
}

}  // namespace outrider
