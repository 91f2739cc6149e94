// SPDX-License-Identifier: Apache-2.0
// A remote read request from the wire: as sent (snappy), and its protobuf without the snappy; then
// what it asks for of a few series.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "exporter/ingest/snappy_body.h"
#include "exporter/read/chunk_stream.h"
#include "exporter/read/read_request.h"
#include "exporter/read/series_reader.h"
#include "storage/window/windows.h"

namespace {

using namespace outrider;  // NOLINT(google-build-using-namespace)

void Answer(const Windows& windows, std::string_view body) {
  const StatusOr<ReadRequest> request = DecodeReadRequest(body);
  if (!request.ok()) {
    if (!absl::IsInvalidArgument(request.status())) __builtin_trap();
    return;
  }
  for (const ReadQuery& query : request->queries) {
    StatusOr<SeriesReader> reader = SeriesReader::Open(windows, query);
    if (!reader.ok()) __builtin_trap();
    for (StatusOr<const SeriesSet::Row*> row = reader->Next(1000); row.ok() && *row != nullptr;
         row = reader->Next(1000)) {
      std::string frames;
      AppendSeriesFrames(reader->set(), **row, 0, &frames);
      if (frames.empty()) __builtin_trap();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Windows windows({});
  for (const char* job : {"a", "b"}) {
    const std::vector<LabelView> labels = {{"__name__", "up"}, {"job", job}};
    for (int64_t i = 0; i < 3; ++i)
      windows.Append(labels, std::vector<Sample>{{1000 * i, 0.5}}, Origin::kRemote, 10'000);
  }
  Answer(windows, bytes);
  if (const auto body = SnappyDecompress(bytes, 1U << 20); body.ok()) Answer(windows, *body);
  return 0;
}
