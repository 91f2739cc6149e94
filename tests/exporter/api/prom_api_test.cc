// SPDX-License-Identifier: Apache-2.0
// The Prometheus API: one row a request, the whole body expected. Sources: specs/prometheus.md §5.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "exporter/api/described.h"
#include "exporter/api/features.h"
#include "exporter/api/labels.h"
#include "exporter/api/lifecycle.h"
#include "exporter/api/prom_envelope.h"
#include "exporter/api/query.h"
#include "exporter/api/status.h"
#include "tests/exporter/api/fake_querier.h"
#include "tests/exporter/http/fake_request.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

struct Case {
  const char* method;
  const char* target;
  const char* body;  // of a form
  int status;
  const char* expected;
};

class PromApiTest : public ::testing::Test {
 protected:
  PromApiTest() : clock_(300'500 * kNanosPerMilli) {
    querier_.Add(Labels{{"__name__", "up"}, {"job", "a"}}, {{240'000, 1}, {300'000, 1}});
    querier_.Add(Labels{{"__name__", "up"}, {"job", "b"}}, {{240'000, 0}, {300'000, 0.25}});
    querier_.Add(Labels{{"__name__", "old"}, {"job", "a"}, {"dotted.name", "x\"y"}}, {{1000, 5}});
    StatusApiDeps status{.querier = querier_,
                         .clock = clock_,
                         .build = {},
                         .runtime = {},
                         .head = {},
                         .config_yaml = {},
                         .flags = {},
                         .alertmanager_urls = {},
                         .dropped_alertmanager_urls = {}};
    status.build.version = "0.1.0";
    status.runtime = [] {
      RuntimeInfo info;
      info.started_at = 100 * kNanosPerSecond;
      info.storage_retention = "24h";
      return info;
    };
    status.head = [this] { return head_; };
    status.config_yaml = [] { return std::string("global: {}\n"); };
    status.flags = {{"storage.path", "data"}};
    RegisterQueryApi(router_, {querier_, clock_, gate_, {}, {}});
    RegisterFeaturesApi(router_, {}, [] { return true; });
    RegisterLabelsApi(router_, querier_);
    RegisterDescribedApi(router_, metadata_, exemplars_);
    RegisterStatusApi(router_, status);
    RegisterLifecycle(router_,
                      {[this] { return ready_; }, [this](const HttpRequest&) { return reload_; }});
    router_.AddGuard(MakeReadyGuard([this] { return ready_; }));
  }

  HttpResponse Call(const char* method, const char* target, const char* body = nullptr) {
    FakeRequest request =
        body == nullptr ? FakeRequest(method, target) : FakeRequest::Form(target, body);
    return router_.Dispatch(request);
  }
  void Check(std::initializer_list<Case> cases) {
    for (const Case& c : cases) {
      const HttpResponse response = Call(c.method, c.target, c.body);
      EXPECT_EQ(response.status, c.status) << c.target;
      EXPECT_EQ(WholeBody(response), c.expected) << c.target;
    }
  }

  FakeClock clock_;
  FakeQuerier querier_;
  QueryGate gate_{20, clock_};
  MetadataStore metadata_;
  ExemplarStore exemplars_;
  Router router_;
  bool ready_ = true;
  HeadInfo head_{3, 4, 1000, 300'000, {{"team-a", 1}, {"team-b", 2}}};
  Status reload_;
};

TEST_F(PromApiTest, InstantQueries) {
  Check({
      {"GET", "/api/v1/query?query=1%2B1&time=100.5", nullptr, 200,
       R"({"status":"success","data":{"resultType":"scalar","result":[100.5,"2"]}})"},
      {"POST", "/api/v1/query", "query=1%2B1&time=100", 200,
       R"({"status":"success","data":{"resultType":"scalar","result":[100,"2"]}})"},
      {"GET", "/api/v1/query?query=%22a%5C%22b%22&time=1", nullptr, 200,
       R"({"status":"success","data":{"resultType":"string","result":[1,"a\"b"]}})"},
      {"GET", "/api/v1/query?query=up%7Bjob%3D%22b%22%7D", nullptr, 200,
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"b"},"value":[300.5,"0.25"]}]}})"},
      {"GET", "/api/v1/query?query=nothing", nullptr, 200,
       R"({"status":"success","data":{"resultType":"vector","result":[]}})"},
      {"GET", "/api/v1/query?query=up%7Bjob%3D%22a%22%7D%5B2m%5D&time=300", nullptr, 200,
       R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},"values":[[240,"1"],[300,"1"]]}]}})"},
      {"GET", "/api/v1/query?query=1e21&time=1970-01-01T00:01:40Z", nullptr, 200,
       R"({"status":"success","data":{"resultType":"scalar","result":[100,"1e+21"]}})"},
      {"GET", "/api/v1/query?query=-1%2F0&time=0", nullptr, 200,
       R"({"status":"success","data":{"resultType":"scalar","result":[0,"-Inf"]}})"},
      {"GET", "/api/v1/query?query=sort(up)&limit=1&time=300", nullptr, 200,
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"b"},"value":[300,"0.25"]}]},"warnings":["results truncated due to limit"]})"},
      {"GET", "/api/v1/query?query=up%7Bjob%3D%22a%22%7D&lookback_delta=100ms", nullptr, 200,
       R"({"status":"success","data":{"resultType":"vector","result":[]}})"},
  });
}

TEST_F(PromApiTest, NativeHistograms) {
  NativeHistogram histogram;
  histogram.zero_threshold = 0.5;
  histogram.zero_count = 1;
  histogram.count = 6;
  histogram.sum = 2.5;
  histogram.positive_spans = {{1, 2}};
  histogram.positive_buckets = {3, 0};
  histogram.negative_spans = {{1, 1}};
  histogram.negative_buckets = {2};
  querier_.Add(Labels{{"__name__", "h"}}, HistogramSample{300'000, histogram});
  NativeHistogram none;
  none.sum = 1;
  querier_.Add(Labels{{"__name__", "none"}}, HistogramSample{300'000, none});
  const std::string json =
      R"({"count":"6","sum":"2.5","buckets":[[1,"-2","-1","2"],[3,"-0.5","0.5","1"],[0,"1","2","3"]]})";
  const std::string instant =
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"h"},"histogram":[300,)" +
      json + "]}]}}";
  const std::string range =
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"h"},"histograms":[[300,)" +
      json + "]]}]}}";
  Check({
      {"GET", "/api/v1/query?query=h&time=300", nullptr, 200, instant.c_str()},
      {"GET", "/api/v1/query?query=h%5B1m%5D&time=300", nullptr, 200, range.c_str()},
      {"GET", "/api/v1/query_range?query=h&start=300&end=300&step=1", nullptr, 200, range.c_str()},
      {"GET", "/api/v1/query?query=none&time=300", nullptr, 200,
       R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"none"},"histogram":[300,{"count":"0","sum":"1"}]}]}})"},
  });
}

TEST_F(PromApiTest, QueryErrors) {
  Check({
      {"GET", "/api/v1/query?query=1&time=x", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": invalid time value for 'time': cannot parse \"x\" to a valid timestamp"})"},
      {"GET", "/api/v1/query?query=1&timeout=x", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"timeout\": cannot parse \"x\" to a valid duration"})"},
      {"GET", "/api/v1/query?query=1&limit=-1", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"limit\": limit must be non-negative"})"},
      {"GET", "/api/v1/query_range?query=1&start=10&end=5&step=1", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"end\": end timestamp must not be before start time"})"},
      {"GET", "/api/v1/query_range?query=1&start=0&end=5&step=0", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer"})"},
      {"GET", "/api/v1/query_range?query=1&start=0&end=11001&step=1", nullptr, 400,
       R"x({"status":"error","errorType":"bad_data","error":"exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"})x"},
      {"GET", "/api/v1/query_range?query=up%5B1m%5D&start=0&end=1&step=1", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"})"},
      {"GET", "/api/v1/query_range?query=1&end=1&step=1", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"start\": cannot parse \"\" to a valid timestamp"})"},
  });
  const HttpResponse parse = Call("GET", "/api/v1/query?query=up%7B");
  EXPECT_EQ(parse.status, 400);
  EXPECT_TRUE(parse.body.starts_with(
      R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:)"))
      << parse.body;
}

TEST_F(PromApiTest, RangeQueries) {
  Check({
      {"GET", "/api/v1/query_range?query=up%7Bjob%3D%22a%22%7D&start=240&end=300&step=30", nullptr,
       200,
       R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},"values":[[240,"1"],[270,"1"],[300,"1"]]}]}})"},
      {"POST", "/api/v1/query_range", "query=time()&start=0&end=1&step=500ms", 200,
       R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"0"],[0.5,"0.5"],[1,"1"]]}]}})"},
  });
  EXPECT_EQ(Call("GET", "/api/v1/query_range?query=1&start=0&end=11000&step=1").status, 200);
}

TEST_F(PromApiTest, AQueryBeforeWhatIsKeptWarns) {
  querier_.SetOldestKept(200'000);
  EXPECT_EQ(WholeBody(Call("GET", "/api/v1/query?query=up&time=600")).find("warnings"),
            std::string::npos);
  const std::string body = WholeBody(Call("GET", "/api/v1/query?query=up&time=100"));
  EXPECT_NE(body.find("storage.retention"), std::string::npos) << body;
}

TEST_F(PromApiTest, LargeResultsAreStreamed) {
  for (int i = 0; i < 5000; ++i) {
    querier_.Add(Labels{{"__name__", "many"}, {"i", std::to_string(i)}}, {{300'000, 1}});
  }
  const HttpResponse response = Call("GET", "/api/v1/query?query=many");
  EXPECT_TRUE(response.stream);
  const StatusOr<JsonValue> json = ParseJson(WholeBody(response));
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(json->Find("data")->Find("result")->items.size(), 5000U);
}

TEST_F(PromApiTest, SeriesAndLabels) {
  Check({
      {"GET", "/api/v1/series?match[]=up", nullptr, 200,
       R"({"status":"success","data":[{"__name__":"up","job":"a"},{"__name__":"up","job":"b"}]})"},
      {"POST", "/api/v1/series", "match[]=up%7Bjob%3D%22a%22%7D&match[]=up", 200,
       R"({"status":"success","data":[{"__name__":"up","job":"a"},{"__name__":"up","job":"b"}]})"},
      {"GET", "/api/v1/series?match[]=up&limit=1", nullptr, 200,
       R"({"status":"success","data":[{"__name__":"up","job":"a"}],"warnings":["results truncated due to limit"]})"},
      {"GET", "/api/v1/series?match[]=old&start=200", nullptr, 200,
       R"({"status":"success","data":[]})"},
      {"GET", "/api/v1/series", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"no match[] parameter provided"})"},
      {"GET", "/api/v1/series?match[]=%7Bjob%3D~%22.*%22%7D", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"match[]\": match[] must contain at least one non-empty matcher"})"},
      {"GET", "/api/v1/labels", nullptr, 200,
       R"({"status":"success","data":["__name__","dotted.name","job"]})"},
      {"POST", "/api/v1/labels", "match[]=up", 200,
       R"({"status":"success","data":["__name__","job"]})"},
      {"GET", "/api/v1/label/job/values", nullptr, 200, R"({"status":"success","data":["a","b"]})"},
      {"GET", "/api/v1/label/job/values?match[]=old", nullptr, 200,
       R"({"status":"success","data":["a"]})"},
      {"GET", "/api/v1/label/job/values?start=200&match[]=old", nullptr, 200,
       R"({"status":"success","data":[]})"},
      {"GET", "/api/v1/label/U__dotted_2e_name/values", nullptr, 200,
       R"({"status":"success","data":["x\"y"]})"},
      {"GET", "/api/v1/label/nope/values", nullptr, 200, R"({"status":"success","data":[]})"},
      {"GET", "/api/v1/labels?end=1&start=2", nullptr, 200, R"({"status":"success","data":[]})"},
      {"GET", "/api/v1/labels?match[]=", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"unknown position: parse error: unexpected end of input"})"},
      {"GET", "/api/v1/labels?limit=1.5", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"invalid parameter \"limit\": strconv.Atoi: parsing \"1.5\": invalid syntax"})"},
  });
  EXPECT_EQ(Call("GET", "/api/v1/series?match[]=up%7B").status, 400);
}

TEST(UnescapeLabelName, Table) {
  const std::pair<const char*, const char*> cases[] = {
      {"plain", "plain"},       {"U__a_2e_b", "a.b"},
      {"U__a__b", "a_b"},       {"U___1F600_", "\xF0\x9F\x98\x80"},
      {"U__a_zz_", "U__a_zz_"}, {"U__a_2e", "U__a_2e"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(UnescapeLabelName(text), expected) << text;
}

TEST_F(PromApiTest, WhatSendersSayBesideSamples) {
  metadata_.Learn("a_total", {.type = MetricType::kCounter, .help = "A \"b\".", .unit = ""});
  metadata_.Learn("a_total", {.type = MetricType::kCounter, .help = "Other.", .unit = "x"});
  metadata_.Learn("g", {.type = MetricType::kGauge, .help = "", .unit = "bytes"});
  const Labels series{{"__name__", "a_total"}, {"job", "x"}};
  for (const Timestamp time : {1000, 2500}) {
    exemplars_.Add(series, {.labels = Labels{{"trace_id", "t"}}, .value = 0.5, .time = time});
  }
  exemplars_.Add(Labels{{"__name__", "other"}}, {.labels = {}, .value = 1, .time = 1000});
  Check({
      {"GET", "/api/v1/metadata?metric=g", nullptr, 200,
       R"({"status":"success","data":{"g":[{"type":"gauge","help":"","unit":"bytes"}]}})"},
      {"GET", "/api/v1/metadata?limit=1&limit_per_metric=1", nullptr, 200,
       R"({"status":"success","data":{"a_total":[{"type":"counter","help":"Other.","unit":"x"}]}})"},
      {"GET", "/api/v1/query_exemplars?query=rate(a_total[5m])&start=0&end=2", nullptr, 200,
       R"({"status":"success","data":[{"seriesLabels":{"__name__":"a_total","job":"x"},)"
       R"("exemplars":[{"labels":{"trace_id":"t"},"value":"0.5","timestamp":1}]}]})"},
      {"GET", "/api/v1/query_exemplars?query=nothing", nullptr, 200,
       R"({"status":"success","data":[]})"},
  });
  EXPECT_EQ(Call("GET", "/api/v1/query_exemplars?query=up&start=2&end=1").status, 400);
  EXPECT_EQ(Call("GET", "/api/v1/query_exemplars?query=sum(").status, 400);
}

TEST_F(PromApiTest, StatusAndEmptyAnswers) {
  Check({
      {"GET", "/api/v1/status/buildinfo", nullptr, 200,
       R"({"status":"success","data":{"version":"3.14.0+outrider.0.1.0","revision":"","branch":"","buildUser":"","buildDate":"","goVersion":""}})"},
      {"GET", "/api/v1/status/config", nullptr, 200,
       R"({"status":"success","data":{"yaml":"global: {}\n"}})"},
      {"GET", "/api/v1/status/flags", nullptr, 200,
       R"({"status":"success","data":{"storage.path":"data"}})"},
      {"GET", "/api/v1/metadata?metric=up", nullptr, 200, R"({"status":"success","data":{}})"},
      {"GET", "/api/v1/query_exemplars?query=up&start=0&end=1", nullptr, 200,
       R"({"status":"success","data":[]})"},
      {"GET", "/api/v1/targets", nullptr, 200,
       R"({"status":"success","data":{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}}})"},
      {"GET", "/api/v1/alertmanagers", nullptr, 200,
       R"({"status":"success","data":{"activeAlertmanagers":[],"droppedAlertmanagers":[]}})"},
      {"GET", "/api/v1/status/tsdb?limit=1", nullptr, 200,
       R"({"status":"success","data":{"headStats":{"numSeries":3,"numLabelPairs":5,"chunkCount":4,"minTime":1000,"maxTime":300000},)"
       R"("seriesCountByMetricName":[{"name":"up","value":2}],"labelValueCountByLabelName":[{"name":"__name__","value":2}],)"
       R"("memoryInBytesByLabelName":[{"name":"__name__","value":5}],"seriesCountByLabelValuePair":[{"name":"__name__=up","value":2}],)"
       R"("seriesCountBySender":[{"name":"team-b","value":2}]}})"},
      {"GET", "/api/v1/status/tsdb?limit=-1", nullptr, 400,
       R"({"status":"error","errorType":"bad_data","error":"limit must be a positive number"})"},
      {"GET", "/api/v1/targets?state=active", nullptr, 200,
       R"({"status":"success","data":{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":null}})"},
      {"POST", "/api/v1/admin/tsdb/snapshot", "", 500,
       R"({"status":"error","errorType":"unavailable","error":"admin APIs disabled"})"},
  });
  EXPECT_NE(Call("GET", "/api/v1/status/runtimeinfo").body.find("\"storageRetention\":\"24h\""),
            std::string::npos);
  head_ = {0, 0, INT64_MIN, 0, {}};
  EXPECT_NE(Call("GET", "/api/v1/status/tsdb").body.find("\"minTime\":0,\"maxTime\":0"),
            std::string::npos);
}

TEST_F(PromApiTest, CardinalityOfOddLabels) {
  querier_.Add(Labels{{"__name__", "odd"}, {"a=b", "c"}, {"x", "12345"}}, {{1000, 1}});
  querier_.Add(Labels{{"__name__", "odd"}, {"a", "b=c"}, {"x", "123"}}, {{1000, 1}});
  querier_.Add(Labels{{"__name__", "odd"}, {"a", "b=c"}, {"x", "12345"}}, {{1000, 1}});
  const std::string body = Call("GET", "/api/v1/status/tsdb?limit=20").body;
  EXPECT_NE(
      body.find(
          R"("seriesCountByMetricName":[{"name":"odd","value":3},{"name":"up","value":2},{"name":"old","value":1}])"),
      std::string::npos)
      << body;
  EXPECT_NE(
      body.find(
          R"("labelValueCountByLabelName":[{"name":"__name__","value":3},{"name":"job","value":2},)"
          R"({"name":"x","value":2},{"name":"a","value":1},{"name":"a=b","value":1})"),
      std::string::npos)
      << body;
  EXPECT_NE(body.find(R"({"name":"x","value":8},{"name":"a","value":3})"), std::string::npos)
      << body;
  EXPECT_NE(body.find(R"({"name":"a=b=c","value":2})"), std::string::npos) << body;
  EXPECT_NE(body.find(R"({"name":"a=b=c","value":1})"), std::string::npos) << body;
}

TEST_F(PromApiTest, FormatQuery) {
  const HttpResponse response = Call("GET", "/api/v1/format_query?query=sum(up)by(job)");
  EXPECT_EQ(response.body, R"x({"status":"success","data":"sum by (job) (up)"})x");
}

TEST_F(PromApiTest, ParseQuery) {
  Check(
      {{"GET", "/api/v1/parse_query?query=sum(foo)+by+(a)", nullptr, 200,
        R"({"status":"success","data":{"type":"aggregation","op":"sum","expr":{"type":"vectorSelector",)"
        R"("name":"foo","matchers":[{"name":"__name__","type":"=","value":"foo"}],"offset":0,)"
        R"("offsetExpr":null,"startOrEnd":null,"timestamp":null,"anchored":false,"smoothed":false},)"
        R"("param":null,"grouping":["a"],"without":false}})"}});
}

TEST_F(PromApiTest, StatsOfQueries) {
  const std::string all =
      WholeBody(Call("GET", "/api/v1/query?query=rate(up[2m])&time=300&stats=all"));
  EXPECT_NE(
      all.find(R"("samples":{"totalQueryableSamplesPerStep":[[300,4]],"totalQueryableSamples":4,)"
               R"("samplesReadPerStep":[[300,4]],"samplesRead":4,"peakSamples":)"),
      std::string::npos)
      << all;
  const std::string some = WholeBody(Call("GET", "/api/v1/query?query=up&time=300&stats=x"));
  EXPECT_NE(some.find(R"("samples":{"totalQueryableSamples":2,"samplesRead":2,"peakSamples":)"),
            std::string::npos)
      << some;
  EXPECT_NE(some.find(R"("warnings":["value \"x\" for parameter \"stats\" is deprecated)"),
            std::string::npos)
      << some;
}

TEST_F(PromApiTest, AtMostTenWarningsAndInfos) {
  const std::vector<std::string> texts(13, "x");
  const std::string body = PromSuccess("1", texts, texts).body;
  EXPECT_NE(body.find(R"("x","3 more warning annotations omitted"],"infos":["x",)"),
            std::string::npos)
      << body;
  EXPECT_NE(body.find(R"("x","3 more info annotations omitted"]})"), std::string::npos) << body;
}

TEST_F(PromApiTest, FeaturesAreTrueWhereWeHaveThem) {
  const StatusOr<JsonValue> json = ParseJson(Call("GET", "/api/v1/features").body);
  ASSERT_TRUE(json.ok());
  const JsonValue* data = json->Find("data");
  EXPECT_TRUE(data->Find("api")->GetBool("query_stats"));
  EXPECT_FALSE(data->Find("api")->GetBool("admin", true));
  EXPECT_TRUE(data->Find("promql_functions")->GetBool("rate"));
  EXPECT_FALSE(data->Find("promql_functions")->GetBool("mad_over_time", true));
  EXPECT_FALSE(data->Find("promql_operators")->GetBool("limitk", true));
  EXPECT_TRUE(data->Find("prometheus")->GetBool("auto_reload_config"));
}

TEST_F(PromApiTest, Lifecycle) {
  EXPECT_EQ(Call("GET", "/-/healthy").status, 200);
  EXPECT_EQ(Call("GET", "/-/ready").status, 200);
  EXPECT_EQ(Call("GET", "/-/reload").status, 405);
  EXPECT_EQ(Call("POST", "/-/reload").status, 200);
  reload_ = InvalidArgument("outrider.yml:3:1: unknown key");
  const HttpResponse failed = Call("POST", "/-/reload");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(failed.body, "failed to reload config: outrider.yml:3:1: unknown key\n");
}

TEST_F(PromApiTest, NothingIsAnsweredBeforeTheLogIsReplayed) {
  ready_ = false;
  EXPECT_EQ(Call("GET", "/-/healthy").status, 200);
  EXPECT_EQ(Call("GET", "/-/ready").status, 503);
  EXPECT_EQ(Call("GET", "/api/v1/query?query=1").status, 503);
  EXPECT_EQ(Call("GET", "/api/v1/status/walreplay").status, 200);
}

TEST(PromError, TypesAndCodes) {
  struct Row {
    Status status;
    int code;
    const char* type;
  };
  for (const Row& row : {Row{absl::InvalidArgumentError("x"), 400, "bad_data"},
                         Row{absl::FailedPreconditionError("x"), 422, "execution"},
                         Row{absl::ResourceExhaustedError("x"), 422, "execution"},
                         Row{absl::CancelledError("x"), 499, "canceled"},
                         Row{absl::DeadlineExceededError("x"), 503, "timeout"},
                         Row{absl::NotFoundError("x"), 404, "not_found"},
                         Row{absl::UnavailableError("x"), 500, "unavailable"},
                         Row{absl::InternalError("x"), 500, "internal"}}) {
    const HttpResponse response = PromError(row.status);
    EXPECT_EQ(response.status, row.code);
    EXPECT_EQ(response.body,
              fmt::format(R"({{"status":"error","errorType":"{}","error":"x"}})", row.type));
  }
}

}  // namespace
}  // namespace outrider
