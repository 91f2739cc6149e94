// SPDX-License-Identifier: Apache-2.0
// Any text: parsing ends, and what parses prints to a text that parses to the same print.
#include <cstdlib>
#include <string_view>

#include "rules/promql/engine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using outrider::promql::Expression;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expr = Expression::Parse(text, kWholeLanguage);
  if (!expr.ok()) return 0;
  const std::string printed = expr->ToString();
  const auto again = Expression::Parse(printed, kWholeLanguage);
  if (!again.ok() || again->ToString() != printed) std::abort();
  return 0;
}
