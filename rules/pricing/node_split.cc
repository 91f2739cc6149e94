// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/node_split.h"

#include <array>

namespace outrider {
namespace {

// Rates that say something for every resource.
ResourceRates Completed(ResourceRates base) {
  if (base.gib_hour <= Money()) {
    base.gib_hour =
        base.core_hour > Money() ? base.core_hour.Over(kUsualCoreRatio) : Money::FromInt(1);
  }
  if (base.core_hour <= Money()) base.core_hour = base.gib_hour * kUsualCoreRatio;
  if (base.gpu_hour <= Money()) base.gpu_hour = base.gib_hour * kUsualGpuRatio;
  return base;
}

Money PerUnit(Money part, Decimal units) { return units > Decimal() ? part.Over(units) : Money(); }

}  // namespace

NodePrice SplitNodePrice(Money hourly, const NodeShape& shape, const ResourceRates& base) {
  NodePrice price;
  price.hourly = hourly;
  if (!shape.Known()) return price;
  const ResourceRates rates = Completed(base);
  const std::array weights = {rates.core_hour * shape.cores, rates.gib_hour * shape.memory_gib,
                              rates.gpu_hour * shape.gpus};
  const std::vector<Money> parts = SplitByWeights(hourly, std::span<const Money>(weights));
  price.cpu = parts[0];
  price.memory = parts[1];
  price.gpu = parts[2];
  price.rates = {PerUnit(price.cpu, shape.cores), PerUnit(price.memory, shape.memory_gib),
                 PerUnit(price.gpu, shape.gpus)};
  return price;
}

NodePrice PriceByRates(const ResourceRates& rates, const NodeShape& shape) {
  NodePrice price;
  price.rates = rates;
  price.cpu = rates.core_hour * shape.cores;
  price.memory = rates.gib_hour * shape.memory_gib;
  price.gpu = rates.gpu_hour * shape.gpus;
  price.hourly = price.cpu + price.memory + price.gpu;
  return price;
}

NodePrice Scaled(NodePrice price, Decimal factor) {
  const bool split = price.cpu + price.memory + price.gpu == price.hourly;
  for (Money* amount : {&price.cpu, &price.memory, &price.gpu, &price.rates.core_hour,
                        &price.rates.gib_hour, &price.rates.gpu_hour, &price.hourly}) {
    *amount = *amount * factor;
  }
  if (split) price.hourly = price.cpu + price.memory + price.gpu;
  return price;
}

}  // namespace outrider
