// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/node_rates.h"

namespace outrider {
namespace {

UnitRates InDoubles(const ResourceRates& rates) {
  return {rates.core_hour.ToDouble(), rates.gib_hour.ToDouble() / kBytesPerGib,
          rates.gpu_hour.ToDouble()};
}

}  // namespace

NodeRates::NodeRates(const PriceBook& book) : default_(InDoubles(book.Default().rates)) {
  for (const auto& [name, node] : book.Nodes()) {
    if (node.error.empty()) nodes_.emplace(name, InDoubles(node.price.rates));
  }
}

const UnitRates* NodeRates::For(std::string_view node) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? nullptr : &found->second;
}

}  // namespace outrider
