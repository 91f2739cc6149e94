// SPDX-License-Identifier: Apache-2.0
// The chain of sources, and those of it that are not lists: users and streams. The lists are in
// pricer_lists.cc.
#include "rules/pricing/pricer.h"

#include <algorithm>

#include "fmt/format.h"
#include "rules/pricing/core_price.h"
#include "rules/pricing/machine_type.h"
#include "rules/pricing/node_facts.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

template <typename Value>
std::optional<Value> FirstOf(std::optional<Value> first, const std::optional<Value>& second) {
  return first ? first : second;
}

// A discount of the configuration, else the first that a file states.
std::optional<Decimal> Share(const std::optional<Decimal>& configured,
                             const std::vector<UserPrices>& files,
                             std::optional<Decimal> UserPrices::* field) {
  std::optional<Decimal> share = configured;
  for (const UserPrices& file : files) share = FirstOf(share, file.*field);
  return share;
}

// Who states what cores and memory cost may be in a region that no list has.
StatusOr<ResourcePrice> ListOf(const PricingOptions& options) {
  auto list = FindCorePrice(options.provider, options.region);
  if (list.ok() || !options.core_hour || !options.gib_hour) return list;
  ResourcePrice elsewhere = TRY(FindCorePrice(options.provider, ""));
  elsewhere.region = options.region;
  return elsewhere;
}

}  // namespace

StatusOr<std::unique_ptr<Pricer>> Pricer::Create(PricingOptions options,
                                                 std::vector<UserPrices> files) {
  std::unique_ptr<Pricer> pricer(
      new Pricer(std::move(options), TRY(Catalogue::Load()), std::move(files)));
  pricer->MakeDefault(TRY(ListOf(pricer->options_)));
  return pricer;
}

void Pricer::MakeDefault(ResourcePrice list) {
  default_ = std::move(list);
  default_.rates.gpu_hour = catalogue_.FindGpu(default_.provider, "").on_demand;
  const NodeFacts anywhere = {.provider = default_.provider, .region = default_.region};
  ResourceRates& rates = default_.rates;
  rates = {Discounted(rates.core_hour, anywhere), Discounted(rates.gib_hour, anywhere),
           Discounted(rates.gpu_hour, anywhere)};
  if (const std::optional<NodePrice> own = FromOnPrem(anywhere)) {
    rates = own->rates;
    if (rates.gpu_hour.IsZero()) rates.gpu_hour = catalogue_.FindGpu("", "").on_demand;
    default_.source = PriceSource::kUser;
    default_.detail = own->detail;
  }
  bool list_price = false;
  std::string detail;
  const std::optional<StatedRates> stated = RatesOfUser(anywhere, &detail, &list_price);
  if (!stated) return;
  const auto use = [&](const std::optional<Money>& given, Money* rate) {
    if (given) *rate = list_price ? Discounted(*given, anywhere) : *given;
  };
  use(stated->core_hour, &rates.core_hour);
  use(stated->gib_hour, &rates.gib_hour);
  use(stated->gpu_hour, &rates.gpu_hour);
  default_.source = PriceSource::kUser;
  default_.detail = detail;
}

StatusOr<ResourcePrice> Pricer::ListPriceOf(std::string_view provider,
                                            std::string_view region) const {
  ResourcePrice price = TRY(FindCorePrice(provider, region));
  const NodeFacts anywhere = {.provider = price.provider, .region = price.region};
  price.rates.gpu_hour = catalogue_.FindGpu(price.provider, "").on_demand;
  if (const FamilyRate* general = catalogue_.General(price.provider, price.region)) {
    price.rates.core_hour = general->core_hour;
    price.rates.gib_hour = general->gib_hour;
    price.source = PriceSource::kShapeFit;
    price.detail = fmt::format("fit to the list of {} in {}, {}", price.provider, price.region,
                               general->dated);
  }
  if (const std::optional<NodePrice> own = FromOnPrem(anywhere)) {
    price.rates.core_hour = own->rates.core_hour;
    price.rates.gib_hour = own->rates.gib_hour;
    price.source = own->source;
    price.detail = own->detail;
    return price;
  }
  for (Money* rate : {&price.rates.core_hour, &price.rates.gib_hour, &price.rates.gpu_hour}) {
    *rate = Discounted(*rate, anywhere);
  }
  return price;
}

Decimal Pricer::CombinedDiscount() const {
  const Decimal one = 1_dec;
  const Decimal discount =
      Share(options_.discount, files_, &UserPrices::discount).value_or(Decimal());
  const Decimal negotiated =
      Share(options_.negotiated_discount, files_, &UserPrices::negotiated_discount)
          .value_or(Decimal());
  return one - (one - discount) * (one - negotiated);
}

Decimal Pricer::SpotFactor(std::string_view provider) const {
  const auto stated = Share(options_.spot_discount, files_, &UserPrices::spot_discount);
  if (stated) return 1_dec - *stated;
  const FamilyRate* general = catalogue_.GeneralAnywhere(provider);
  return general == nullptr ? 1_dec : general->spot_factor.value_or(1_dec);
}

Money Pricer::Discounted(Money list, const NodeFacts& facts) const {
  if (facts.capacity_type == CapacityType::kSpot) return list;
  return list * (1_dec - CombinedDiscount());
}

NodeFacts Pricer::Completed(NodeFacts facts) const {
  if (facts.provider.empty()) facts.provider = ReadProviderId(facts.provider_id).provider;
  if (facts.provider.empty()) facts.provider = options_.provider;
  if (facts.region.empty()) facts.region = RegionOfZone(facts.provider, facts.zone);
  if (facts.region.empty() && facts.provider == default_.provider) facts.region = default_.region;
  if (facts.region.empty() && facts.provider == "on_prem") facts.region = "default";
  for (const UserPrices& file : files_) {
    if (!file.spot_label.empty() && IsSpot(facts.labels, {{file.spot_label, file.spot_value}})) {
      facts.capacity_type = CapacityType::kSpot;
    }
  }
  if (const auto shape = ShapeOfType(facts.provider, facts.instance_type);
      shape && facts.cores.IsZero()) {
    facts.cores = shape->cores;
    facts.memory_gib = shape->memory_gib;
  }
  if (const ListedNode* listed =
          catalogue_.FindNode(facts.provider, facts.region, facts.instance_type);
      listed != nullptr && facts.cores.IsZero()) {
    facts.cores = listed->cores;
    facts.memory_gib = listed->memory_gib;
    if (facts.gpus.IsZero()) facts.gpus = listed->gpus;
  }
  return facts;
}

StatusOr<NodePrice> Pricer::PriceOf(const NodeFacts& given, const StreamPrices& stream) const {
  const NodeFacts facts = Completed(given);
  if (std::optional<NodePrice> price = FromUser(facts, stream)) return *std::move(price);
  return FromOthers(facts, stream);
}

StatusOr<NodePrice> Pricer::FromOthers(const NodeFacts& facts, const StreamPrices& stream) const {
  if (auto price = FromOpenCost(facts, stream)) return *std::move(price);
  if (auto price = FromKarpenter(facts, stream)) return *std::move(price);
  if (auto price = FromCatalogue(facts)) return *std::move(price);
  if (auto price = FromFamily(facts)) return *std::move(price);
  if (auto price = FromShape(facts)) return *std::move(price);
  return FromDefault(facts);
}

std::optional<StatedRates> Pricer::RatesOfUser(const NodeFacts& facts, std::string* detail,
                                               bool* list_price) const {
  const StatedRates configured = {options_.core_hour, options_.gib_hour, options_.gpu_hour};
  const bool spot = facts.capacity_type == CapacityType::kSpot;
  const auto stated_spot = Share(options_.spot_discount, files_, &UserPrices::spot_discount);
  const Decimal factor = spot && stated_spot ? 1_dec - *stated_spot : 1_dec;
  const auto times = [factor](const std::optional<Money>& rate) {
    return rate ? std::optional<Money>(*rate * factor) : std::nullopt;
  };
  if (configured.Any()) {
    *detail = "cpu_core_hour and memory_gib_hour of the configuration";
    return StatedRates{times(configured.core_hour), times(configured.gib_hour),
                       times(configured.gpu_hour)};
  }
  for (const UserPrices& file : files_) {
    if (!file.rates.Any() && !(spot && file.spot_rates.Any())) continue;
    *detail = file.file;
    *list_price = file.list_price;
    if (!spot) return file.rates;
    return StatedRates{FirstOf(file.spot_rates.core_hour, times(file.rates.core_hour)),
                       FirstOf(file.spot_rates.gib_hour, times(file.rates.gib_hour)),
                       FirstOf(file.spot_rates.gpu_hour, times(file.rates.gpu_hour))};
  }
  return std::nullopt;
}

// What is not stated comes from the next source that knows.
NodePrice Pricer::FromStated(const StatedNode& stated, const NodeFacts& facts,
                             const StreamPrices& stream) const {
  const NodeShape shape = ShapeOf(facts);
  NodePrice price;
  if (stated.node_hour) {
    NodeShape own = shape;
    if (stated.rates.gpu_hour) own.gpus = Decimal();
    price = SplitNodePrice(*stated.node_hour, own, BaseRates(facts));
    if (stated.rates.gpu_hour) {
      price.rates.gpu_hour = *stated.rates.gpu_hour;
      price.gpu = price.rates.gpu_hour * shape.gpus;
      price.hourly += price.gpu;
    }
  } else {
    ResourceRates rates = default_.rates;
    const bool whole = stated.rates.core_hour && stated.rates.gib_hour &&
                       (stated.rates.gpu_hour || shape.gpus.IsZero());
    if (!whole) {
      if (const auto next = FromOthers(facts, stream); next.ok() && shape.Known()) {
        rates = next->rates;
      }
    }
    if (stated.rates.core_hour) rates.core_hour = *stated.rates.core_hour;
    if (stated.rates.gib_hour) rates.gib_hour = *stated.rates.gib_hour;
    if (stated.rates.gpu_hour) rates.gpu_hour = *stated.rates.gpu_hour;
    price = PriceByRates(rates, shape);
  }
  if (stated.list_price && facts.capacity_type == CapacityType::kOnDemand) {
    price = Scaled(price, 1_dec - CombinedDiscount());
  }
  price.source = PriceSource::kUser;
  price.detail = stated.where;
  return price;
}

std::optional<NodePrice> Pricer::FromUser(const NodeFacts& facts,
                                          const StreamPrices& stream) const {
  for (const UserPrices& file : files_) {
    if (const std::optional<StatedNode> stated = file.Find(facts)) {
      return FromStated(*stated, facts, stream);
    }
  }
  StatedNode all;
  const std::optional<StatedRates> rates = RatesOfUser(facts, &all.where, &all.list_price);
  if (!rates) return FromOnPrem(facts);
  all.rates = *rates;
  return FromStated(all, facts, stream);
}

std::optional<NodePrice> Pricer::FromOpenCost(const NodeFacts& facts,
                                              const StreamPrices& stream) const {
  const auto found = stream.opencost.find(facts.name);
  if (facts.name.empty() || found == stream.opencost.end()) return std::nullopt;
  const OpenCostNode& told = found->second;
  const NodeShape shape = ShapeOf(facts);
  NodePrice price;
  if (told.total_hour && !told.total_hour->IsZero()) {
    ResourceRates base = BaseRates(facts);
    if (told.core_hour && told.gib_hour && *told.core_hour > Money() && *told.gib_hour > Money()) {
      base = {*told.core_hour, *told.gib_hour, told.gpu_hour.value_or(Money())};
    }
    price = SplitNodePrice(*told.total_hour, shape, base);
  } else if (told.core_hour && told.gib_hour && shape.Known()) {
    price = PriceByRates({*told.core_hour, *told.gib_hour, told.gpu_hour.value_or(Money())}, shape);
    if (price.hourly.IsZero()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  price.source = PriceSource::kOpenCost;
  price.detail = fmt::format("OpenCost's series of node {}", facts.name);
  return price;
}

std::optional<NodePrice> Pricer::FromKarpenter(const NodeFacts& facts,
                                               const StreamPrices& stream) const {
  if (facts.instance_type.empty()) return std::nullopt;
  const std::optional<Money> hour = stream.KarpenterHour(facts);
  if (!hour) return std::nullopt;
  NodePrice price = SplitNodePrice(*hour, ShapeOf(facts), BaseRates(facts));
  price.source = PriceSource::kKarpenter;
  price.detail = fmt::format("Karpenter's estimate of {} ({}{}{})", facts.instance_type,
                             CapacityTypeText(facts.capacity_type), facts.zone.empty() ? "" : ", ",
                             facts.zone);
  return price;
}

std::optional<Money> Pricer::StatedAmount(std::optional<Money> UserPrices::* field,
                                          std::string* detail) const {
  for (const UserPrices& file : files_) {
    if (!(file.*field)) continue;
    *detail = file.file;
    return file.*field;
  }
  return std::nullopt;
}

}  // namespace outrider
