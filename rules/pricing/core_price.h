// SPDX-License-Identifier: Apache-2.0
// What a core and a GiB cost an hour by provider and region: the last resort when nothing better is
// known. Source: specs/source_systems.md §1.7 (KubeOpt's approximate on-demand list prices of 2024,
// USD).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/pricing/price.h"
#include "storage/base/status.h"

namespace outrider {

struct Price {
  double core_hour = 0;  // USD
  double gib_hour = 0;   // USD; GiB = 2^30 bytes
  std::string_view provider;
  std::string_view region;
};

// aws, gcp, azure or on_prem; an empty region is the provider's first. An unknown provider or
// region is an error that names the known ones: nothing is priced as something else.
StatusOr<Price> FindPrice(std::string_view provider, std::string_view region);
// The same exactly; source kDefault.
StatusOr<ResourcePrice> FindCorePrice(std::string_view provider, std::string_view region);

std::vector<std::string> KnownProviders();
std::vector<std::string> KnownRegions(std::string_view provider);  // the default first

}  // namespace outrider
