// SPDX-License-Identifier: Apache-2.0
// Money and quantities of one thing over some time. Money is whole nano-units of the currency, so
// that sums of parts equal the whole exactly whatever the order. Source:
// specs/cost_and_rightsizing.md §2.1.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// 1e-9 of the currency: up to 9.2 thousand million.
using NanoUnits = int64_t;
inline constexpr double kNanosPerUnit = 1e9;
// The nearest; halves away from 0. Bounded by what an int64_t holds.
NanoUnits ToNanoUnits(double units);
// Stays at the range's end instead of running over it.
NanoUnits SumNanoUnits(NanoUnits a, NanoUnits b);
inline double ToUnits(NanoUnits nanos) { return static_cast<double>(nanos) / kNanosPerUnit; }

enum class CostResource : uint8_t { kCpu, kMemory, kGpu, kStorage, kNetwork, kLoadBalancer };
inline constexpr size_t kCostResources = 6;
inline constexpr size_t kNodeResources = 3;  // the first ones: what a node has
inline constexpr std::array<CostResource, kCostResources> kAllCostResources = {
    CostResource::kCpu,     CostResource::kMemory,  CostResource::kGpu,
    CostResource::kStorage, CostResource::kNetwork, CostResource::kLoadBalancer};
// cpu memory gpu storage network load_balancer
std::string_view CostResourceText(CostResource resource);

struct CostAmounts {
  std::array<NanoUnits, kCostResources> cost = {};
  // What is idle on the nodes it ran on, split by what each container held there.
  std::array<NanoUnits, kNodeResources> idle_share = {};
  NanoUnits overhead = 0;  // control planes: only of the pseudo-workload __overhead__
  DurationMs time = 0;     // how long it existed, summed over its containers
  // Core-hours, byte-hours, GPU-hours.
  std::array<double, kNodeResources> held = {};  // the larger of request and use
  std::array<double, kNodeResources> requested = {};
  std::array<double, kNodeResources> used = {};
  double storage_byte_hours = 0;
  double sent_bytes = 0;
  double received_bytes = 0;

  NanoUnits Cost(CostResource resource) const { return cost[static_cast<size_t>(resource)]; }
  NanoUnits Total() const;  // without idle shares
  NanoUnits IdleShares() const;
  void Add(const CostAmounts& other);
  // The share of it in a part of its time, 0 to 1. Money is rounded.
  CostAmounts Scaled(double share) const;

  void Save(RowWriter& out) const;
  static CostAmounts Load(RowReader& in);
  friend bool operator==(const CostAmounts&, const CostAmounts&) = default;
};

// Whole numbers in the ratio of `weights` (0 and more, finite) that add up to `total` exactly: the
// largest remainders get what rounding down leaves, of equal ones the first. All zero when no
// weight is above 0.
std::vector<NanoUnits> SplitExactly(NanoUnits total, const std::vector<double>& weights);

// Pseudo-names, as OpenCost has them; __overhead__ is ours.
inline constexpr std::string_view kIdleName = "__idle__";
inline constexpr std::string_view kUnmountedName = "__unmounted__";
inline constexpr std::string_view kUnallocatedName = "__unallocated__";
inline constexpr std::string_view kOverheadName = "__overhead__";

// What is told apart. `pod` and `node` are empty in what is kept for long.
struct CostKey {
  std::string cluster;
  std::string namespace_name;
  std::string workload_kind;
  std::string workload;
  std::string container;
  std::string team;
  std::vector<std::string> labels;  // values of `cost.labels`, in their order; "" for none
  std::string pod;
  std::string node;

  void Save(RowWriter& out) const;
  static CostKey Load(RowReader& in);
  friend auto operator<=>(const CostKey&, const CostKey&) = default;
  friend bool operator==(const CostKey&, const CostKey&) = default;
};

struct CostItem {
  CostKey key;
  CostAmounts amounts;
};

}  // namespace outrider
