// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/cost.h"

#include <algorithm>

#include "rules/pricing/price_book.h"

namespace outrider {

HourlyCost CostOf(std::span<const Holding> holdings, double unit_price,
                  std::optional<double> target) {
  HourlyCost cost;
  for (const Holding& holding : holdings) {
    const double price = holding.unit_price.value_or(unit_price);
    const double request = holding.request.value_or(0);
    cost.allocated += std::max(request, holding.used) * price;
    cost.projected += std::max(target.value_or(request), holding.used) * price;
    cost.used += holding.used * price;
  }
  return cost;
}

std::optional<double> MonthlySavings(std::span<const Holding> holdings, double target,
                                     double unit_price) {
  std::optional<double> savings;
  for (const Holding& holding : holdings) {
    if (!holding.request) continue;
    savings = savings.value_or(0) + (*holding.request - target) *
                                        holding.unit_price.value_or(unit_price) * kHoursPerMonth;
  }
  return savings;
}

}  // namespace outrider
