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
    const double request = holding.adds ? holding.request.value_or(0) : 0;
    const double requested_then = holding.adds ? target.value_or(request) : 0;
    cost.allocated += std::max(request, holding.used) * price;
    cost.projected += std::max(requested_then, holding.used) * price;
    cost.used += holding.used * price;
  }
  return cost;
}

std::optional<double> MonthlySavings(std::span<const Holding> holdings, double target,
                                     double unit_price) {
  std::optional<double> savings;
  for (const Holding& holding : holdings) {
    if (!holding.request || !holding.adds) continue;
    savings = savings.value_or(0) + (*holding.request - target) *
                                        holding.unit_price.value_or(unit_price) * kHoursPerMonth;
  }
  return savings;
}

}  // namespace outrider
