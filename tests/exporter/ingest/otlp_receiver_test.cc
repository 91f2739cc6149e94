// SPDX-License-Identifier: Apache-2.0
// The door of OTLP from the outside: codes, what is stored, what a restart brings back.
#include "exporter/ingest/otlp_receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "exporter/http/gzip.h"
#include "exporter/ingest/replay.h"
#include "tests/exporter/ingest/otlp_request.h"
#include "tests/exporter/ingest/write_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Timestamp kNow = 1'800'000'000'000;

class OtlpReceiverTest : public testing::Test {
 protected:
  OtlpReceiverTest() {
    directory_ = testing::TempDir() + "/outrider_otlp_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    log_ = std::make_unique<IngestLog>(*LogWriter::Open(
        {.directory = directory_, .segment_bytes = 1 << 20, .min_free_bytes = 0, .salt = 1}));
    EXPECT_TRUE(log_->GoLive([] { return absl::OkStatus(); }).ok());
    receiver_ = std::make_unique<OtlpReceiver>(OtlpOptions{}, clock_, *log_, targets_);
  }
  ~OtlpReceiverTest() override { std::filesystem::remove_all(directory_); }

  HttpResponse Send(const std::string& body, const char* encoding = "") {
    FakeRequest request(body);
    request.headers["Content-Encoding"] = encoding;
    return receiver_->Handle(request);
  }
  static std::vector<double> Values(const Windows& windows, const char* name) {
    SeriesSet set;
    const Matcher matcher = Matcher::Equal("__name__", name);
    EXPECT_TRUE(windows.Select({&matcher, 1}, 0, INT64_MAX, SIZE_MAX, &set).ok());
    return set.values;
  }

  std::string directory_;
  FakeClock clock_{kNow * kNanosPerMilli};
  Windows windows_{{.seed = 3}};
  ExemplarStore exemplars_;
  MetadataStore metadata_;
  WriteTargets targets_{&windows_, &exemplars_, &metadata_};
  std::unique_ptr<IngestLog> log_;
  std::unique_ptr<OtlpReceiver> receiver_;
};

std::string RequestsCounter(double value, Timestamp time = kNow) {
  OtlpRequest request;
  request.Resource({{"service.name", "shop"}, {"service.instance.id", "i1"}});
  wire::otlp::Sum* sum = request.Sum("requests", "", wire::otlp::TEMPORALITY_CUMULATIVE, true);
  Point(sum, time, {{"code", "200"}})->set_as_double(value);
  return request.Body();
}

TEST_F(OtlpReceiverTest, HeadersAndBodies) {
  struct Case {
    const char* what;
    const char* type;
    const char* encoding;
    std::string body;
    int status;
  };
  const std::string body = RequestsCounter(1);
  const Case cases[] = {
      {"json", "application/json", "", body, 415},
      {"snappy", "application/x-protobuf", "snappy", body, 415},
      {"garbage", "application/x-protobuf", "", "garbage", 400},
      {"said to be gzip", "application/x-protobuf", "gzip", body, 400},
      {"too large", "application/x-protobuf", "", std::string((32U << 20) + 1, 'x'), 413},
      {"unpacks to too much", "application/x-protobuf", "gzip",
       Gzip(std::string((32U << 20) + 1, 'x')), 400},
      {"empty", "application/x-protobuf", "", "", 200},
      {"plain", "application/x-protobuf", "identity", body, 200},
      {"gzip", "application/x-protobuf; charset=utf-8", "gzip", Gzip(body), 200},
  };
  for (const Case& one : cases) {
    FakeRequest request(one.body);
    request.headers["Content-Type"] = one.type;
    request.headers["Content-Encoding"] = one.encoding;
    EXPECT_EQ(receiver_->Handle(request).status, one.status) << one.what;
  }
  EXPECT_EQ(receiver_->Stats().requests.at(200), 3U);
  receiver_->Close();
  EXPECT_EQ(Send(body).status, 503);
}

TEST_F(OtlpReceiverTest, PointsBecomeSamplesAndMetadata) {
  const HttpResponse response = Send(RequestsCounter(5));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "") << "nothing rejected";
  EXPECT_EQ(Send(RequestsCounter(6, kNow + 1000)).body, "");
  EXPECT_THAT(Values(windows_, "requests_total"), ElementsAre(5, 6));
  EXPECT_EQ(metadata_.List("requests_total", -1, -1).at(0).entries.at(0).type,
            MetricType::kCounter);
  EXPECT_EQ(receiver_->Stats().points, 2U);
}

TEST_F(OtlpReceiverTest, WhatIsRejectedIsSaid) {
  OtlpRequest request;
  request.Resource({{"service.name", "shop"}});
  Point(request.Sum("deltas", "", wire::otlp::TEMPORALITY_DELTA, true), kNow, {})->set_as_double(1);
  wire::otlp::Sum* good = request.Sum("good", "", wire::otlp::TEMPORALITY_CUMULATIVE, false);
  Point(good, kNow, {})->set_as_double(1);
  Point(good, kNow + kHour, {{"a", "b"}})->set_as_double(1);  // too far ahead
  const HttpResponse response = Send(request.Body());
  EXPECT_EQ(response.status, 200);
  wire::otlp::ExportResponse told;
  ASSERT_TRUE(told.ParseFromString(response.body));
  EXPECT_EQ(told.partial_success().rejected_data_points(), 2);
  EXPECT_THAT(told.partial_success().error_message(), HasSubstr("too far in the future"));
  EXPECT_THAT(Values(windows_, "good"), ElementsAre(1));
  EXPECT_EQ(receiver_->Stats().refused_points.at("delta"), 1U);
}

TEST_F(OtlpReceiverTest, ARestartBringsItBack) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(Send(RequestsCounter(i, kNow + i * 1000)).status, 200);
  }
  Windows again({.seed = 9});
  ReplayStats stats;
  ReplayState state;
  LogReader reader(directory_);
  again.BeginReplay();
  ASSERT_TRUE(ReplayRest(&reader, {&again}, {}, &state, &stats).ok());
  again.EndReplay();
  EXPECT_EQ(stats.unreadable, 0U);
  EXPECT_THAT(Values(again, "requests_total"), ElementsAre(0, 1, 2, 3, 4));
}

}  // namespace
}  // namespace outrider
