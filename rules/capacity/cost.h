// SPDX-License-Identifier: Apache-2.0
// What a resource of a workload costs. Pure. Source: specs/cost_and_rightsizing.md §2.1 (allocated
// is the larger of request and use), specs/source_systems.md §1.7 (730 hours a month).
#pragma once

#include <optional>
#include <span>

namespace outrider {

// One container (or machine) now: cores or bytes.
struct Holding {
  std::optional<double> request;  // a machine: its capacity
  double used = 0;
  std::optional<double> unit_price = {};  // of its node; otherwise the price of all
  bool adds = true;  // false: its request is within those of its pod's other containers
};

// USD an hour.
struct HourlyCost {
  double allocated = 0;  // what is held: max(request, use) of each container, summed
  double used = 0;       // what of it is used
  double projected = 0;  // what is held once the target is requested: max(target, use)
  double Idle() const { return allocated - used; }
};
// `unit_price`: USD per core-hour or byte-hour, of holdings without their own. `target`: what each
// of them should request; nothing: as now.
HourlyCost CostOf(std::span<const Holding> holdings, double unit_price,
                  std::optional<double> target = {});

// USD a month that requesting `target` instead saves, over all containers; negative where more is
// needed. Nothing when no container has a request: there is nothing to save from.
std::optional<double> MonthlySavings(std::span<const Holding> holdings, double target,
                                     double unit_price);

}  // namespace outrider
