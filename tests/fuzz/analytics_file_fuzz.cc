// SPDX-License-Identifier: Apache-2.0
// Any bytes as an analytics file: an error or entries, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/analytics/analytics_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = outrider::ParseAnalyticsFile(text, "fuzz.yml");
  if (file.ok() && !outrider::CombineEntries({*file}).ok()) __builtin_trap();
  return 0;
}
