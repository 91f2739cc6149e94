// SPDX-License-Identifier: Apache-2.0
// The rates of a price book as doubles, for those who price many things in one run and publish
// gauges. Immutable; thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "rules/pricing/price_book.h"
#include "storage/base/hash.h"

namespace outrider {

// USD an hour.
struct UnitRates {
  double core_hour = 0;
  double byte_hour = 0;
  double gpu_hour = 0;
};

class NodeRates {
 public:
  explicit NodeRates(const PriceBook& book);
  // Of a node that has a price; nullptr: see Default().
  const UnitRates* For(std::string_view node) const;
  const UnitRates& Default() const { return default_; }

 private:
  UnitRates default_;
  StringMap<UnitRates> nodes_;
};

}  // namespace outrider
