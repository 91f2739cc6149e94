// SPDX-License-Identifier: Apache-2.0
// OpenCost's custom pricing JSON. It is read as YAML, of which JSON is a part, so that errors name
// line and column. Its values are texts; keys that say nothing of prices (credentials, cluster
// name) are passed over.
#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "rules/pricing/user_prices.h"
#include "rules/pricing/yaml_money.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct Reading {
  const YamlNode& root;
  const std::string& file;
  bool monthly = false;
  Currency currency;
};

// Hourly values of today's lists stay well below `monthly_from`, monthly ones well above.
struct MonthlyTrap {
  std::string_view key;
  Money monthly_from;
  std::string_view unit;
};
constexpr std::array kTraps = {
    MonthlyTrap{"CPU", 1_usd, "core"},        MonthlyTrap{"spotCPU", 1_usd, "core"},
    MonthlyTrap{"RAM", 0.2_usd, "GiB"},       MonthlyTrap{"spotRAM", 0.2_usd, "GiB"},
    MonthlyTrap{"GPU", 50_usd, "GPU"},        MonthlyTrap{"spotGPU", 50_usd, "GPU"},
    MonthlyTrap{"storage", 0.005_usd, "GiB"},
};

std::string_view TextOf(const Reading& in, std::string_view key) {
  const YamlNode* node = in.root.Find(key);
  return node == nullptr || !node->IsScalar() ? std::string_view() : std::string_view(node->scalar);
}

Status ReadPlain(const Reading& in, std::string_view key, std::optional<Money>* out) {
  const YamlNode* node = in.root.Find(key);
  if (node == nullptr || node->IsNull() || (node->IsScalar() && node->scalar.empty())) {
    return absl::OkStatus();
  }
  const StatusOr<Money> money = node->IsScalar()
                                    ? Money::Parse(node->scalar)
                                    : StatusOr<Money>(InvalidArgument("a number is needed here"));
  if (!money.ok())
    return YamlError(in.file, *node, fmt::format("{}: {}", key, Message(money.status())));
  if (money->IsNegative()) {
    return YamlError(in.file, *node, fmt::format("{} must not be negative", key));
  }
  *out = money->Over(in.currency.rate);
  return absl::OkStatus();
}

// Of CPU, RAM, GPU and storage, which may be meant a month.
Status ReadHourly(const Reading& in, std::string_view key, std::vector<std::string>* warnings,
                  std::optional<Money>* out) {
  std::optional<Money> stated;
  TRY(ReadPlain(in, key, &stated));
  if (!stated) return absl::OkStatus();
  const auto trap = std::ranges::find(kTraps, key, &MonthlyTrap::key);
  const bool looks_monthly = *stated >= trap->monthly_from;
  if (looks_monthly != in.monthly && !stated->IsZero()) {
    const YamlNode* node = in.root.Find(key);
    warnings->push_back(fmt::format(
        "{}:{}:{}: {} is {} dollars for a {}, which looks {}; it is taken as {} "
        "(opencost_prices_monthly: {})",
        in.file, node->line, node->column, key, stated->Text(), trap->unit,
        looks_monthly ? "monthly" : "hourly", in.monthly ? "monthly" : "hourly", in.monthly));
  }
  *out = in.monthly ? stated->TimesRatio(1, kMonthHours) : *stated;
  return absl::OkStatus();
}

Status ReadDiscount(const Reading& in, std::string_view key, std::optional<Decimal>* out) {
  if (TextOf(in, key).empty()) return absl::OkStatus();
  const StatusOr<Decimal> share = ParseShare(TextOf(in, key));
  if (!share.ok()) {
    return YamlError(in.file, *in.root.Find(key),
                     fmt::format("{}: {}", key, Message(share.status())));
  }
  *out = *share;
  return absl::OkStatus();
}

Status ReadCurrency(const Currency& configured, Reading* in) {
  const std::string_view code = TextOf(*in, "currencyCode");
  if (code == configured.code) {
    in->currency = configured;
  } else if (!code.empty() && code != "USD") {
    return YamlError(in->file, *in->root.Find("currencyCode"),
                     fmt::format("currencyCode must be USD or that of cost.currency ({}), whose "
                                 "rate is known",
                                 configured.code));
  }
  return absl::OkStatus();
}

Status ReadAmounts(const Reading& in, UserPrices* prices) {
  const std::pair<std::string_view, std::optional<Money>*> hourly[] = {
      {"CPU", &prices->rates.core_hour}, {"spotCPU", &prices->spot_rates.core_hour},
      {"RAM", &prices->rates.gib_hour},  {"spotRAM", &prices->spot_rates.gib_hour},
      {"GPU", &prices->rates.gpu_hour},  {"spotGPU", &prices->spot_rates.gpu_hour},
  };
  for (const auto& [key, out] : hourly) TRY(ReadHourly(in, key, &prices->warnings, out));
  std::optional<Money> storage;
  TRY(ReadHourly(in, "storage", &prices->warnings, &storage));
  if (storage) {
    prices->storage.push_back(
        {"*", *storage, fmt::format("{}:{}", in.file, in.root.Find("storage")->line)});
  }
  const std::pair<std::string_view, std::optional<Money>*> plain[] = {
      {"zoneNetworkEgress", &prices->egress_zone},
      {"regionNetworkEgress", &prices->egress_region},
      {"internetNetworkEgress", &prices->egress_internet},
      {"firstFiveForwardingRulesCost", &prices->load_balancer_hour},
      {"defaultLBPrice", &prices->load_balancer_hour},
  };
  for (const auto& [key, out] : plain) TRY(ReadPlain(in, key, out));
  TRY(ReadDiscount(in, "discount", &prices->discount));
  return ReadDiscount(in, "negotiatedDiscount", &prices->negotiated_discount);
}

}  // namespace

StatusOr<UserPrices> ParseOpenCostPricing(std::string_view text, const std::string& file,
                                          bool monthly, const Currency& currency) {
  const YamlNode root = TRY(ParseYaml(text, file));
  if (!root.IsMap()) return YamlError(file, root, "OpenCost's pricing is an object of texts");
  Reading in = {root, file, monthly, Currency()};
  TRY(ReadCurrency(currency, &in));
  UserPrices prices;
  prices.file = file;
  prices.list_price = true;
  TRY(ReadAmounts(in, &prices));
  prices.spot_label = TextOf(in, "spotLabel");
  prices.spot_value = TextOf(in, "spotLabelValue");
  if (TextOf(in, "customPricesEnabled") == "false") {
    prices.warnings.push_back(fmt::format(
        "{}: customPricesEnabled is false; the prices count because the configuration names the "
        "file",
        file));
  }
  return prices;
}

}  // namespace outrider
