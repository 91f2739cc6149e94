// SPDX-License-Identifier: Apache-2.0
// Values about what things cost: where a price comes from, what is known of a node, what the node
// costs. All money is in US dollars, GiB are 2^30 bytes, a month has 730 hours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rules/pricing/money.h"
#include "storage/model/labels.h"

namespace outrider {

inline constexpr double kHoursPerMonth = 730;
inline constexpr int64_t kMonthHours = 730;  // for exact arithmetic
inline constexpr double kBytesPerGib = 1024.0 * 1024.0 * 1024.0;
inline constexpr int64_t kGibBytes = int64_t{1} << 30;

// A series of OpenCost's names (node_cpu_hourly_cost ...) that Outrider itself publishes carries
// this label, so that it is never read back as if OpenCost had said it.
inline constexpr std::string_view kPriceSourceLabel = "price_source";

// In the order of precedence.
enum class PriceSource {
  kUser,       // prices_file, opencost_prices_file, opencost_csv_file, cpu_core_hour ..., on_prem
  kOpenCost,   // node_cpu_hourly_cost ... in the stream
  kKarpenter,  // karpenter_cloudprovider_instance_type_offering_price_estimate in the stream
  kCatalogue,  // the built-in list price of exactly this type and region
  kFamilyFit,  // what the type's family costs per vCPU and GiB there
  kShapeFit,   // what the provider asks there for so many vCPU and GiB
  kDefault,    // per core and GiB by provider and region
};
// user, opencost, karpenter, catalogue, family_fit, shape_fit, default: the value of label
// `source`.
std::string_view PriceSourceText(PriceSource source);

enum class CapacityType { kOnDemand, kSpot };
std::string_view CapacityTypeText(CapacityType type);  // on-demand, spot (Karpenter's words)

// Of one unit for an hour.
struct ResourceRates {
  Money core_hour;
  Money gib_hour;
  Money gpu_hour;
  friend bool operator==(const ResourceRates&, const ResourceRates&) = default;
};

// A price per core and GiB that belongs to no node in particular.
struct ResourcePrice {
  ResourceRates rates;
  PriceSource source = PriceSource::kDefault;
  std::string provider;
  std::string region;
  std::string detail;  // where exactly from, with its date
};

// What is known of a node; what is not known is empty or 0.
struct NodeFacts {
  std::string name = {};
  std::string provider = {};  // aws, gcp, azure, on_prem
  std::string region = {};
  std::string zone = {};
  std::string instance_type = {};
  std::string provider_id = {};  // aws:///us-east-1a/i-0abc
  std::string arch = {};
  CapacityType capacity_type = CapacityType::kOnDemand;
  Decimal cores = {};       // capacity
  Decimal memory_gib = {};  // capacity
  Decimal gpus = {};
  Labels labels = {};  // of kube_node_labels, label_ taken off; for the user's price file
};

struct NodePrice {
  Money hourly = {};  // the whole node
  // Its parts; they sum to `hourly` exactly. A node whose size is not known has no parts.
  Money cpu = {};
  Money memory = {};
  Money gpu = {};
  ResourceRates rates = {};  // the parts over the node's capacity, rounded to 1e-24
  PriceSource source = PriceSource::kDefault;
  std::string detail = {};  // e.g. "m5.xlarge in us-east-1, list of 2026-07-20"
};

// The price of one thing that is not a node: a GiB of storage an hour, a GiB of traffic, a load
// balancer an hour, a control plane an hour.
struct UnitPrice {
  Money amount;
  PriceSource source = PriceSource::kDefault;
  std::string detail;
};

enum class Egress { kZone, kRegion, kInternet };  // to another zone, region, the internet; per GiB
std::string_view EgressText(Egress kind);         // zone, region, internet

// Amounts are kept in dollars and shown in this.
struct Currency {
  std::string code = "USD";
  Decimal rate = Decimal::FromInt(1);  // units of the currency for a dollar
  friend bool operator==(const Currency&, const Currency&) = default;
};

}  // namespace outrider
