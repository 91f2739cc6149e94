// SPDX-License-Identifier: Apache-2.0
// What an own server costs an hour: capital, power, operation. Pure; computed in doubles (an
// annuity has no exact decimals) and turned into money at the end. Source:
// specs/cost_and_rightsizing.md §3.6.
#pragma once

#include "rules/pricing/price.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

inline constexpr double kHoursPerYear = 8760;

struct OnPremOptions {
  double server_price = 0;  // USD
  double years = 5;         // until it is replaced
  double interest = 0;      // a year: 0.08
  double idle_watts = 0;
  double max_watts = 0;
  double utilisation = 1;   // mean, 0 to 1: between idle and max
  double pue = 1.54;        // world average, Uptime 2025
  double kwh_price = 0.12;  // USD
  double maintenance = 0;   // share of the server's price a year: 0.10
  double rack_month = 0;    // USD a server
  double network_year = 0;  // USD a server
  double admin_year = 0;    // USD, of all servers together
  double servers = 1;
  Decimal cores;  // what it offers: capacity
  Decimal memory_gib;
  Decimal gpus;
  double core_to_gib_ratio = 10;  // $/core over $/GiB
  double gpu_to_gib_ratio = 100;  // $/GPU over $/GiB
  friend bool operator==(const OnPremOptions&, const OnPremOptions&) = default;
};

struct OnPremCost {  // USD an hour
  double capital = 0;
  double power = 0;
  double operation = 0;
  double Total() const { return capital + power + operation; }
};

OnPremCost OnPremHourly(const OnPremOptions& options);
// The server's price split over its capacity; its source is kUser.
NodePrice OnPremNode(const OnPremOptions& options);

// Reads the section `cost.on_prem`; errors are remembered by `reader`.
void ReadOnPrem(YamlReader& reader, OnPremOptions* options);

}  // namespace outrider
