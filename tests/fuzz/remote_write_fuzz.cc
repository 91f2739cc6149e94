// SPDX-License-Identifier: Apache-2.0
// A body of remote write 1.0 from the wire to the windows: as sent (snappy), and its protobuf
// without the snappy.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "exporter/ingest/apply.h"
#include "exporter/ingest/decode_v1.h"
#include "exporter/ingest/snappy_body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Windows windows({});
  const ApplyOptions options{.origin = Origin::kRemote, .now = 1'800'000'000'000, .explain = true};
  const auto apply = [&](std::string_view body) {
    V1Rows rows;
    ApplyScratch scratch;
    if (!rows.Parse(body, windows.seed()).ok()) return;
    if (!PrepareRows(rows, windows, Origin::kRemote, &scratch).ok()) return;
    (void)ApplyRows(rows, options, {&windows}, &scratch).Refusals();
  };
  apply(bytes);
  if (const auto body = SnappyDecompress(bytes, 1U << 20); body.ok()) apply(*body);
  SeriesSet set;
  if (!windows.Select({}, INT64_MIN, INT64_MAX, SIZE_MAX, &set).ok()) __builtin_trap();
  windows.Expire();
  return 0;
}
