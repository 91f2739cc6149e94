// SPDX-License-Identifier: Apache-2.0
// Any bytes as a detector's saved state: an error, or a state that goes on; and as samples.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/detect/detector_table.h"
#include "rules/detect/saved_fields.h"

namespace {

using namespace outrider;  // NOLINT(google-build-using-namespace)

// Samples of nine bytes: a step in minutes and a value.
void FeedSamples(SeriesDetector& detector, std::string_view bytes) {
  Timestamp time = 1'762'128'000'000;
  while (bytes.size() >= 9) {
    time += static_cast<uint8_t>(bytes[0]) * kMinute;
    const auto value = std::bit_cast<double>(ReadBigEndian64(bytes.substr(1, 8)));
    bytes.remove_prefix(9);
    if (!std::isfinite(value)) continue;
    const Verdict verdict = detector.Observe(time, value);
    if (std::isinf(verdict.state) || verdict.state < 0 || verdict.onset < 0) __builtin_trap();
  }
  detector.Explain();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const std::vector<std::string> kNames = SeriesDetectorNames();
  const std::string& name = kNames[data[0] % kNames.size()];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto fed = MakeSeriesDetector(name, {});
  FeedSamples(**fed, bytes);
  // What it saves it can load.
  RowWriter out(kDetectorFormat);
  (*fed)->Save(out);
  const std::string saved = out.Take();
  RowReader in(saved, kDetectorFormat, "saved");
  const auto again = MakeSeriesDetector(name, {});
  (*again)->Load(in);
  if (!in.Finish().ok()) __builtin_trap();
  RowReader any(bytes, kDetectorFormat, "any");
  const auto loaded = MakeSeriesDetector(name, {});
  (*loaded)->Load(any);
  if (any.Finish().ok()) FeedSamples(**loaded, bytes);
  return 0;
}
