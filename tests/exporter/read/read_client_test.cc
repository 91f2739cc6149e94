// SPDX-License-Identifier: Apache-2.0
// What our server writes, and bytes that Prometheus made, are read back.
#include "exporter/read/read_client.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <string>
#include <vector>

#include "exporter/ingest/snappy_body.h"
#include "exporter/read/chunk_reader.h"
#include "exporter/read/chunk_stream.h"
#include "exporter/read/samples_response.h"
#include "exporter/read/wire_writer.h"
#include "exporter/read/xor_chunk.h"
#include "storage/base/random.h"

namespace outrider {
namespace {

constexpr Timestamp kFirst = std::numeric_limits<Timestamp>::min();
constexpr Timestamp kLast = std::numeric_limits<Timestamp>::max();

std::string Bytes(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

// The bytes are those of chunks_test.cc, which Prometheus' tsdb/chunkenc made.
TEST(ChunkReader, ReadsWhatPrometheusWrote) {
  std::vector<Sample> samples;
  ASSERT_TRUE(DecodeXorChunk(Bytes("000480a0abfef9623ff00000000000009875c25fff1b03e0"), kFirst,
                             kLast, &samples)
                  .ok());
  ASSERT_EQ(samples.size(), 4U);
  const Timestamp times[] = {1700000000000, 1700000015000, 1700000030000, 1700000045000};
  const double values[] = {1, 2, 2, 3.75};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(samples[i].time, times[i]);
    EXPECT_EQ(samples[i].value, values[i]);
  }
}

TEST(ChunkReader, ReadsWhatWeWrite) {
  SeededRandom random(20261129);
  for (int round = 0; round < 2000; ++round) {
    std::vector<Timestamp> times;
    std::vector<double> values;
    auto time = static_cast<Timestamp>(random.Next() >> (20 + random.Next() % 30));
    double value = 0;
    const size_t count = 1 + random.Next() % 200;
    for (size_t i = 0; i < count; ++i) {
      times.push_back(time);
      values.push_back(value);
      time += 1 + static_cast<Timestamp>(random.Next() >> (14 + random.Next() % 50));
      const uint64_t kind = random.Next() % 4;
      if (kind == 0) value = std::bit_cast<double>(random.Next());
      if (kind == 1) value += 1;
      if (kind == 2) value = StaleNan();
    }
    std::vector<Sample> read;
    ASSERT_TRUE(DecodeXorChunk(EncodeXorChunk(times, values), kFirst, kLast, &read).ok());
    ASSERT_EQ(read.size(), count);
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(read[i].time, times[i]) << round << ' ' << i;
      ASSERT_TRUE(SameBits(read[i].value, values[i])) << round << ' ' << i;
    }
  }
}

TEST(ChunkReader, CutsAndRefuses) {
  const std::vector<Timestamp> times = {10, 20, 30, 40};
  const std::vector<double> values = {1, 2.5, 3, 4};
  const std::string chunk = EncodeXorChunk(times, values);
  std::vector<Sample> read;
  ASSERT_TRUE(DecodeXorChunk(chunk, 20, 30, &read).ok());
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].time, 20);
  for (size_t size = 0; size + 1 < chunk.size(); ++size) {
    EXPECT_FALSE(DecodeXorChunk(chunk.substr(0, size), kFirst, kLast, &read).ok()) << size;
  }
}

SeriesSet OneSeries(SeriesSet::Row* row) {
  SeriesSet set;
  row->labels = SeriesLabels(Labels({{"__name__", "m"}, {"a", "b"}}));
  for (int i = 0; i < 300; ++i) {
    set.times.push_back(1000 * i);
    set.values.push_back(i * 0.5);
  }
  row->end = set.times.size();
  return set;
}

struct Collected {
  std::vector<std::string> names;
  std::vector<Sample> samples;
  size_t histograms = 0;
  ReadRowSink Sink() {
    return [this](const ReadRow& row) {
      names.push_back(Labels::FromSorted(row.labels).ToString());
      samples.insert(samples.end(), row.samples.begin(), row.samples.end());
      histograms += row.histograms.size();
    };
  }
};

TEST(ReadClient, ReadsAStream) {
  SeriesSet::Row row;
  const SeriesSet set = OneSeries(&row);
  std::string body;
  AppendSeriesFrames(set, row, 1, &body);
  const std::vector<ReadQuery> queries = {{}, {.start = 5000, .end = 200'000, .matchers = {}}};
  Collected collected;
  ASSERT_TRUE(ReadChunkStream(body, queries, collected.Sink()).ok());
  EXPECT_EQ(collected.names, std::vector<std::string>{"m{a=\"b\"}"});
  ASSERT_EQ(collected.samples.size(), 196U);
  EXPECT_EQ(collected.samples.back().value, 100);
  EXPECT_EQ(HoldsHistogramChunks(body).value(), false);

  // Nobody asked a second time, a bit is wrong, the end is missing, the server gave up.
  EXPECT_FALSE(ReadChunkStream(body, std::span(queries).first(1), collected.Sink()).ok());
  std::string damaged = body;
  damaged[damaged.size() / 2] ^= 4;
  EXPECT_FALSE(ReadChunkStream(damaged, queries, collected.Sink()).ok());
  EXPECT_FALSE(ReadChunkStream(body.substr(0, body.size() - 1), queries, collected.Sink()).ok());
  AppendBrokenFrame(&body);
  EXPECT_FALSE(ReadChunkStream(body, queries, collected.Sink()).ok());
}

NativeHistogram SmallHistogram() {
  NativeHistogram histogram;
  histogram.schema = 1;
  histogram.count = 3;
  histogram.sum = 4;
  histogram.positive_spans = {{0, 2}};
  histogram.positive_buckets = {1, 2};
  return histogram;
}

TEST(ReadClient, TellsOfHistogramsAndReadsThemAsSamples) {
  SeriesSet set;
  set.histograms = {{1000, SmallHistogram()}, {2000, SmallHistogram()}};
  SeriesSet::Row row;
  row.labels = SeriesLabels(Labels({{"__name__", "h"}}));
  row.histograms_end = 2;
  std::string stream;
  AppendSeriesFrames(set, row, 0, &stream);
  EXPECT_EQ(HoldsHistogramChunks(stream).value(), true);
  const std::vector<ReadQuery> queries = {{.start = 0, .end = 5000, .matchers = {}}};
  Collected collected;
  EXPECT_TRUE(absl::IsUnimplemented(ReadChunkStream(stream, queries, collected.Sink())));

  std::string series;
  EncodeTimeSeries(set, row, &series);
  std::string result;
  WireWriter(&result).Bytes(1, series);
  std::string response;
  WireWriter(&response).Bytes(1, result);
  ASSERT_TRUE(ReadSamplesAnswer(SnappyCompress(response), 1 << 20, collected.Sink()).ok());
  EXPECT_EQ(collected.histograms, 2U);
  EXPECT_FALSE(ReadSamplesAnswer(SnappyCompress(response), 10, collected.Sink()).ok());
  EXPECT_FALSE(ReadSamplesAnswer("no snappy", 1 << 20, collected.Sink()).ok());
}

TEST(ReadClient, AsksWhatTheServerReads) {
  const std::vector<ReadQuery> queries = {
      {.start = -5,
       .end = 7,
       .matchers = {Matcher::Equal("__name__", "m"),
                    *Matcher::Create(MatchType::kNotRegex, "a", "b|c")}},
      {.start = 1, .end = 2, .matchers = {*Matcher::Create(MatchType::kNotEqual, "x", "")}}};
  const ReadResponseType accepted[] = {ReadResponseType::kStreamedChunks,
                                       ReadResponseType::kSamples};
  const auto request = DecodeReadRequest(EncodeReadRequest(queries, accepted));
  ASSERT_TRUE(request.ok()) << Message(request.status());
  EXPECT_EQ(request->response_type, ReadResponseType::kStreamedChunks);
  ASSERT_EQ(request->queries.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(request->queries[i].start, queries[i].start);
    EXPECT_EQ(request->queries[i].end, queries[i].end);
    EXPECT_EQ(request->queries[i].matchers, queries[i].matchers);
  }
}

}  // namespace
}  // namespace outrider
