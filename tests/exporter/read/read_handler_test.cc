// SPDX-License-Identifier: Apache-2.0
// Remote read from request to answer, both read and written with protobuf's generated classes.
#include "exporter/read/read_handler.h"

#include <gtest/gtest.h>

#include "exporter/ingest/proto/remote_read.pb.h"
#include "exporter/ingest/snappy_body.h"
#include "exporter/read/chunk_stream.h"
#include "exporter/read/xor_chunk.h"
#include "storage/window/windows.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr int kChunks = 1;

class ReadApiTest : public ::testing::Test {
 protected:
  ReadApiTest() : clock_(10'000 * kNanosPerSecond), gate_(1, clock_) {
    RegisterReadApi(router_, {windows_, clock_, gate_, /*max_samples=*/1000, /*timeout=*/50});
    for (int i = 0; i < 300; ++i) {
      Add({{"__name__", "a"}, {"job", "x"}}, {1000 * i, i * 0.5});
      if (i % 3 == 0) Add({{"__name__", "a"}, {"job", "x"}, {"more", "y"}}, {1000 * i, 1});
    }
    Add({{"__name__", "gone"}}, {5000, StaleNan()});
    NativeHistogram h;
    h.count = 3;
    h.sum = 4.5;
    h.positive_spans = {{0, 2}};
    h.positive_buckets = {2, 1};
    const std::vector<LabelView> labels = {{"__name__", "h"}};
    AddHistogram(labels, {1000, h});
    Add(labels, {2000, 7});
    AddHistogram(labels, {3000, h});
  }

  void Add(const std::vector<LabelView>& labels, Sample sample) {
    windows_.Append(labels, std::vector<Sample>{sample}, Origin::kRemote, clock_.Now());
  }
  void AddHistogram(const std::vector<LabelView>& labels, const HistogramSample& sample) {
    windows_.AppendHistograms(labels, std::vector<HistogramSample>{sample}, {}, Origin::kRemote,
                              clock_.Now());
  }
  static void AddQuery(const std::string& name, Timestamp from, Timestamp to,
                       wire::read::ReadRequest* request) {
    wire::read::Query* query = request->add_queries();
    query->set_start_timestamp_ms(from);
    query->set_end_timestamp_ms(to);
    query->mutable_hints()->set_func("rate");
    wire::read::LabelMatcher* matcher = query->add_matchers();
    matcher->set_name("__name__");
    matcher->set_value(name);
  }
  HttpResponse Post(const std::string& body) {
    FakeRequest request("POST", "/api/v1/read", body);
    return router_.Dispatch(request);
  }
  HttpResponse Post(const wire::read::ReadRequest& request) {
    return Post(SnappyCompress(request.SerializeAsString()));
  }

  // The frames of a streamed answer, their sums checked.
  static std::vector<wire::read::ChunkedReadResponse> Frames(std::string_view bytes) {
    std::vector<wire::read::ChunkedReadResponse> out;
    while (!bytes.empty()) {
      size_t size = 0;
      for (size_t shift = 0, more = 1; more != 0; shift += 7, bytes.remove_prefix(1)) {
        size |= static_cast<size_t>(bytes[0] & 0x7f) << shift;
        more = bytes[0] & 0x80;
      }
      uint32_t crc = 0;
      for (int i = 0; i < 4; ++i) crc = crc << 8U | static_cast<uint8_t>(bytes[i]);
      const std::string_view message = bytes.substr(4, size);
      EXPECT_EQ(crc, Crc32Castagnoli(message));
      EXPECT_TRUE(out.emplace_back().ParseFromArray(message.data(), static_cast<int>(size)));
      bytes.remove_prefix(4 + size);
    }
    return out;
  }

  FakeClock clock_;
  QueryGate gate_;
  Windows windows_{{}};
  Router router_;
};

TEST_F(ReadApiTest, Samples) {
  wire::read::ReadRequest request;
  AddQuery("a", 2000, 4000, &request);
  AddQuery("nothing", 0, 1000, &request);
  AddQuery("h", 0, 9000, &request);
  AddQuery("gone", 0, 9000, &request);
  const HttpResponse response = Post(request);
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.content_type, "application/x-protobuf");
  wire::read::ReadResponse answer;
  ASSERT_TRUE(answer.ParseFromString(*SnappyDecompress(response.body, 1 << 20)));
  ASSERT_EQ(answer.results_size(), 4);
  ASSERT_EQ(answer.results(0).timeseries_size(), 2);
  const wire::v1::TimeSeries& first = answer.results(0).timeseries(0);
  ASSERT_EQ(first.labels_size(), 2);
  EXPECT_EQ(first.labels(1).name() + "=" + first.labels(1).value(), "job=x");
  ASSERT_EQ(first.samples_size(), 3);
  EXPECT_EQ(first.samples(2).timestamp(), 4000);
  EXPECT_EQ(first.samples(2).value(), 2);
  EXPECT_EQ(answer.results(0).timeseries(1).samples_size(), 1);
  EXPECT_EQ(answer.results(1).timeseries_size(), 0);
  ASSERT_EQ(answer.results(2).timeseries_size(), 1);
  const wire::v1::TimeSeries& mixed = answer.results(2).timeseries(0);
  EXPECT_EQ(mixed.samples_size(), 1);
  ASSERT_EQ(mixed.histograms_size(), 2);
  EXPECT_EQ(mixed.histograms(0).count_int(), 3U);
  EXPECT_EQ(mixed.histograms(0).sum(), 4.5);
  ASSERT_EQ(mixed.histograms(0).positive_deltas_size(), 2);
  EXPECT_EQ(mixed.histograms(0).positive_deltas(1), -1);
  EXPECT_EQ(mixed.histograms(1).timestamp(), 3000);
  ASSERT_EQ(answer.results(3).timeseries_size(), 1);
  EXPECT_TRUE(IsStale(answer.results(3).timeseries(0).samples(0).value()));
}

TEST_F(ReadApiTest, StreamedChunks) {
  wire::read::ReadRequest request;
  request.add_accepted_response_types(7);
  request.add_accepted_response_types(kChunks);
  AddQuery("nothing", 0, 1000, &request);
  AddQuery("a", 0, 1'000'000, &request);
  const HttpResponse response = Post(request);
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.content_type,
            "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
  EXPECT_FALSE(response.compressible);
  const auto frames = Frames(WholeBody(response));
  ASSERT_EQ(frames.size(), 2U);
  for (const wire::read::ChunkedReadResponse& frame : frames) {
    EXPECT_EQ(frame.query_index(), 1);
    ASSERT_EQ(frame.chunked_series_size(), 1);
  }
  const wire::read::ChunkedSeries& series = frames[0].chunked_series(0);
  EXPECT_EQ(series.labels_size(), 2);
  ASSERT_EQ(series.chunks_size(), 3);  // 120 + 120 + 60
  EXPECT_EQ(series.chunks(0).min_time_ms(), 0);
  EXPECT_EQ(series.chunks(0).max_time_ms(), 119'000);
  EXPECT_EQ(series.chunks(2).type(), 1);
  std::vector<Timestamp> times;
  std::vector<double> values;
  for (int i = 240; i < 300; ++i) {
    times.push_back(1000 * i);
    values.push_back(i * 0.5);
  }
  EXPECT_EQ(series.chunks(2).data(), EncodeXorChunk(times, values));
}

TEST_F(ReadApiTest, HistogramsAndFloatsTakeTurnsInChunks) {
  wire::read::ReadRequest request;
  request.add_accepted_response_types(kChunks);
  AddQuery("h", 0, 9000, &request);
  const auto frames = Frames(WholeBody(Post(request)));
  ASSERT_EQ(frames.size(), 1U);
  std::string order;
  for (const wire::read::Chunk& chunk : frames[0].chunked_series(0).chunks())
    order += std::to_string(chunk.type()) + "@" + std::to_string(chunk.min_time_ms()) + " ";
  EXPECT_EQ(order, "2@1000 1@2000 2@3000 ");
}

TEST_F(ReadApiTest, WhatCannotBeAnswered) {
  wire::read::ReadRequest bad_type;
  bad_type.add_accepted_response_types(2);
  AddQuery("a", 0, 1, &bad_type);
  wire::read::ReadRequest bad_regex;
  AddQuery("(", 0, 1, &bad_regex);
  bad_regex.mutable_queries(0)->mutable_matchers(0)->set_type(2);
  wire::read::ReadRequest bad_matcher;
  AddQuery("a", 0, 1, &bad_matcher);
  bad_matcher.mutable_queries(0)->mutable_matchers(0)->set_type(4);
  wire::read::ReadRequest many;
  for (int i = 0; i < 1001; ++i) AddQuery("a", 0, 1, &many);
  wire::read::ReadRequest large;
  for (int i = 0; i < 3; ++i) AddQuery("a", 0, 1'000'000, &large);
  const std::pair<std::string, const char*> cases[] = {
      {"not snappy", "snappy"},
      {SnappyCompress("\x0a\x05"), "cut off"},
      {SnappyCompress(bad_type.SerializeAsString()),
       "server does not support any of the requested response types: [2]; supported: "
       "map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]"},
      {SnappyCompress(bad_regex.SerializeAsString()), "missing"},
      {SnappyCompress(bad_matcher.SerializeAsString()), "invalid matcher type"},
      {SnappyCompress(many.SerializeAsString()), "more than 1000 queries"},
      {SnappyCompress(large.SerializeAsString()), "exceeded sample limit (1000)"},
  };
  for (const auto& [body, error] : cases) {
    const HttpResponse response = Post(body);
    EXPECT_EQ(response.status, 400) << error;
    EXPECT_NE(response.body.find(error), std::string::npos) << response.body;
  }
  EXPECT_EQ(Post(std::string((4U << 20) + 1, 'x')).status, 413);
}

TEST_F(ReadApiTest, OneAtATimeAndNotForEver) {
  wire::read::ReadRequest request;
  request.add_accepted_response_types(kChunks);
  AddQuery("a", 0, 1'000'000, &request);
  {
    HttpResponse running = Post(request);
    const HttpResponse late = Post(request);
    EXPECT_EQ(late.status, 500);
    EXPECT_EQ(late.body, "context deadline exceeded\n");
    // The reader of a stream that breaks off must not take it for whole.
    clock_.Advance(kMinute);
    std::string end;
    EXPECT_FALSE(running.stream(&end));
    ASSERT_GT(end.size(), 5U);
    EXPECT_EQ(end.substr(5), "failed");
  }
  EXPECT_EQ(Post(request).status, 200);
}

}  // namespace
}  // namespace outrider
