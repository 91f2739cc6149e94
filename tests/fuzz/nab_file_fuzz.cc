// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of labelled series: an error that names a line, or finite points.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "exporter/trial/nab_corpus.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = outrider::ParseNabFile(text, "fuzz.csv");
  if (!file.ok()) {
    if (!outrider::Message(file.status()).starts_with("fuzz.csv:")) __builtin_trap();
    return 0;
  }
  if (file->times.size() != file->values.size()) __builtin_trap();
  for (const double value : file->values) {
    if (!std::isfinite(value)) __builtin_trap();
  }
  return 0;
}
