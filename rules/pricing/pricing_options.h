// SPDX-License-Identifier: Apache-2.0
// What a user configures of prices: part of the section `cost` of outrider.yml.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/pricing/carbon.h"
#include "rules/pricing/on_prem.h"
#include "rules/pricing/price.h"
#include "rules/pricing/user_prices.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct PricingOptions {
  std::string provider = "aws";    // where a node does not say itself
  std::string region;              // empty: the provider's first
  std::optional<Money> core_hour;  // cpu_core_hour: own prices win over everything but files' nodes
  std::optional<Money> gib_hour;   // memory_gib_hour
  std::optional<Money> gpu_hour;
  std::optional<OnPremOptions> on_prem;
  // Of list prices; both together leave (1 - discount)(1 - negotiated_discount).
  std::optional<Decimal> discount;
  std::optional<Decimal> negotiated_discount;
  std::optional<Decimal> spot_discount;  // of spot nodes whose spot price is not known
  bool prices_from_stream = true;
  Currency currency;
  CarbonOptions carbon;
  std::string prices_file;           // paths; "": none
  std::string opencost_prices_file;  // JSON
  std::string opencost_csv_file;
  bool opencost_prices_monthly = false;
  friend bool operator==(const PricingOptions&, const PricingOptions&) = default;
};

// Reads the keys out of the section `cost`, whose reader also reads the keys of others. Paths are
// taken as relative to `file`. Unknown providers and regions are errors that name the known ones.
void ReadPricingOptions(YamlReader& reader, const std::string& file, PricingOptions* options);

// The files that are named, in the order in which they count: prices_file, opencost_csv_file,
// opencost_prices_file.
StatusOr<std::vector<UserPrices>> LoadPriceFiles(const PricingOptions& options);
std::vector<std::string> PriceFilesOf(const PricingOptions& options);

}  // namespace outrider
