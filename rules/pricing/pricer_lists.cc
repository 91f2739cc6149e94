// SPDX-License-Identifier: Apache-2.0
// The sources of Pricer that are lists: own servers, the catalogue, fits to it, the table per core;
// and everything that is not a node.
#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "rules/pricing/core_price.h"
#include "rules/pricing/machine_type.h"
#include "rules/pricing/pricer.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// The model of GPU that labels or the machine type tell: t4 of nvidia-tesla-t4 or Tesla-T4.
std::string GpuModel(const NodeFacts& facts) {
  std::string text = ToLower(facts.labels.Get("cloud_google_com_gke_accelerator"));
  if (text.empty()) text = ToLower(facts.labels.Get("nvidia_com_gpu_product"));
  if (text.empty() && facts.provider == "gcp" && facts.instance_type.starts_with("a2-")) {
    return "a100";
  }
  for (const std::string_view model : {"p100", "v100", "a100", "t4"}) {
    if (Contains(text, model)) return std::string(model);
  }
  return text;
}

bool IsSpot(const NodeFacts& facts) { return facts.capacity_type == CapacityType::kSpot; }

std::string SpotText(const NodeFacts& facts) { return IsSpot(facts) ? ", spot" : ""; }

UnitPrice Told(Money amount, PriceSource source, std::string detail) {
  return {amount, source, std::move(detail)};
}

std::string_view ServiceName(Egress kind) {
  switch (kind) {
    using enum Egress;
    case kZone:
      return "egress_zone";
    case kRegion:
      return "egress_region";
    case kInternet:
      return "egress_internet";
  }
  return "";
}

// The list price of a service. Of another region than the listed one it is a default, and says so.
UnitPrice Listed(const Catalogue& catalogue, const ResourcePrice& place, std::string_view service) {
  const ServiceRate* rate = catalogue.FindService(place.provider, service);
  if (rate == nullptr) return {};
  const bool here = rate->region == place.region;
  return Told(rate->amount, here ? PriceSource::kCatalogue : PriceSource::kDefault,
              fmt::format("list of {} in {}, {}", rate->provider, rate->region, rate->dated));
}

}  // namespace

ResourceRates Pricer::BaseRates(const NodeFacts& facts) const {
  const FamilyRate* general = catalogue_.General(facts.provider, facts.region);
  if (general == nullptr) general = catalogue_.GeneralAnywhere(facts.provider);
  if (general == nullptr)
    return {default_.rates.core_hour, default_.rates.gib_hour, GpuHour(facts)};
  return {general->core_hour, general->gib_hour, GpuHour(facts)};
}

Money Pricer::GpuHour(const NodeFacts& facts) const {
  const GpuRate rate = catalogue_.FindGpu(facts.provider, GpuModel(facts));
  return IsSpot(facts) ? rate.spot : rate.on_demand;
}

std::optional<NodePrice> Pricer::FromOnPrem(const NodeFacts& facts) const {
  if (facts.provider != "on_prem" || !options_.on_prem) return std::nullopt;
  NodePrice server = OnPremNode(*options_.on_prem);
  const NodeShape shape = ShapeOf(facts);
  const bool whole = shape.cores == options_.on_prem->cores &&
                     shape.memory_gib == options_.on_prem->memory_gib &&
                     shape.gpus == options_.on_prem->gpus;
  if (whole || !shape.Known()) return server;
  NodePrice part = PriceByRates(server.rates, shape);
  part.source = server.source;
  part.detail = server.detail;
  return part;
}

NodePrice Pricer::ByFamily(const FamilyRate& family, const NodeFacts& facts,
                           const NodeShape& shape) const {
  ResourceRates rates = {family.core_hour, family.gib_hour, Money()};
  if (IsSpot(facts)) {
    const Decimal factor = family.spot_factor.value_or(SpotFactor(facts.provider));
    rates.core_hour = rates.core_hour * factor;
    rates.gib_hour = rates.gib_hour * factor;
  }
  if (shape.gpus > Decimal()) rates.gpu_hour = GpuHour(facts);
  for (Money* rate : {&rates.core_hour, &rates.gib_hour, &rates.gpu_hour}) {
    *rate = Discounted(*rate, facts);
  }
  return PriceByRates(rates, shape);
}

std::optional<NodePrice> Pricer::FromCatalogue(const NodeFacts& facts) const {
  const std::string_view type = PlainType(facts.provider, facts.instance_type);
  NodePrice price;
  std::string_view dated;
  if (const ListedNode* listed = catalogue_.FindNode(facts.provider, facts.region, type)) {
    Money hour = Discounted(listed->hour, facts);
    if (IsSpot(facts)) hour = hour * listed->spot_factor.value_or(SpotFactor(facts.provider));
    price = SplitNodePrice(hour, ShapeOf(facts), BaseRates(facts));
    dated = listed->dated;
  } else {
    const FamilyRate* family =
        catalogue_.FindFamily(facts.provider, facts.region, FamilyOfType(facts.provider, type));
    const auto named = ShapeOfType(facts.provider, type);
    if (family == nullptr || !family->list || !named || !named->predefined) return std::nullopt;
    // Charged by the nominal size; the parts are spread over what the kernel reports.
    const Decimal gpus = facts.gpus.IsZero() ? named->gpus : facts.gpus;
    const NodePrice nominal = ByFamily(*family, facts, {named->cores, named->memory_gib, gpus});
    price = SplitNodePrice(nominal.hourly, {facts.cores, facts.memory_gib, gpus}, nominal.rates);
    dated = family->dated;
  }
  price.source = PriceSource::kCatalogue;
  price.detail = fmt::format("{} in {}{}, list of {}", type, facts.region, SpotText(facts), dated);
  return price;
}

std::optional<NodePrice> Pricer::FromFamily(const NodeFacts& facts) const {
  const NodeShape shape = ShapeOf(facts);
  if (facts.instance_type.empty() || !shape.Known()) return std::nullopt;
  const std::string_view type = PlainType(facts.provider, facts.instance_type);
  NodePrice price;
  std::string from;
  if (const ListedNode* nearest =
          catalogue_.NearestOfFamily(facts.provider, facts.region, type, shape.cores)) {
    Money hour = Discounted(nearest->hour, facts);
    if (IsSpot(facts)) hour = hour * nearest->spot_factor.value_or(SpotFactor(facts.provider));
    price = SplitNodePrice((hour * shape.cores).Over(nearest->cores), shape, BaseRates(facts));
    from = fmt::format("by vCPU from {}, list of {}", nearest->type, nearest->dated);
  } else {
    const FamilyRate* fit =
        catalogue_.FindFamily(facts.provider, facts.region, FitOfType(facts.provider, type));
    if (fit == nullptr) return std::nullopt;
    price = ByFamily(*fit, facts, shape);
    from = fmt::format("as family {}, {}", fit->family, fit->dated);
  }
  price.source = PriceSource::kFamilyFit;
  price.detail = fmt::format("{} in {}{}, {}", type, facts.region, SpotText(facts), from);
  return price;
}

std::optional<NodePrice> Pricer::FromShape(const NodeFacts& facts) const {
  const FamilyRate* general = catalogue_.General(facts.provider, facts.region);
  if (general == nullptr || !ShapeOf(facts).Known()) return std::nullopt;
  NodePrice price = ByFamily(*general, facts, ShapeOf(facts));
  price.source = PriceSource::kShapeFit;
  price.detail =
      fmt::format("{} vCPU and {} GiB in {}{}, fit to the list of {}", facts.cores.Text(2),
                  facts.memory_gib.Text(2), facts.region, SpotText(facts), general->dated);
  return price;
}

StatusOr<NodePrice> Pricer::FromDefault(const NodeFacts& facts) const {
  if (facts.region.empty()) {
    return InvalidArgument(fmt::format("the region of a node of {} is not known", facts.provider));
  }
  const ResourcePrice list = TRY(FindCorePrice(facts.provider, facts.region));
  ResourceRates rates = list.rates;
  if (IsSpot(facts)) {
    const Decimal factor = SpotFactor(facts.provider);
    rates.core_hour = rates.core_hour * factor;
    rates.gib_hour = rates.gib_hour * factor;
  }
  if (facts.gpus > Decimal()) rates.gpu_hour = GpuHour(facts);
  for (Money* rate : {&rates.core_hour, &rates.gib_hour, &rates.gpu_hour}) {
    *rate = Discounted(*rate, facts);
  }
  NodePrice price = PriceByRates(rates, ShapeOf(facts));
  price.source = PriceSource::kDefault;
  price.detail = list.detail + SpotText(facts);
  return price;
}

StatusOr<ResourcePrice> Pricer::FamilyPriceOf(std::string_view provider, std::string_view region,
                                              std::string_view family) const {
  ResourcePrice price = TRY(FindCorePrice(provider, region));
  NodeFacts anywhere = {.provider = price.provider, .region = price.region};
  const FamilyRate* rate = catalogue_.FindFamily(price.provider, price.region, family);
  if (rate != nullptr) {
    price.rates.core_hour = rate->core_hour;
    price.rates.gib_hour = rate->gib_hour;
    price.source = rate->list ? PriceSource::kCatalogue : PriceSource::kFamilyFit;
    price.detail = fmt::format("family {} in {}, {}", family, price.region, rate->dated);
  } else if (const ListedNode* node =
                 catalogue_.SizeOfFamily(price.provider, price.region, family)) {
    price.rates =
        SplitNodePrice(node->hour, {node->cores, node->memory_gib, node->gpus}, BaseRates(anywhere))
            .rates;
    price.source = PriceSource::kCatalogue;
    price.detail = fmt::format("{} in {}, list of {}", node->type, price.region, node->dated);
  } else {
    return InvalidArgument(
        fmt::format("unknown family {} of {} in {}; known: {}", Quote(family), price.provider,
                    price.region, Join(catalogue_.Families(price.provider, price.region), ", ")));
  }
  if (price.rates.gpu_hour.IsZero()) price.rates.gpu_hour = GpuHour(anywhere);
  for (Money* amount : {&price.rates.core_hour, &price.rates.gib_hour, &price.rates.gpu_hour}) {
    *amount = Discounted(*amount, anywhere);
  }
  return price;
}

Decimal Pricer::SpotFactorOf(std::string_view provider, std::string_view region,
                             std::string_view family) const {
  const FamilyRate* rate = catalogue_.FindFamily(provider, region, family);
  if (rate != nullptr && rate->spot_factor) return *rate->spot_factor;
  const ListedNode* node = catalogue_.SizeOfFamily(provider, region, family);
  if (node != nullptr && node->spot_factor) return *node->spot_factor;
  return SpotFactor(provider);
}

UnitPrice Pricer::Storage(std::string_view storage_class) const {
  for (const UserPrices& file : files_) {
    if (const StatedStorage* stated = file.FindStorage(storage_class)) {
      return Told(stated->gib_hour, PriceSource::kUser, stated->where);
    }
  }
  return ListStorage(default_.provider, default_.region, storage_class);
}

UnitPrice Pricer::ListStorage(std::string_view provider, std::string_view region,
                              std::string_view storage_class) const {
  const StorageRate* rate = catalogue_.FindStorage(provider, storage_class);
  const bool listed = rate != nullptr && rate->region == region;
  if (rate == nullptr) rate = catalogue_.UsualStorage(provider);
  if (rate == nullptr) return {};
  return Told(rate->gib_month.TimesRatio(1, kMonthHours),
              listed ? PriceSource::kCatalogue : PriceSource::kDefault,
              fmt::format("{} of {} in {}, list of {}", rate->disk, rate->provider, rate->region,
                          rate->dated));
}

UnitPrice Pricer::EgressPerGib(Egress kind, const StreamPrices& stream) const {
  struct Field {
    Egress kind;
    std::optional<Money> UserPrices::* stated;
    std::optional<Money> StreamPrices::* told;
  };
  static constexpr std::array kFields = {
      Field{Egress::kZone, &UserPrices::egress_zone, &StreamPrices::zone_egress},
      Field{Egress::kRegion, &UserPrices::egress_region, &StreamPrices::region_egress},
      Field{Egress::kInternet, &UserPrices::egress_internet, &StreamPrices::internet_egress},
  };
  const auto field = std::ranges::find(kFields, kind, &Field::kind);
  std::string detail;
  if (const auto stated = StatedAmount(field->stated, &detail)) {
    return Told(*stated, PriceSource::kUser, detail);
  }
  if (const auto& told = stream.*(field->told)) {
    return Told(*told, PriceSource::kOpenCost, "OpenCost's series");
  }
  return Listed(catalogue_, default_, ServiceName(kind));
}

UnitPrice Pricer::LoadBalancerHour() const {
  std::string detail;
  if (const auto stated = StatedAmount(&UserPrices::load_balancer_hour, &detail)) {
    return Told(*stated, PriceSource::kUser, detail);
  }
  return Listed(catalogue_, default_, "load_balancer_hour");
}

UnitPrice Pricer::ControlPlaneHour(const StreamPrices& stream) const {
  std::string detail;
  if (const auto stated = StatedAmount(&UserPrices::control_plane_hour, &detail)) {
    return Told(*stated, PriceSource::kUser, detail);
  }
  if (stream.control_plane_hour) {
    return Told(*stream.control_plane_hour, PriceSource::kOpenCost, "OpenCost's series");
  }
  return Listed(catalogue_, default_, "control_plane_hour");
}

}  // namespace outrider
