// SPDX-License-Identifier: Apache-2.0
// What a core and a GiB cost an hour. Source: specs/source_systems.md §1.7 (approximate on-demand
// list prices, USD). Prices are exact: nothing is rounded before it is shown.
#pragma once

#include <string_view>

#include "storage/base/status.h"

namespace outrider {

inline constexpr double kHoursPerMonth = 730;
inline constexpr double kBytesPerGib = 1024.0 * 1024.0 * 1024.0;

struct Price {
  double core_hour = 0;  // USD
  double gib_hour = 0;   // USD; GiB = 2^30 bytes
  std::string_view provider;
  std::string_view region;
};

// aws, gcp, azure or on_prem; an empty region is the provider's first. An unknown provider or
// region is an error that names the known ones: nothing is priced as something else.
StatusOr<Price> FindPrice(std::string_view provider, std::string_view region);

}  // namespace outrider
