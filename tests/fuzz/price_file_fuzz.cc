// SPDX-License-Identifier: Apache-2.0
// Any bytes as a price file: ours, OpenCost's JSON or its CSV. An error that names the file, or
// prices that can be asked; never a crash, never a negative price.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/pricing/quantity.h"
#include "rules/pricing/user_prices.h"

namespace outrider {
namespace {

StatusOr<UserPrices> Parse(uint8_t kind, std::string_view text) {
  const Currency euro = {"EUR", 0.9_dec};
  if (kind % 4 == 0) return ParseUserPrices(text, "fuzz.yml", euro);
  if (kind % 4 == 1) return ParseOpenCostCsv(text, "fuzz.yml");
  return ParseOpenCostPricing(text, "fuzz.yml", kind % 4 == 2, euro);
}

void Check(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto quantity = ParseQuantity(text); quantity.ok()) {
    Check(Decimal::Parse(quantity->Text()).value() == *quantity);
  }
  const auto prices = Parse(data[0], text);
  if (!prices.ok()) {
    Check(Message(prices.status()).starts_with("fuzz.yml"));
    return 0;
  }
  for (const StatedNode& node : prices->nodes) {
    Check(!node.node_hour || !node.node_hour->IsNegative());
    NodeFacts facts;
    facts.instance_type = node.match.instance_type;
    facts.region = node.match.region;
    prices->Find(facts);
  }
  for (const StatedStorage& storage : prices->storage) {
    Check(!storage.gib_hour.IsNegative());
    Check(prices->FindStorage(storage.storage_class) != nullptr);
  }
  return 0;
}
