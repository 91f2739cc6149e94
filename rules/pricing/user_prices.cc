// SPDX-License-Identifier: Apache-2.0
// Our YAML.
#include "rules/pricing/user_prices.h"

#include <algorithm>

#include "fmt/format.h"
#include "rules/pricing/yaml_money.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// An empty pattern fits everything.
bool Fits(std::string_view pattern, std::string_view text) {
  if (pattern.ends_with('*')) return text.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern.empty() || pattern == text;
}

// What all parts of one file need.
struct Source {
  const std::string& file;
  Currency currency;  // of the amounts

  std::string At(const YamlNode& node) const { return fmt::format("{}:{}", file, node.line); }
  Money InDollars(Money amount) const { return amount.Over(currency.rate); }
};

void ReadAmount(YamlReader& r, std::string_view key, const Source& source,
                std::optional<Money>* out) {
  Money amount;
  if (ReadMoney(r, key, &amount)) *out = source.InDollars(amount);
}

void ReadRates(YamlReader& r, const Source& source, StatedRates* rates) {
  ReadAmount(r, "core_hour", source, &rates->core_hour);
  ReadAmount(r, "gib_hour", source, &rates->gib_hour);
  ReadAmount(r, "gpu_hour", source, &rates->gpu_hour);
}

void ReadCapacityType(YamlReader& r, std::optional<CapacityType>* out) {
  std::string text;
  if (!r.String("capacity_type", &text)) return;
  if (text == "spot") {
    *out = CapacityType::kSpot;
  } else if (text == "on-demand") {
    *out = CapacityType::kOnDemand;
  } else {
    r.Fail("capacity_type", "capacity_type must be on-demand or spot");
  }
}

// Calls `read` with a reader of each item of the list `key`.
template <typename ReadItem>
void ReadList(YamlReader& r, std::string_view key, const std::string& file, ReadItem read) {
  const YamlNode* list = r.Child(key);
  if (list == nullptr || list->IsNull()) return;
  if (!list->IsSequence()) {
    r.Fail(key, fmt::format("{} must be a list", key));
    return;
  }
  for (const YamlNode& item : list->items) {
    YamlReader inner(item, file, fmt::format("an item of {}", key));
    read(inner, item);
    if (const Status status = inner.Finish(); !status.ok()) r.Fail(status);
  }
}

template <typename ReadMap>
void ReadSection(YamlReader& r, std::string_view key, const std::string& file, ReadMap read) {
  const YamlNode* node = r.Child(key);
  if (node == nullptr) return;
  YamlReader inner(*node, file, fmt::format("section {}", key));
  read(inner);
  if (const Status status = inner.Finish(); !status.ok()) r.Fail(status);
}

void ReadNode(YamlReader& r, const YamlNode& item, const Source& source, StatedNode* node) {
  node->where = source.At(item);
  ReadSection(r, "match", source.file, [&](YamlReader& match) {
    match.String("name", &node->match.name);
    match.String("provider", &node->match.provider);
    match.String("region", &node->match.region);
    match.String("zone", &node->match.zone);
    match.String("instance_type", &node->match.instance_type);
    match.String("provider_id", &node->match.provider_id);
    ReadCapacityType(match, &node->match.capacity_type);
    match.StringMap("labels", &node->match.labels);
  });
  ReadAmount(r, "node_hour", source, &node->node_hour);
  ReadRates(r, source, &node->rates);
  r.Bool("list_price", &node->list_price);
  if (!r.Has("match")) r.Fail("match", "a node price needs match: which nodes it is for");
  if (node->node_hour && (node->rates.core_hour || node->rates.gib_hour)) {
    r.Fail("node_hour", "give node_hour or core_hour and gib_hour, not both");
  }
  if (!node->node_hour && !node->rates.Any()) {
    r.Fail("node_hour", "a node price needs node_hour, core_hour, gib_hour or gpu_hour");
  }
}

void ReadStorage(YamlReader& r, const YamlNode& item, const Source& source,
                 StatedStorage* storage) {
  storage->where = source.At(item);
  r.String("class", &storage->storage_class);
  std::optional<Money> month;
  std::optional<Money> hour;
  ReadAmount(r, "gib_month", source, &month);
  ReadAmount(r, "gib_hour", source, &hour);
  if (month.has_value() == hour.has_value()) {
    r.Fail("gib_month", "a storage price needs either gib_month or gib_hour");
    return;
  }
  storage->gib_hour = hour ? *hour : month->TimesRatio(1, kMonthHours);
  if (storage->storage_class.empty()) r.Fail("class", "a storage price needs class");
}

void ReadDefaults(YamlReader& r, const Source& source, UserPrices* prices) {
  ReadRates(r, source, &prices->rates);
  r.Bool("list_price", &prices->list_price);
  ReadSection(r, "spot", source.file,
              [&](YamlReader& spot) { ReadRates(spot, source, &prices->spot_rates); });
}

}  // namespace

bool NodeMatch::Matches(const NodeFacts& facts) const {
  return Fits(name, facts.name) && Fits(provider, facts.provider) && Fits(region, facts.region) &&
         Fits(zone, facts.zone) && Fits(instance_type, facts.instance_type) &&
         Fits(provider_id, facts.provider_id) &&
         (!capacity_type || *capacity_type == facts.capacity_type) &&
         std::ranges::all_of(labels, [&](const auto& label) {
           return facts.labels.Has(label.first) &&
                  Fits(label.second, facts.labels.Get(label.first));
         });
}

std::optional<StatedNode> UserPrices::Find(const NodeFacts& facts) const {
  std::optional<StatedNode> stated;
  for (const StatedNode& node : nodes) {
    if (!node.match.Matches(facts)) continue;
    if (!stated) {
      stated = node;
      continue;
    }
    if (!stated->rates.gpu_hour) stated->rates.gpu_hour = node.rates.gpu_hour;
    if (!stated->node_hour && !stated->rates.core_hour && !stated->rates.gib_hour) {
      const std::optional<Money> gpu_hour = stated->rates.gpu_hour;
      *stated = node;
      stated->rates.gpu_hour = gpu_hour;
    }
  }
  return stated;
}

const StatedStorage* UserPrices::FindStorage(std::string_view storage_class) const {
  const auto found = std::ranges::find_if(
      storage, [&](const StatedStorage& one) { return Fits(one.storage_class, storage_class); });
  return found == storage.end() ? nullptr : &*found;
}

StatusOr<UserPrices> ParseUserPrices(std::string_view text, const std::string& file,
                                     const Currency& currency) {
  const YamlNode root = TRY(ParseYaml(text, file));
  UserPrices prices;
  prices.file = file;
  YamlReader r(root, file, "a price file");
  Source source = {file, Currency()};
  std::string code = "USD";
  r.String("currency", &code);
  if (code == currency.code) {
    source.currency = currency;
  } else if (code != "USD") {
    r.Fail("currency", fmt::format("currency must be USD or that of cost.currency ({}), whose rate "
                                   "is known",
                                   currency.code));
  }
  ReadList(r, "nodes", file, [&](YamlReader& inner, const YamlNode& item) {
    ReadNode(inner, item, source, &prices.nodes.emplace_back());
  });
  ReadSection(r, "defaults", file,
              [&](YamlReader& inner) { ReadDefaults(inner, source, &prices); });
  ReadList(r, "storage", file, [&](YamlReader& inner, const YamlNode& item) {
    ReadStorage(inner, item, source, &prices.storage.emplace_back());
  });
  ReadSection(r, "egress", file, [&](YamlReader& inner) {
    ReadAmount(inner, "zone_gib", source, &prices.egress_zone);
    ReadAmount(inner, "region_gib", source, &prices.egress_region);
    ReadAmount(inner, "internet_gib", source, &prices.egress_internet);
  });
  ReadAmount(r, "load_balancer_hour", source, &prices.load_balancer_hour);
  ReadAmount(r, "control_plane_hour", source, &prices.control_plane_hour);
  ReadSection(r, "discounts", file, [&](YamlReader& inner) {
    ReadShare(inner, "discount", &prices.discount);
    ReadShare(inner, "negotiated", &prices.negotiated_discount);
    ReadShare(inner, "spot", &prices.spot_discount);
  });
  TRY(r.Finish());
  return prices;
}

}  // namespace outrider
