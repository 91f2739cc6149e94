// SPDX-License-Identifier: Apache-2.0
// Prices that a user states: our YAML (cost.prices_file), OpenCost's custom pricing as JSON and its
// pricing CSV. All three become the same value. Errors carry file:line:column (CSV: file:line).
// Formats: docs/cost.md "Prices". Source of OpenCost's: specs/cost_and_rightsizing.md §2.4.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/pricing/price.h"
#include "storage/base/status.h"

namespace outrider {

// What must hold of a node; empty fields hold of every node. Texts may end in * (any rest).
struct NodeMatch {
  std::string name;
  std::string provider;
  std::string region;
  std::string zone;
  std::string instance_type;
  std::string provider_id;
  std::optional<CapacityType> capacity_type;
  std::vector<std::pair<std::string, std::string>> labels;

  bool Matches(const NodeFacts& facts) const;
  friend bool operator==(const NodeMatch&, const NodeMatch&) = default;
};

// Dollars an hour for a unit; what is not stated comes from the next source.
struct StatedRates {
  std::optional<Money> core_hour;
  std::optional<Money> gib_hour;
  std::optional<Money> gpu_hour;
  bool Any() const { return core_hour || gib_hour || gpu_hour; }
  friend bool operator==(const StatedRates&, const StatedRates&) = default;
};

struct StatedNode {
  NodeMatch match;
  std::optional<Money> node_hour;  // of the whole node; with `rates.gpu_hour`, without its GPUs
  StatedRates rates;
  bool list_price = false;  // discounts apply
  std::string where;        // file:line
  friend bool operator==(const StatedNode&, const StatedNode&) = default;
};

struct StatedStorage {
  std::string storage_class;  // may end in *
  Money gib_hour;
  std::string where;
  friend bool operator==(const StatedStorage&, const StatedStorage&) = default;
};

struct UserPrices {
  std::string file;
  std::vector<StatedNode> nodes;
  StatedRates rates;        // of all other nodes
  StatedRates spot_rates;   // of spot nodes; what is not stated: `rates`
  bool list_price = false;  // discounts apply to `rates` and `spot_rates`
  std::vector<StatedStorage> storage;
  std::optional<Money> egress_zone;  // per GiB
  std::optional<Money> egress_region;
  std::optional<Money> egress_internet;
  std::optional<Money> load_balancer_hour;
  std::optional<Money> control_plane_hour;
  std::optional<Decimal> discount;  // shares
  std::optional<Decimal> negotiated_discount;
  std::optional<Decimal> spot_discount;
  std::string spot_label;  // a node with this label and value is a spot node
  std::string spot_value;
  std::vector<std::string> warnings;  // what looks wrong without being an error

  // What is stated for a node: the first match with a price of the node or its CPU or memory, and
  // the first with a price of a GPU. With both, GPUs come on top of `node_hour`.
  std::optional<StatedNode> Find(const NodeFacts& facts) const;
  const StatedStorage* FindStorage(std::string_view storage_class) const;
  friend bool operator==(const UserPrices&, const UserPrices&) = default;
};

// Ours. `currency`: amounts may be in it instead of dollars, if the file says so.
StatusOr<UserPrices> ParseUserPrices(std::string_view text, const std::string& file,
                                     const Currency& currency);
// OpenCost's custom pricing. Values in its files are hourly; the same keys set through its
// ConfigMap are monthly. `monthly`: CPU, RAM, GPU and storage are divided by 730. Values that look
// as if the other were meant give a warning.
StatusOr<UserPrices> ParseOpenCostPricing(std::string_view text, const std::string& file,
                                          bool monthly, const Currency& currency);
// OpenCost's pricing CSV; of rows of one key the one with the latest EndTimestamp counts.
StatusOr<UserPrices> ParseOpenCostCsv(std::string_view text, const std::string& file);

}  // namespace outrider
