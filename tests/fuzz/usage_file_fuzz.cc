// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of use: an error that names a line, or rising times and finite values.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "exporter/trial/usage_corpus.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = outrider::ParseUsageFile(text, "fuzz.csv");
  if (!file.ok()) {
    if (!outrider::Message(file.status()).starts_with("fuzz.csv:")) __builtin_trap();
    return 0;
  }
  if (file->times.size() != file->values.size()) __builtin_trap();
  for (size_t i = 0; i < file->values.size(); ++i) {
    if (!std::isfinite(file->values[i]) || file->values[i] < 0) __builtin_trap();
    if (i > 0 && file->times[i] <= file->times[i - 1]) __builtin_trap();
  }
  return 0;
}
