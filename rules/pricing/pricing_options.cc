// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/pricing_options.h"

#include "fmt/format.h"
#include "rules/pricing/core_price.h"
#include "rules/pricing/yaml_money.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

template <typename ReadMap>
void Section(YamlReader& r, std::string_view key, const std::string& file, ReadMap read) {
  const YamlNode* node = r.Child(key);
  if (node == nullptr || node->IsNull()) return;
  YamlReader inner(*node, file, fmt::format("section cost.{}", key));
  read(inner);
  if (const Status status = inner.Finish(); !status.ok()) r.Fail(status);
}

// 0 has always meant: from the table.
void ReadOwnPrice(YamlReader& r, std::string_view key, std::optional<Money>* out) {
  ReadMoney(r, key, out);
  if (*out && (*out)->IsZero()) out->reset();
}

void ReadCurrency(YamlReader& r, Currency* currency) {
  r.String("code", &currency->code);
  ReadDecimal(r, "rate", &currency->rate);
  if (currency->rate <= Decimal()) {
    r.Fail("rate", "rate must be more than 0: units of the currency for a dollar");
  }
  const bool plain = currency->code.size() == 3 && ToUpper(currency->code) == currency->code;
  if (!plain) r.Fail("code", "code must be a currency's three letters, as EUR");
  if (currency->code != "USD" && !r.Has("rate")) {
    r.Fail("code", "a currency other than USD needs rate: its units for a dollar");
  }
}

}  // namespace

void ReadPricingOptions(YamlReader& r, const std::string& file, PricingOptions* options) {
  r.String("provider", &options->provider);
  r.String("region", &options->region);
  ReadOwnPrice(r, "cpu_core_hour", &options->core_hour);
  ReadOwnPrice(r, "memory_gib_hour", &options->gib_hour);
  // With prices of one's own a region needs no list.
  const bool own = options->core_hour && options->gib_hour;
  const std::string& region = own ? std::string() : options->region;
  if (const auto price = FindPrice(options->provider, region); !price.ok()) {
    r.Fail(r.Has("region") ? "region" : "provider", Message(price.status()));
  }
  ReadOwnPrice(r, "gpu_hour", &options->gpu_hour);
  ReadShare(r, "discount", &options->discount);
  ReadShare(r, "negotiated_discount", &options->negotiated_discount);
  ReadShare(r, "spot_discount", &options->spot_discount);
  r.Bool("prices_from_stream", &options->prices_from_stream);
  r.Bool("opencost_prices_monthly", &options->opencost_prices_monthly);
  const std::pair<std::string_view, std::string*> paths[] = {
      {"prices_file", &options->prices_file},
      {"opencost_prices_file", &options->opencost_prices_file},
      {"opencost_csv_file", &options->opencost_csv_file},
  };
  for (const auto& [key, path] : paths) {
    if (r.String(key, path)) *path = ResolveBeside(file, *path);
  }
  Section(r, "currency", file, [&](YamlReader& inner) { ReadCurrency(inner, &options->currency); });
  Section(r, "carbon", file, [&](YamlReader& inner) { ReadCarbon(inner, &options->carbon); });
  Section(r, "on_prem", file,
          [&](YamlReader& inner) { ReadOnPrem(inner, &options->on_prem.emplace()); });
}

StatusOr<std::vector<UserPrices>> LoadPriceFiles(const PricingOptions& options) {
  std::vector<UserPrices> files;
  if (const std::string& file = options.prices_file; !file.empty()) {
    files.push_back(TRY(ParseUserPrices(TRY(ReadFile(file)), file, options.currency)));
  }
  if (const std::string& file = options.opencost_csv_file; !file.empty()) {
    files.push_back(TRY(ParseOpenCostCsv(TRY(ReadFile(file)), file)));
  }
  if (const std::string& file = options.opencost_prices_file; !file.empty()) {
    files.push_back(TRY(ParseOpenCostPricing(TRY(ReadFile(file)), file,
                                             options.opencost_prices_monthly, options.currency)));
  }
  return files;
}

std::vector<std::string> PriceFilesOf(const PricingOptions& options) {
  std::vector<std::string> files;
  for (const std::string* file :
       {&options.prices_file, &options.opencost_csv_file, &options.opencost_prices_file}) {
    if (!file->empty()) files.push_back(*file);
  }
  return files;
}

}  // namespace outrider
