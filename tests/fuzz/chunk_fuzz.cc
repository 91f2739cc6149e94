// SPDX-License-Identifier: Apache-2.0
// Chunk bytes and chunk blocks that we did not write, and samples that we did.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "storage/window/windows.h"

namespace {

// The input as samples must come out as it went in.
void RoundTrip(const uint8_t* data, size_t size) {
  outrider::FloatChunkWriter writer;
  for (size_t at = 0; at + 16 <= size; at += 16) {
    outrider::Sample sample;
    std::memcpy(&sample.time, data + at, 8);
    std::memcpy(&sample.value, data + at + 8, 8);
    writer.Append(sample.time, sample.value);
  }
  outrider::FloatChunkReader reader(writer.bytes(), writer.count());
  outrider::Sample sample;
  size_t at = 0;
  for (; reader.Next(&sample); at += 16) {
    if (std::memcmp(&sample.time, data + at, 8) != 0) __builtin_trap();
    if (std::memcmp(&sample.value, data + at + 8, 8) != 0) __builtin_trap();
  }
  if (!reader.ok() || at != size / 16 * 16) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  RoundTrip(data, size);
  outrider::FloatChunkReader reader({data, size}, 200);
  outrider::Sample sample;
  while (reader.Next(&sample)) {
  }
  outrider::Windows windows({});
  (void)windows.LoadBlock({reinterpret_cast<const char*>(data), size});
  outrider::SeriesSet set;
  (void)windows.Select({}, INT64_MIN, INT64_MAX, 1U << 20, &set);
  windows.Expire();
  return 0;
}
