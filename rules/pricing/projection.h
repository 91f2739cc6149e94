// SPDX-License-Identifier: Apache-2.0
// KubeOpt's projection: what workloads cost by their requests, now and after the recommended ones.
// Pure. Source: specs/source_systems.md §1.7: month 730 h, year 12 months, requests only, savings =
// current - projected, percent with one decimal, a workload without projection counts as unchanged.
// KubeOpt rounds hourly prices to four decimals, which loses small workloads: that is kept as an
// option for those who compare, and is off by default.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/pricing/price.h"

namespace outrider {

enum class ProjectionRounding { kExact, kKubeOpt };  // kKubeOpt: hourly half-up to 4 decimals

// Of one replica.
struct RequestedResources {
  Decimal cores;
  Decimal memory_gib;
};

struct ProjectedWorkload {
  std::string name;
  std::string namespace_name;
  int64_t replicas = 1;
  RequestedResources current;
  std::optional<RequestedResources> projected = {};
};

struct MonthlyCost {
  Money cpu;  // a month, of all replicas, 2 decimals
  Money memory;
  Money total;  // rounded once from the exact total: may differ from cpu + memory by a cent
  RequestedResources resources;  // of one replica
};

struct ProjectedCost {
  std::string name;
  std::string namespace_name;
  int64_t replicas = 1;
  MonthlyCost current;
  std::optional<MonthlyCost> projected;
  std::optional<Money> monthly_savings;
  std::optional<Decimal> savings_percent;  // 1 decimal
};

struct Projection {
  std::string provider;
  std::string region;
  std::vector<ProjectedCost> workloads;
  Money current_monthly;
  Money projected_monthly;
  Money monthly_savings;
  Money annual_savings;
  Decimal savings_percent;
};

MonthlyCost CostPerMonth(const RequestedResources& resources, int64_t replicas,
                         const ResourceRates& rates, ProjectionRounding rounding);
// `price` says provider and region: what is priced is what is named.
Projection ProjectCost(const std::vector<ProjectedWorkload>& workloads, const ResourcePrice& price,
                       ProjectionRounding rounding = ProjectionRounding::kExact);
// Half-up to one decimal; 0 of a whole of 0.
Decimal Percent(Money part, Money whole);

}  // namespace outrider
