// SPDX-License-Identifier: Apache-2.0
// Remote write 2.0 from the outside: what is stored, what the three headers say, what a restart
// brings back. Source: specs/prometheus.md §1.2 and §1.3.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "exporter/ingest/proto/remote_write_v2.pb.h"
#include "exporter/ingest/remote_write.h"
#include "exporter/ingest/replay.h"
#include "exporter/ingest/snappy_body.h"
#include "tests/exporter/ingest/write_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Timestamp kNow = 1'800'000'000'000;

// A request under construction; symbols are added as they come.
class Builder {
 public:
  Builder() { request_.add_symbols(""); }
  uint32_t Symbol(const std::string& text) {
    if (text.empty()) return 0;
    request_.add_symbols(text);
    return static_cast<uint32_t>(request_.symbols_size() - 1);
  }
  wire::v2::TimeSeries& Series(const std::vector<LabelView>& labels) {
    wire::v2::TimeSeries& series = *request_.add_timeseries();
    for (const LabelView& label : labels) {
      series.add_labels_refs(Symbol(std::string(label.name)));
      series.add_labels_refs(Symbol(std::string(label.value)));
    }
    return series;
  }
  Builder& Add(const std::vector<LabelView>& labels, Timestamp time, double value) {
    wire::v2::Sample& sample = *Series(labels).add_samples();
    sample.set_timestamp(time);
    sample.set_value(value);
    return *this;
  }
  std::string Body() const { return SnappyCompress(request_.SerializeAsString()); }

 private:
  wire::v2::Request request_;
};

class RemoteWriteV2Test : public testing::Test {
 protected:
  RemoteWriteV2Test() {
    directory_ = testing::TempDir() + "/outrider_rw2_" +
                 testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    log_ = std::make_unique<IngestLog>(*LogWriter::Open(
        {.directory = directory_, .segment_bytes = 1 << 20, .min_free_bytes = 0, .salt = 1}));
    EXPECT_TRUE(log_->GoLive([] { return absl::OkStatus(); }).ok());
    receiver_ =
        std::make_unique<RemoteWriteReceiver>(RemoteWriteOptions{}, clock_, *log_, targets_);
  }
  ~RemoteWriteV2Test() override { std::filesystem::remove_all(directory_); }

  HttpResponse Send(const std::string& body, const char* type = kV2Type) {
    FakeRequest request(body);
    request.headers["Content-Type"] = type;
    return receiver_->Handle(request);
  }
  // "status samples histograms exemplars" as the answer has them; - for a header that is not there.
  static std::string Told(const HttpResponse& response) {
    std::string told = std::to_string(response.status);
    for (const char* kind : {"Samples", "Histograms", "Exemplars"}) {
      std::string value = "-";
      for (const auto& [name, text] : response.headers) {
        if (name == std::string("X-Prometheus-Remote-Write-") + kind + "-Written") value = text;
      }
      told += " " + value;
    }
    return told;
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
  std::unique_ptr<RemoteWriteReceiver> receiver_;
};

TEST_F(RemoteWriteV2Test, HeadersAreThereAlwaysAndOnlyHere) {
  const std::string good = Builder().Add({{"__name__", "m"}}, kNow, 1).Body();
  EXPECT_EQ(Told(Send(good)), "204 1 0 0");
  EXPECT_EQ(Told(Send(good)), "204 1 0 0") << "the same again counts as written";
  EXPECT_EQ(Told(Send(Builder().Body())), "204 0 0 0");
  EXPECT_EQ(Told(Send("corrupt")), "400 0 0 0");
  EXPECT_EQ(Told(Send(SnappyCompress("garbage"))), "400 0 0 0");
  EXPECT_EQ(Told(Send(Body({{{{"__name__", "v1"}}, {{kNow, 1}}}}))), "400 0 0 0")
      << "a body of 1.0 is none of 2.0";
  EXPECT_EQ(Told(Send(Body({{{{"__name__", "v1"}}, {{kNow, 1}}}}), "application/x-protobuf")),
            "204 - - -");
}

TEST_F(RemoteWriteV2Test, OneBadSeriesNeverCostsTheOthers) {
  struct Case {
    const char* what;
    std::function<void(Builder*)> add;
    const char* text;
  };
  const Case cases[] = {
      {"no name", [](Builder* b) { b->Add({{"a", "b"}}, kNow, 1); }, "without a metric name"},
      {"empty name", [](Builder* b) { b->Add({{"__name__", ""}}, kNow, 1); }, "metric name"},
      {"twice", [](Builder* b) { b->Add({{"__name__", "m"}, {"a", "1"}, {"a", "2"}}, kNow, 1); },
       "given twice"},
      {"UTF-8", [](Builder* b) { b->Add({{"__name__", "m\xff"}}, kNow, 1); }, "not UTF-8"},
      {"odd", [](Builder* b) { b->Series({{"__name__", "m"}}).add_labels_refs(0); },
       "invalid symbol references"},
      {"beyond", [](Builder* b) { b->Series({}).mutable_labels_refs()->Resize(2, 99); },
       "invalid symbol references"},
      {"no data", [](Builder* b) { b->Series({{"__name__", "empty"}}); },
       "at least one sample or histogram"},
      {"too far ahead", [](Builder* b) { b->Add({{"__name__", "m"}}, kNow + kHour, 1); },
       "too far in the future"},
      {"histogram",
       [](Builder* b) {
         b->Series({{"__name__", "h"}, {"bad", "1"}}).add_histograms()->set_count_int(3);
       },
       "invalid histogram: 1, first: \"h\" bad=\"1\": 0 observations found in buckets"},
  };
  Timestamp time = kNow - kMinute;
  for (const Case& one : cases) {
    Builder builder;
    builder.Add({{"__name__", "good"}, {"i", "1"}}, ++time, 1);
    one.add(&builder);
    builder.Add({{"__name__", "good"}, {"i", "2"}}, time, 1);
    const HttpResponse response = Send(builder.Body());
    EXPECT_EQ(Told(response), "400 2 0 0") << one.what;
    EXPECT_THAT(response.body, HasSubstr(one.text)) << one.what;
  }
}

TEST_F(RemoteWriteV2Test, MeetsTheSeriesOfVersionOne) {
  const std::vector<LabelView> labels = {{"__name__", "m"}, {"a", "b"}};
  EXPECT_EQ(Told(Send(Body({{labels, {{kNow, 1}}}}), "application/x-protobuf")), "204 - - -");
  // Any order, labels without a value, a field that was taken back.
  Builder builder;
  wire::v2::TimeSeries& series = builder.Series({{"a", "b"}, {"gone", ""}, {"__name__", "m"}});
  wire::v2::Sample& sample = *series.add_samples();
  sample.set_timestamp(kNow + 1);
  sample.set_value(2);
  EXPECT_EQ(Told(Send(builder.Body())), "204 1 0 0");
  EXPECT_EQ(Told(Send(Body({{labels, {{kNow + 2, 3}}}}), "application/x-protobuf")), "204 - - -");
  EXPECT_THAT(Values(windows_, "m"), ElementsAre(1, 2, 3));
  EXPECT_EQ(windows_.Stats().series, 1U);
}

TEST_F(RemoteWriteV2Test, ExemplarsAndMetadata) {
  Builder builder;
  wire::v2::TimeSeries& series = builder.Series({{"__name__", "m_bucket"}, {"le", "1"}});
  wire::v2::Sample& sample = *series.add_samples();
  sample.set_timestamp(kNow);
  for (const Timestamp time : {kNow, kNow + 1, kNow - 5}) {
    wire::v2::Exemplar& exemplar = *series.add_exemplars();
    exemplar.add_labels_refs(builder.Symbol("trace_id"));
    exemplar.add_labels_refs(builder.Symbol("t"));
    exemplar.set_timestamp(time);
  }
  series.mutable_metadata()->set_type(
      static_cast<decltype(series.metadata().type())>(3));  // histogram
  series.mutable_metadata()->set_help_ref(builder.Symbol("What m is."));
  const HttpResponse response = Send(builder.Body());
  EXPECT_EQ(Told(response), "400 1 0 2") << "the last exemplar is older than the newest";
  EXPECT_THAT(response.body, HasSubstr("out of order exemplar"));
  EXPECT_EQ(exemplars_.Stats().exemplars, 2U);
  const auto known = metadata_.List("m", -1, -1);
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known[0].entries.at(0).help, "What m is.");
  EXPECT_EQ(known[0].entries.at(0).type, MetricType::kHistogram);
}

TEST_F(RemoteWriteV2Test, NativeHistograms) {
  Builder builder;
  wire::v2::TimeSeries& series = builder.Series({{"__name__", "h"}});
  for (int i = 0; i < 3; ++i) {
    wire::v2::Histogram& histogram = *series.add_histograms();
    histogram.set_timestamp(kNow + i);
    histogram.set_schema(i == 2 ? 20 : 3);  // the last one is finer than what is kept
    histogram.set_count_int(5);
    histogram.set_zero_count_int(5);
    histogram.set_start_timestamp(7);
  }
  EXPECT_EQ(Told(Send(builder.Body())), "204 0 3 0");
  const auto read = [](const Windows& windows) {
    SeriesSet set;
    set.want_histograms = set.want_starts = true;
    const Matcher matcher = Matcher::Equal("__name__", "h");
    EXPECT_TRUE(windows.Select({&matcher, 1}, 0, INT64_MAX, SIZE_MAX, &set).ok());
    return set;
  };
  const SeriesSet set = read(windows_);
  ASSERT_EQ(set.histograms.size(), 3U);
  EXPECT_EQ(set.histograms[2].histogram.schema, kMaxSchema);
  EXPECT_EQ(set.starts, (std::vector<StartRun>{{kNow, 7}}));

  Windows again({.seed = 77});
  ReplayStats stats;
  ReplayState state;
  LogReader reader(directory_);
  again.BeginReplay();
  ASSERT_TRUE(ReplayRest(&reader, {&again}, {}, &state, &stats).ok());
  again.EndReplay();
  EXPECT_EQ(stats.samples, 3U);
  EXPECT_EQ(read(again).histograms.size(), 3U);
  EXPECT_EQ(read(again).starts, set.starts);
}

TEST_F(RemoteWriteV2Test, ARestartBringsItBack) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(Told(Send(Builder()
                            .Add({{"__name__", "m"}}, kNow + i, i)
                            .Add({{"__name__", "n"}}, kNow + i, -i)
                            .Body())),
              "204 2 0 0");
  }
  Windows again({.seed = 77});
  ReplayStats stats;
  ReplayState state;
  LogReader reader(directory_);
  again.BeginReplay();
  ASSERT_TRUE(ReplayRest(&reader, {&again}, {}, &state, &stats).ok());
  again.EndReplay();
  EXPECT_EQ(stats.samples, 20U);
  EXPECT_EQ(stats.unreadable, 0U);
  EXPECT_EQ(Values(again, "m"), Values(windows_, "m"));
  EXPECT_EQ(Values(again, "n"), Values(windows_, "n"));
}

}  // namespace
}  // namespace outrider
