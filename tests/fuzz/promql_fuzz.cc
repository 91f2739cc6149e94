// SPDX-License-Identifier: Apache-2.0
// Any text: parsing ends, and what parses prints to a text that parses to the same tree.
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/support/promql_checks.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string wrong = outrider::CheckRoundTrip(text);
  if (wrong.empty()) return 0;
  fmt::print(stderr, "{}\n", wrong);
  std::abort();
}
