// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/core_price.h"

#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct CoreRow {
  std::string_view provider;
  std::string_view region;
  Money core_hour;
  Money gib_hour;
};

constexpr std::array kRows = {
    CoreRow{"aws", "us-east-1", 0.0416_usd, 0.0046_usd},
    CoreRow{"aws", "us-west-2", 0.0416_usd, 0.0046_usd},
    CoreRow{"aws", "eu-west-1", 0.0464_usd, 0.0051_usd},
    CoreRow{"aws", "ap-northeast-1", 0.0528_usd, 0.0058_usd},
    CoreRow{"gcp", "us-central1", 0.0335_usd, 0.0045_usd},
    CoreRow{"gcp", "us-east1", 0.0335_usd, 0.0045_usd},
    CoreRow{"gcp", "europe-west1", 0.0369_usd, 0.0049_usd},
    CoreRow{"azure", "eastus", 0.0400_usd, 0.0044_usd},
    CoreRow{"azure", "westus2", 0.0400_usd, 0.0044_usd},
    CoreRow{"azure", "westeurope", 0.0440_usd, 0.0048_usd},
    CoreRow{"on_prem", "default", 0.0300_usd, 0.0040_usd},
};

StatusOr<const CoreRow*> Find(std::string_view provider, std::string_view region) {
  const std::vector<std::string> regions = KnownRegions(provider);
  if (regions.empty()) {
    return InvalidArgument(fmt::format("unknown provider {}; known: {}", Quote(provider),
                                       Join(KnownProviders(), ", ")));
  }
  for (const CoreRow& row : kRows) {
    if (row.provider == provider && (region.empty() || row.region == region)) return &row;
  }
  return InvalidArgument(fmt::format("unknown region {} of {}; known: {}", Quote(region), provider,
                                     Join(regions, ", ")));
}

}  // namespace

std::vector<std::string> KnownProviders() {
  std::vector<std::string> names;
  for (const CoreRow& row : kRows) {
    if (names.empty() || names.back() != row.provider) names.emplace_back(row.provider);
  }
  return names;
}

std::vector<std::string> KnownRegions(std::string_view provider) {
  std::vector<std::string> names;
  for (const CoreRow& row : kRows) {
    if (row.provider == provider) names.emplace_back(row.region);
  }
  return names;
}

StatusOr<Price> FindPrice(std::string_view provider, std::string_view region) {
  const CoreRow* row = TRY(Find(provider, region));
  return Price{row->core_hour.ToDouble(), row->gib_hour.ToDouble(), row->provider, row->region};
}

StatusOr<ResourcePrice> FindCorePrice(std::string_view provider, std::string_view region) {
  const CoreRow* row = TRY(Find(provider, region));
  ResourcePrice price;
  price.rates.core_hour = row->core_hour;
  price.rates.gib_hour = row->gib_hour;
  price.provider = row->provider;
  price.region = row->region;
  price.detail = fmt::format("per core and GiB of {} in {}, 2024", row->provider, row->region);
  return price;
}

}  // namespace outrider
