// SPDX-License-Identifier: Apache-2.0
// What a back-test reads: text files of samples and of silences, and the answers of remote read and
// of the query API. A frame's checksum
// is put right, so that what is in it is read.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "exporter/ingest/snappy_body.h"
#include "exporter/read/chunk_reader.h"
#include "exporter/read/chunk_stream.h"
#include "exporter/read/matrix_json.h"
#include "exporter/read/read_client.h"
#include "exporter/read/wire_writer.h"
#include "exporter/trial/exposition_file.h"
#include "exporter/trial/silence_file.h"

namespace {

using namespace outrider;  // NOLINT(google-build-using-namespace)

std::string Frame(std::string_view message) {
  std::string frame;
  WireWriter(&frame).Varint(message.size());
  const uint32_t crc = Crc32Castagnoli(message);
  for (const uint32_t shift : {24U, 16U, 8U, 0U}) frame.push_back(static_cast<char>(crc >> shift));
  return frame.append(message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr Timestamp kFar = std::numeric_limits<Timestamp>::max();
  std::vector<Sample> samples;
  (void)DecodeXorChunk(bytes, 0, kFar, &samples);
  const std::vector<ReadQuery> queries = {{.start = 0, .end = kFar, .matchers = {}}};
  const auto sink = [](const ReadRow& row) {
    for (size_t i = 1; i < row.labels.size(); ++i) {
      if (!(row.labels[i - 1].name < row.labels[i].name)) __builtin_trap();
    }
  };
  (void)ReadChunkStream(bytes, queries, sink);
  (void)ReadChunkStream(Frame(bytes), queries, sink);
  (void)ReadSamplesAnswer(SnappyCompress(bytes), 1U << 20, sink);
  SampleTable table;
  std::vector<std::string> warnings;
  (void)ReadMatrixJson(bytes, [](const MatrixRow&) {}, &warnings);
  (void)ParseSilences(bytes, "f");
  if (ReadExposition(bytes, "f", &table).ok()) table.Sort();
  return 0;
}
