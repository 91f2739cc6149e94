// SPDX-License-Identifier: Apache-2.0
#include "exporter/read/read_client.h"

#include <algorithm>

#include "exporter/ingest/decode_v1.h"
#include "exporter/ingest/snappy_body.h"
#include "exporter/ingest/wire_label.h"
#include "exporter/ingest/wire_reader.h"
#include "exporter/read/chunk_reader.h"
#include "exporter/read/chunk_stream.h"
#include "exporter/read/wire_writer.h"

namespace outrider {
namespace {

constexpr uint64_t kXorChunk = 1;

Status SortLabels(std::vector<LabelView>* labels) {
  std::erase_if(*labels, [](const LabelView& label) { return label.value.empty(); });
  if (!std::ranges::is_sorted(*labels)) std::ranges::sort(*labels);
  if (std::ranges::adjacent_find(*labels, {}, &LabelView::name) == labels->end()) return {};
  return InvalidArgument("a series has a label twice");
}

struct Chunk {
  uint64_t type = 0;
  std::string_view data;
};

Chunk ReadChunk(WireReader reader) {
  Chunk chunk;
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(3, kWireVarint):
        chunk.type = reader.Varint();
        break;
      case WireTag(4, kWireBytes):
        chunk.data = reader.Bytes();
        break;
      default:
        reader.Skip();  // the times stand in the data
    }
  }
  return chunk;
}

struct ChunkedSeries {
  std::vector<LabelView> labels;
  std::vector<Chunk> chunks;
};

ChunkedSeries ReadSeries(WireReader reader) {
  ChunkedSeries series;
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireBytes):
        series.labels.push_back(ReadLabel(reader.Message()));
        break;
      case WireTag(2, kWireBytes):
        series.chunks.push_back(ReadChunk(reader.Message()));
        break;
      default:
        reader.SkipUnknown("ChunkedSeries", 2);
    }
  }
  return series;
}

struct Frame {
  std::vector<ChunkedSeries> series;
  uint64_t query_index = 0;
};

// Takes the next frame off the front: its size, a checksum and the message.
StatusOr<Frame> TakeFrame(std::string_view* body) {
  constexpr size_t kCrcBytes = 4;
  WireError error;
  WireReader head(*body, &error);
  const uint64_t size = head.Varint();
  TRY(error.ToStatus());
  body->remove_prefix(static_cast<size_t>(head.position() - body->data()));
  if (body->size() < kCrcBytes || size > body->size() - kCrcBytes) {
    return InvalidArgument("the stream of chunks breaks off");
  }
  uint32_t crc = 0;
  for (size_t i = 0; i < kCrcBytes; ++i) crc = crc << 8U | static_cast<uint8_t>((*body)[i]);
  const std::string_view message = body->substr(kCrcBytes, static_cast<size_t>(size));
  body->remove_prefix(kCrcBytes + message.size());
  if (Crc32Castagnoli(message) != crc) {
    return InvalidArgument("the stream of chunks is damaged, or the server gave up in the middle");
  }
  Frame frame;
  WireReader reader(message, &error);
  while (reader.Next()) {
    switch (reader.tag()) {
      case WireTag(1, kWireBytes):
        frame.series.push_back(ReadSeries(reader.Message()));
        break;
      case WireTag(2, kWireVarint):
        frame.query_index = reader.Varint();
        break;
      default:
        reader.SkipUnknown("ChunkedReadResponse", 2);
    }
  }
  TRY(error.ToStatus());
  return frame;
}

// The messages of a ReadResponse: QueryResult has the shape of a WriteRequest.
Status ReadQueryResult(std::string_view message, const ReadRowSink& sink) {
  V1Rows rows;
  TRY(rows.Parse(message, /*seed=*/0));
  IncomingSeries series;
  std::vector<IncomingHistogram> histograms;
  for (uint32_t i = 0; i < rows.rows().size(); ++i) {
    TRY(rows.Decode(i, &series));
    ReadRow row{.labels = series.labels, .samples = series.samples, .histograms = {}};
    TRY(SortLabels(&row.labels));
    histograms.clear();
    if (!series.histograms.empty()) TRY(rows.DecodeHistograms(i, series, &histograms));
    for (IncomingHistogram& histogram : histograms) {
      TRY(histogram.refusal);
      row.histograms.push_back(std::move(histogram.sample));
    }
    sink(row);
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeReadRequest(std::span<const ReadQuery> queries,
                              std::span<const ReadResponseType> accepted) {
  std::string out;
  for (const ReadQuery& query : queries) {
    std::string message;
    WireWriter writer(&message);
    writer.Int(1, query.start);
    writer.Int(2, query.end);
    for (const Matcher& matcher : query.matchers) {
      std::string one;
      WireWriter fields(&one);
      fields.Int(1, static_cast<int64_t>(matcher.type()));
      fields.Bytes(2, matcher.name());
      fields.Bytes(3, matcher.value());
      writer.Bytes(3, one);
    }
    WireWriter(&out).Bytes(1, message);
  }
  for (const ReadResponseType type : accepted) WireWriter(&out).Int(2, static_cast<int64_t>(type));
  return out;
}

Status ReadChunkStream(std::string_view body, std::span<const ReadQuery> queries,
                       const ReadRowSink& sink) {
  while (!body.empty()) {
    const Frame frame = TRY(TakeFrame(&body));
    if (frame.query_index >= queries.size()) return InvalidArgument("an answer to no question");
    const ReadQuery& query = queries[frame.query_index];
    for (const ChunkedSeries& series : frame.series) {
      ReadRow row{.labels = series.labels, .samples = {}, .histograms = {}};
      TRY(SortLabels(&row.labels));
      for (const Chunk& chunk : series.chunks) {
        if (chunk.type != kXorChunk) {
          return absl::UnimplementedError("chunks of native histograms cannot be read");
        }
        TRY(DecodeXorChunk(chunk.data, query.start, query.end, &row.samples));
      }
      sink(row);
    }
  }
  return absl::OkStatus();
}

StatusOr<bool> HoldsHistogramChunks(std::string_view body) {
  while (!body.empty()) {
    const Frame frame = TRY(TakeFrame(&body));
    for (const ChunkedSeries& series : frame.series) {
      for (const Chunk& chunk : series.chunks) {
        if (chunk.type != kXorChunk) return true;
      }
    }
  }
  return false;
}

Status ReadSamplesAnswer(std::string_view body, size_t limit, const ReadRowSink& sink) {
  const std::string raw = TRY(SnappyDecompress(body, limit));
  WireError error;
  WireReader reader(raw, &error);
  while (reader.Next()) {
    if (reader.tag() == WireTag(1, kWireBytes)) {
      TRY(ReadQueryResult(reader.Bytes(), sink));
    } else {
      reader.SkipUnknown("ReadResponse", 1);
    }
  }
  return error.ToStatus();
}

}  // namespace outrider
