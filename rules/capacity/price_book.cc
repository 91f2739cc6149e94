// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/price_book.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::array kPrices = {
    Price{.0416, .0046, "aws", "us-east-1"},    Price{.0416, .0046, "aws", "us-west-2"},
    Price{.0464, .0051, "aws", "eu-west-1"},    Price{.0528, .0058, "aws", "ap-northeast-1"},
    Price{.0335, .0045, "gcp", "us-central1"},  Price{.0335, .0045, "gcp", "us-east1"},
    Price{.0369, .0049, "gcp", "europe-west1"}, Price{.0400, .0044, "azure", "eastus"},
    Price{.0400, .0044, "azure", "westus2"},    Price{.0440, .0048, "azure", "westeurope"},
    Price{.0300, .0040, "on_prem", "default"},
};

}  // namespace

StatusOr<Price> FindPrice(std::string_view provider, std::string_view region) {
  std::vector<std::string> providers;
  std::vector<std::string> regions;
  for (const Price& price : kPrices) {
    if (providers.empty() || providers.back() != price.provider) {
      providers.emplace_back(price.provider);
    }
    if (price.provider != provider) continue;
    if (region.empty() || price.region == region) return price;
    regions.emplace_back(price.region);
  }
  if (regions.empty()) {
    return InvalidArgument(
        fmt::format("unknown provider {}; known: {}", Quote(provider), Join(providers, ", ")));
  }
  return InvalidArgument(fmt::format("unknown region {} of {}; known: {}", Quote(region), provider,
                                     Join(regions, ", ")));
}

}  // namespace outrider
