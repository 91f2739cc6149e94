// SPDX-License-Identifier: Apache-2.0
// What everything costs at one moment. An immutable snapshot: the pricing engine makes a new one
// when prices or nodes change, readers hold a shared pointer. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/pricing/core_price.h"
#include "rules/pricing/price.h"
#include "storage/base/status.h"

namespace outrider {

struct PricedNode {
  NodeFacts facts = {};
  NodePrice price = {};
  std::string error =
      {};  // why it has no price (an unknown region, ...); `price` then means nothing
};

class PriceBook {
 public:
  virtual ~PriceBook() = default;

  // A node that the stream told of and that has a price; nullptr otherwise. Valid as long as the
  // book. Callers fall back to Default(), whose source says so.
  virtual const NodePrice* ForNode(std::string_view node) const = 0;
  // All nodes the stream told of, by name, those without a price too.
  virtual const std::map<std::string, PricedNode, std::less<>>& Nodes() const = 0;
  // Any node. InvalidArgument names the known providers or regions.
  virtual StatusOr<NodePrice> PriceOf(const NodeFacts& facts) const = 0;
  // Per core, GiB and GPU where no node is known: the configured provider and region.
  virtual const ResourcePrice& Default() const = 0;

  // A GiB for an hour. A class that nobody knows costs what the provider's usual disk does (source
  // default).
  virtual UnitPrice Storage(std::string_view storage_class) const = 0;
  // A volume that OpenCost told of: a GiB for an hour; nullopt: see Storage().
  virtual std::optional<UnitPrice> Volume(std::string_view persistent_volume) const = 0;
  virtual UnitPrice EgressPerGib(Egress kind) const = 0;
  virtual UnitPrice LoadBalancerHour() const = 0;
  virtual UnitPrice ControlPlaneHour() const = 0;

  virtual const Currency& currency() const = 0;
};

// The book that holds now; never null. Called from several threads at once.
using PriceBookSource = std::function<std::shared_ptr<const PriceBook>()>;

}  // namespace outrider
