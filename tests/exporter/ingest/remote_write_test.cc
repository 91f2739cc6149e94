// SPDX-License-Identifier: Apache-2.0
// The receiver from the outside: codes, order of checks, partial writes. Source:
// specs/prometheus.md §1.2.
#include "exporter/ingest/remote_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "storage/base/random.h"
#include "tests/exporter/ingest/write_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr Timestamp kNow = 1'800'000'000'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class RemoteWriteTest : public testing::Test {
 protected:
  RemoteWriteTest() {
    directory_ = testing::TempDir() + "/outrider_rw_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    Reset(0);
  }
  ~RemoteWriteTest() override { std::filesystem::remove_all(directory_); }

  void Reset(uint64_t min_free, const RemoteWriteOptions& options = {}) {
    receiver_.reset();
    log_ = std::make_unique<IngestLog>(*LogWriter::Open({.directory = directory_,
                                                         .segment_bytes = 1 << 20,
                                                         .min_free_bytes = min_free,
                                                         .salt = 1}));
    EXPECT_TRUE(log_->GoLive([] { return absl::OkStatus(); }).ok());
    windows_ = std::make_unique<Windows>(WindowsOptions{});
    receiver_ = std::make_unique<RemoteWriteReceiver>(
        options, clock_, *log_, WriteTargets{windows_.get(), &exemplars_, &metadata_});
  }
  HttpResponse Send(const std::vector<RawSeries>& series) {
    FakeRequest request(Body(series));
    return receiver_->Handle(request);
  }
  uint64_t Logged() const { return log_->wal().Stats().records; }

  std::string directory_;
  FakeClock clock_{kNow * kNanosPerMilli};
  std::unique_ptr<IngestLog> log_;
  std::unique_ptr<Windows> windows_;
  ExemplarStore exemplars_;
  MetadataStore metadata_;
  std::unique_ptr<RemoteWriteReceiver> receiver_;
};

RawSeries One(std::string_view name, Timestamp time = kNow, double value = 1) {
  return {{{"__name__", name}}, {{time, value}}};
}

TEST(MessageOf, Table) {
  struct Case {
    const char* type;
    WriteMessage message;
  };
  using enum WriteMessage;
  for (const Case& one :
       {Case{"", kV1}, Case{"application/x-protobuf", kV1},
        Case{"application/x-protobuf;proto=prometheus.WriteRequest", kV1},
        Case{"application/x-protobuf;proto=io.prometheus.write.v2.Request", kV2},
        Case{"application/x-protobuf;charset=utf-8", kV1},
        Case{"application/x-protobuf;proto=other", kUnknown},
        Case{"application/x-protobuf;proto", kUnknown},
        Case{"application/x-protobuf; proto=prometheus.WriteRequest", kV1},
        Case{"application/x-protobuf;", kUnknown}, Case{"application/json", kUnknown},
        Case{"image/png", kUnknown},
        Case{"application/x-protobuf ;proto=prometheus.WriteRequest", kUnknown}}) {
    EXPECT_EQ(MessageOf(one.type), one.message) << one.type;
  }
}

TEST_F(RemoteWriteTest, HeadersAreCheckedBeforeTheBodyIsTouched) {
  struct Case {
    const char* method;
    const char* type;
    const char* encoding;
    int status;
  };
  const Case cases[] = {
      {"GET", "application/x-protobuf", "snappy", 405},
      {"PUT", "application/json", "gzip", 405},
      {"POST", "application/json", "snappy", 415},
      {"POST", "image/png", "snappy", 415},
      {"POST", "application/x-protobuf;proto=io.prometheus.write.v2.Request", "gzip", 415},
      {"POST", "application/x-protobuf", "gzip", 415},
      {"POST", "application/x-protobuf", "deflate", 415},
  };
  for (const Case& one : cases) {
    FakeRequest request("corrupt");
    request.method = one.method;
    request.headers["Content-Type"] = one.type;
    request.headers["Content-Encoding"] = one.encoding;
    const HttpResponse response = receiver_->Handle(request);
    EXPECT_EQ(response.status, one.status) << one.type << one.encoding;
    EXPECT_EQ(request.reads, 0);
    EXPECT_FALSE(response.body.empty());
  }
  EXPECT_EQ(receiver_->Stats().requests.at(415), 5U);
}

TEST_F(RemoteWriteTest, BrokenBodies) {
  struct Case {
    const char* what;
    std::string body;
    int status;
  };
  const Case cases[] = {
      {"not snappy", "corrupt", 400},
      {"cut", Body({One("a")}).substr(0, 10), 400},
      {"not protobuf", SnappyCompress("garbage garbage"), 400},
      {"unpacks to more than 32 MiB", SnappyCompress(std::string((32U << 20) + 1, 'x')), 400},
      {"more than 32 MiB", std::string((32U << 20) + 1, 'x'), 413},
      {"empty message", SnappyCompress(""), 204},
  };
  for (const Case& one : cases) {
    FakeRequest request(one.body);
    EXPECT_EQ(receiver_->Handle(request).status, one.status) << one.what;
  }
  EXPECT_EQ(Logged(), 0U);
  EXPECT_EQ(windows_->Stats().series, 0U);
}

TEST_F(RemoteWriteTest, HeadersMayBeAbsent) {
  FakeRequest request(Body({One("a")}));
  request.headers.clear();
  EXPECT_EQ(receiver_->Handle(request).status, 204);
}

TEST_F(RemoteWriteTest, SpecialValuesAreStoredBitByBit) {
  const std::vector<double> values = {1, StaleNan(), std::bit_cast<double>(kNormalNanBits),
                                      kInfinity, -kInfinity};
  std::vector<RawSeries> all;
  const std::vector<std::string> names = {"a", "b", "c", "d", "e"};
  for (size_t i = 0; i < values.size(); ++i) all.push_back(One(names[i], kNow, values[i]));
  const HttpResponse response = Send(all);
  EXPECT_EQ(response.status, 204);
  EXPECT_TRUE(response.body.empty());
  EXPECT_TRUE(response.headers.empty());  // no …-Written headers for 1.0
  SeriesSet set;
  ASSERT_TRUE(windows_->Select({}, 0, kNow, 100, &set).ok());
  for (const auto& row : set.rows) {
    const size_t i = static_cast<size_t>(row.labels.MetricName()[0] - 'a');
    EXPECT_TRUE(SameBits(set.Values(row)[0], values[i])) << row.labels.All().ToString();
  }
}

TEST_F(RemoteWriteTest, LabelsAreSortedAndEmptyOnesDropped) {
  EXPECT_EQ(Send({{{{"z", "1"}, {"b", ""}, {"__name__", "m"}, {"a", "2"}}, {{kNow, 1}}}}).status,
            204);
  EXPECT_THAT(*windows_->SelectLabels({}, 0, kNow),
              ElementsAre(Labels{{"__name__", "m"}, {"a", "2"}, {"z", "1"}}));
}

TEST_F(RemoteWriteTest, OneBadSeriesOrSampleNeverCostsTheOthers) {
  ASSERT_EQ(Send({One("old"), One("same")}).status, 204);
  const HttpResponse response =
      Send({One("good", kNow + 1),
            {{{"job", "nameless"}}, {{kNow, 1}, {kNow + 1, 1}}},
            {{{"__name__", "twice"}, {"a", "1"}, {"a", "2"}}, {{kNow, 1}}},
            One("old", kNow - 1),
            One("same", kNow, 2),
            One("future", kNow + kHour),
            One("ancient", kNow - kDay),
            One("also_good", kNow)});
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("2 samples stored, 7 refused"));
  EXPECT_THAT(response.body, HasSubstr("series without a metric name: 1, first: job=\"nameless\""));
  EXPECT_THAT(response.body, HasSubstr("series with a label given twice: 1, first: \"twice\""));
  EXPECT_THAT(response.body, HasSubstr("out of order sample: 1, first: \"old\""));
  EXPECT_THAT(response.body, HasSubstr("duplicate sample for timestamp: 1, first: \"same\""));
  EXPECT_THAT(response.body, HasSubstr("too far in the future: 1, first: \"future\""));
  EXPECT_THAT(response.body, HasSubstr("older than what is kept: 1, first: \"ancient\""));
  EXPECT_EQ(windows_->Stats().series, 4U);
  const RemoteWriteStats stats = receiver_->Stats();
  EXPECT_EQ(stats.samples_accepted, 4U);
  EXPECT_EQ(stats.samples_rejected.at("out_of_order"), 1U);
  EXPECT_EQ(stats.samples_rejected.at("invalid_series"), 3U);
  EXPECT_EQ(stats.series_refused.at("no_metric_name"), 1U);
  EXPECT_EQ(stats.requests.at(400), 1U);
}

TEST_F(RemoteWriteTest, ARepeatedRequestIsFine) {
  EXPECT_EQ(Send({One("a"), One("b", kNow, StaleNan())}).status, 204);
  EXPECT_EQ(Send({One("a"), One("b", kNow, StaleNan())}).status, 204);
  EXPECT_EQ(receiver_->Stats().samples_accepted, 4U);
  EXPECT_EQ(windows_->Stats().samples, 2U);
}

TEST_F(RemoteWriteTest, OwnSeriesComingBackAreDroppedWithoutAnError) {
  const Labels alerts{{"__name__", "ALERTS"}, {"alertname", "x"}};
  const LabeledSample ours{alerts, {kNow, 1}};
  windows_->AppendBatch({&ours, 1}, Origin::kLocal, kNow);
  EXPECT_EQ(Send({One("outrider_series"),
                  {{{"__name__", "ALERTS"}, {"alertname", "x"}}, {{kNow + 1, 0}}},
                  One("up")})
                .status,
            204);
  const RemoteWriteStats stats = receiver_->Stats();
  EXPECT_EQ(stats.own_series_dropped, 1U);
  EXPECT_EQ(stats.own_samples_dropped, 1U);
  EXPECT_EQ(stats.local_wins, 1U);
  EXPECT_EQ(stats.samples_accepted, 1U);
  EXPECT_EQ(windows_->Stats().samples, 2U);
}

TEST_F(RemoteWriteTest, FullDiskIs503AndNothingIsStored) {
  Reset(1ULL << 60);
  const HttpResponse response = Send({One("a")});
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("nothing was stored"));
  EXPECT_THAT(response.body, HasSubstr("storage.min_free"));
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].first, "Retry-After");
  EXPECT_EQ(windows_->Stats().series, 0U);
}

TEST_F(RemoteWriteTest, OverloadAndStopAre503WithRetryAfter) {
  Reset(0, {.max_bytes_in_flight = 10});
  EXPECT_EQ(Send({One("a")}).status, 503);
  Reset(0);
  EXPECT_EQ(Send({One("a")}).status, 204);
  receiver_->Close();
  const HttpResponse response = Send({One("b")});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.at(0).first, "Retry-After");
}

TEST_F(RemoteWriteTest, SamplesAheadArriveWhenTheClockDoes) {
  EXPECT_EQ(Send({One("a", kNow + 11 * kMinute)}).status, 400);
  clock_.Advance(kMinute);
  EXPECT_EQ(Send({One("a", kNow + 11 * kMinute)}).status, 204);
}

}  // namespace
}  // namespace outrider
