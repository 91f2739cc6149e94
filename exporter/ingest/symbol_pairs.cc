// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/symbol_pairs.h"

namespace outrider {

void SymbolPairs::Start(std::span<const std::string_view> symbols, uint64_t seed) {
  symbols_ = symbols;
  seed_ = seed;
  pairs_.assign(symbols.size(), Pair());
}

uint64_t SymbolPairs::HashOf(uint32_t symbol) {
  Pair& pair = pairs_[symbol];
  if (!pair.hashed) pair.hash = IdentityBuilder::HashOf(symbols_[symbol], seed_);
  pair.hashed = true;
  return pair.hash;
}

void SymbolPairs::Learn(uint32_t name, uint32_t value, Pair* pair) {
  pair->name = name;
  pair->empty = symbols_[value].empty();
  pair->metric = symbols_[name] == kMetricName;
  pair->part = IdentityBuilder::PartOf(HashOf(name), HashOf(value), seed_);
}

}  // namespace outrider
