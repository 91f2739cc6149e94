// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/projection.h"

namespace outrider {
namespace {

constexpr int kHourlyDecimals = 4;
constexpr int kCents = 2;

}  // namespace

MonthlyCost CostPerMonth(const RequestedResources& resources, int64_t replicas,
                         const ResourceRates& rates, ProjectionRounding rounding) {
  Money cpu = rates.core_hour * resources.cores;
  Money memory = rates.gib_hour * resources.memory_gib;
  if (rounding == ProjectionRounding::kKubeOpt) {
    cpu = cpu.Rounded(kHourlyDecimals);
    memory = memory.Rounded(kHourlyDecimals);
  }
  const int64_t hours = kMonthHours * replicas;
  return {(cpu * hours).Rounded(kCents), (memory * hours).Rounded(kCents),
          ((cpu + memory) * hours).Rounded(kCents), resources};
}

Decimal Percent(Money part, Money whole) {
  if (whole.IsZero()) return {};
  // Cents are whole numbers of a size that a Decimal holds.
  const auto cents = [](Money money) {
    return Decimal::FromUnits(money.Rounded(kCents).units() / 10'000'000'000);
  };
  return (cents(part) * 100).Over(cents(whole)).Rounded(1);
}

Projection ProjectCost(const std::vector<ProjectedWorkload>& workloads, const ResourcePrice& price,
                       ProjectionRounding rounding) {
  Projection all;
  all.provider = price.provider;
  all.region = price.region;
  for (const ProjectedWorkload& workload : workloads) {
    ProjectedCost cost;
    cost.name = workload.name;
    cost.namespace_name = workload.namespace_name;
    cost.replicas = workload.replicas;
    cost.current = CostPerMonth(workload.current, workload.replicas, price.rates, rounding);
    Money after = cost.current.total;
    if (workload.projected) {
      cost.projected = CostPerMonth(*workload.projected, workload.replicas, price.rates, rounding);
      after = cost.projected->total;
      cost.monthly_savings = cost.current.total - after;
      cost.savings_percent = Percent(*cost.monthly_savings, cost.current.total);
    }
    all.current_monthly += cost.current.total;
    all.projected_monthly += after;
    all.workloads.push_back(std::move(cost));
  }
  all.monthly_savings = all.current_monthly - all.projected_monthly;
  all.annual_savings = all.monthly_savings * 12;
  all.savings_percent = Percent(all.monthly_savings, all.current_monthly);
  return all;
}

}  // namespace outrider
