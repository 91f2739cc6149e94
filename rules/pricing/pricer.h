// SPDX-License-Identifier: Apache-2.0
// The order in which prices count. Each source is asked in turn; the first that knows answers:
//     user > OpenCost's series > Karpenter's series > catalogue > family fit > shape fit > default
// Nothing is priced as something else: a region that none of them knows is an error. Immutable,
// thread-safe. Source: specs/cost_and_rightsizing.md §3.7.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/pricing/catalogue.h"
#include "rules/pricing/node_split.h"
#include "rules/pricing/pricing_options.h"
#include "rules/pricing/stream_prices.h"
#include "rules/pricing/user_prices.h"

namespace outrider {

class Pricer {
 public:
  // InvalidArgument for an unknown provider or region.
  static StatusOr<std::unique_ptr<Pricer>> Create(PricingOptions options,
                                                  std::vector<UserPrices> files);

  // InvalidArgument if no source knows; names the known providers or regions.
  StatusOr<NodePrice> PriceOf(const NodeFacts& given, const StreamPrices& stream) const;
  // With provider, region and capacity type filled in where the configuration has them.
  NodeFacts Completed(NodeFacts facts) const;
  const ResourcePrice& Default() const { return default_; }
  // The same of another place and without what the user states of prices: for what-if.
  StatusOr<ResourcePrice> ListPriceOf(std::string_view provider, std::string_view region) const;

  // The same of one instance family; names the known families.
  StatusOr<ResourcePrice> FamilyPriceOf(std::string_view provider, std::string_view region,
                                        std::string_view family) const;
  // On an on-demand price of that family; "": of any.
  Decimal SpotFactorOf(std::string_view provider, std::string_view region,
                       std::string_view family) const;

  UnitPrice Storage(std::string_view storage_class) const;
  // List price of another place: the class if it is known there, else the usual disk.
  UnitPrice ListStorage(std::string_view provider, std::string_view region,
                        std::string_view storage_class) const;
  UnitPrice EgressPerGib(Egress kind, const StreamPrices& stream) const;
  UnitPrice LoadBalancerHour() const;
  UnitPrice ControlPlaneHour(const StreamPrices& stream) const;

  const PricingOptions& options() const { return options_; }
  const Catalogue& catalogue() const { return catalogue_; }
  const std::vector<UserPrices>& files() const { return files_; }
  const std::string& provider() const { return default_.provider; }
  const std::string& region() const { return default_.region; }
  // 1 - (1 - discount)(1 - negotiated_discount).
  Decimal CombinedDiscount() const;
  // The factor on an on-demand price where a spot price is not known.
  Decimal SpotFactor(std::string_view provider) const;

 private:
  Pricer(PricingOptions options, Catalogue catalogue, std::vector<UserPrices> files)
      : options_(std::move(options)), catalogue_(std::move(catalogue)), files_(std::move(files)) {}

  // Each nullopt where the source does not know. `facts` are completed.
  std::optional<NodePrice> FromUser(const NodeFacts& facts, const StreamPrices& stream) const;
  std::optional<NodePrice> FromOnPrem(const NodeFacts& facts) const;
  std::optional<NodePrice> FromOpenCost(const NodeFacts& facts, const StreamPrices& stream) const;
  std::optional<NodePrice> FromKarpenter(const NodeFacts& facts, const StreamPrices& stream) const;
  std::optional<NodePrice> FromCatalogue(const NodeFacts& facts) const;
  std::optional<NodePrice> FromFamily(const NodeFacts& facts) const;
  std::optional<NodePrice> FromShape(const NodeFacts& facts) const;
  StatusOr<NodePrice> FromDefault(const NodeFacts& facts) const;
  // All sources after the user's.
  StatusOr<NodePrice> FromOthers(const NodeFacts& facts, const StreamPrices& stream) const;

  std::optional<StatedRates> RatesOfUser(const NodeFacts& facts, std::string* detail,
                                         bool* list_price) const;
  NodePrice FromStated(const StatedNode& stated, const NodeFacts& facts,
                       const StreamPrices& stream) const;
  NodePrice ByFamily(const FamilyRate& family, const NodeFacts& facts,
                     const NodeShape& shape) const;
  // What splits are made by: the general fit of the provider.
  ResourceRates BaseRates(const NodeFacts& facts) const;
  Money GpuHour(const NodeFacts& facts) const;
  // Discounts of a list price; none on spot.
  Money Discounted(Money list, const NodeFacts& facts) const;
  std::optional<Money> StatedAmount(std::optional<Money> UserPrices::* field,
                                    std::string* detail) const;
  void MakeDefault(ResourcePrice list);

  PricingOptions options_;
  Catalogue catalogue_;
  std::vector<UserPrices> files_;
  ResourcePrice default_;
};

}  // namespace outrider
