// SPDX-License-Identifier: Apache-2.0
// What the labels of a remote write 2.0 request add to the identities of its series. A request says
// a label as two of its symbols, and mostly says it for many series: it is mixed once.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "storage/window/series_identity.h"

namespace outrider {

// Not thread-safe. The symbols live until the next Start().
class SymbolPairs {
 public:
  struct Pair {
    Hash128 part;       // for IdentityBuilder::AddPart; not of an empty value, which is no label
    uint64_t hash = 0;  // of the symbol
    uint32_t name = UINT32_MAX;
    bool hashed = false;
    bool empty = false;   // the value
    bool metric = false;  // the name is __name__
  };

  void Start(std::span<const std::string_view> symbols, uint64_t seed);
  // Both are numbers of symbols. Holds until the next call.
  const Pair& Of(uint32_t name, uint32_t value) {
    Pair& pair = pairs_[value];
    if (pair.name != name) Learn(name, value, &pair);
    return pair;
  }
  size_t size() const { return pairs_.size(); }

 private:
  void Learn(uint32_t name, uint32_t value, Pair* pair);
  uint64_t HashOf(uint32_t symbol);

  std::span<const std::string_view> symbols_;
  uint64_t seed_ = 0;
  std::vector<Pair> pairs_;  // by value: the name that it had last
};

}  // namespace outrider
