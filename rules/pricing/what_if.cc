// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/what_if.h"

#include <algorithm>

#include "fmt/format.h"
#include "rules/pricing/core_price.h"
#include "rules/pricing/machine_type.h"
#include "rules/pricing/projection.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int kCents = 2;

// Mean rates of the nodes there are, by their capacity; nullopt without priced nodes.
std::optional<ResourcePrice> NodesPrice(const PriceBook& book) {
  Money cpu;
  Money memory;
  Money gpu;
  NodeShape sum;
  int64_t count = 0;
  for (const auto& [name, node] : book.Nodes()) {
    if (!node.error.empty() || node.facts.cores.IsZero()) continue;
    ++count;
    cpu += node.price.cpu;
    memory += node.price.memory;
    gpu += node.price.gpu;
    sum.cores += node.facts.cores;
    sum.memory_gib += node.facts.memory_gib;
    sum.gpus += node.facts.gpus;
  }
  if (count == 0) return std::nullopt;
  ResourcePrice price = book.Default();
  const PricedNode& first = *std::ranges::find_if(book.Nodes(), [](const auto& entry) {
                               return entry.second.error.empty() && !entry.second.facts.cores.IsZero();
                             })->second.error.empty()
                                ? book.Nodes().begin()->second
                                : book.Nodes().begin()->second;
  price.source = first.price.source;
  price.rates.core_hour = cpu.Over(sum.cores);
  if (!sum.memory_gib.IsZero()) price.rates.gib_hour = memory.Over(sum.memory_gib);
  if (!sum.gpus.IsZero()) price.rates.gpu_hour = gpu.Over(sum.gpus);
  price.detail = fmt::format("mean of {} nodes", count);
  return price;
}

}  // namespace

}  // namespace outrider
