// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/price_json.h"

#include <string>

namespace outrider {
namespace {

constexpr int kDigits = 12;
constexpr std::string_view kDollars = "dollars";

std::string ShownKey(std::string_view key, const Currency& currency) {
  std::string shown(key);
  const size_t at = shown.find(kDollars);
  if (currency.code != "USD" && at != std::string::npos) {
    shown.replace(at, kDollars.size(), "amount");
  }
  return shown;
}

void WriteUnit(std::string_view key, const UnitPrice& price, const Currency& currency,
               JsonWriter* json) {
  json->Key(key).StartObject();
  WriteAmount("price", price.amount, currency, json);
  json->Key("source").String(PriceSourceText(price.source));
  json->Key("detail").String(price.detail).EndObject();
}

}  // namespace

void WriteCurrency(const Currency& currency, JsonWriter* json) {
  json->Key("currency").String(currency.code);
  json->Key("currency_per_dollar").Raw(currency.rate.Text());
}

void WriteAmount(std::string_view key, Money dollars, const Currency& currency, JsonWriter* json) {
  const Money amount = currency.rate == 1_dec ? dollars : dollars * currency.rate;
  json->Key(ShownKey(key, currency)).Raw(amount.Rounded(kDigits).Text());
}

void WriteResourcePrice(const ResourcePrice& price, const Currency& currency, JsonWriter* json) {
  json->Key("provider").String(price.provider).Key("region").String(price.region);
  WriteAmount("core_hour", price.rates.core_hour, currency, json);
  WriteAmount("gib_hour", price.rates.gib_hour, currency, json);
  WriteAmount("gpu_hour", price.rates.gpu_hour, currency, json);
  json->Key("source").String(PriceSourceText(price.source));
  json->Key("detail").String(price.detail);
}

void WriteNodePrice(const NodeFacts& facts, const NodePrice& price, const Currency& currency,
                    JsonWriter* json) {
  json->StartObject().Key("node").String(facts.name);
  json->Key("provider").String(facts.provider).Key("region").String(facts.region);
  json->Key("zone").String(facts.zone).Key("instance_type").String(facts.instance_type);
  json->Key("capacity_type").String(CapacityTypeText(facts.capacity_type));
  json->Key("cores").Raw(facts.cores.Text()).Key("memory_gib").Raw(facts.memory_gib.Text());
  json->Key("gpus").Raw(facts.gpus.Text());
  WriteAmount("dollars_per_hour", price.hourly, currency, json);
  // Rounded so that they sum to the whole as it is shown.
  const Money parts[] = {price.cpu * currency.rate, price.memory * currency.rate,
                         price.gpu * currency.rate};
  const std::vector<Money> shown = RoundParts(parts, kDigits);
  json->Key(ShownKey("cpu_dollars_per_hour", currency)).Raw(shown[0].Text());
  json->Key(ShownKey("memory_dollars_per_hour", currency)).Raw(shown[1].Text());
  json->Key(ShownKey("gpu_dollars_per_hour", currency)).Raw(shown[2].Text());
  WriteAmount("core_hour", price.rates.core_hour, currency, json);
  WriteAmount("gib_hour", price.rates.gib_hour, currency, json);
  WriteAmount("gpu_hour", price.rates.gpu_hour, currency, json);
  json->Key("source").String(PriceSourceText(price.source));
  json->Key("detail").String(price.detail).EndObject();
}

void WriteServices(const PriceBook& book, JsonWriter* json) {
  const Currency& currency = book.currency();
  WriteUnit("storage_gib_hour", book.Storage(""), currency, json);
  json->Key("egress_gib").StartObject();
  for (const Egress kind : {Egress::kZone, Egress::kRegion, Egress::kInternet}) {
    WriteUnit(EgressText(kind), book.EgressPerGib(kind), currency, json);
  }
  json->EndObject();
  WriteUnit("load_balancer_hour", book.LoadBalancerHour(), currency, json);
  WriteUnit("control_plane_hour", book.ControlPlaneHour(), currency, json);
}

}  // namespace outrider
