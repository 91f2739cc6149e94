// SPDX-License-Identifier: Apache-2.0
// Requests are built with the generated classes; results are compared as text, one line a series:
// `labels [type] start>time value, …`.
#include "exporter/ingest/otlp_translate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "exporter/ingest/otlp_response.h"
#include "exporter/ingest/proto/otlp_metrics.pb.h"
#include "fmt/format.h"
#include "storage/base/random.h"
#include "storage/base/text.h"
#include "tests/exporter/ingest/otlp_request.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using wire::otlp::TEMPORALITY_CUMULATIVE;
using wire::otlp::TEMPORALITY_DELTA;

std::string Number(double value) { return IsStale(value) ? "stale" : FormatFloatF(value); }

std::string Line(const OtlpSeries& series) {
  std::string line = series.labels.ToString();
  for (size_t i = 0; i < series.samples.size(); ++i) {
    const Timestamp start = series.start_times.at(i);
    line += fmt::format(" {}{}={}", start == 0 ? "" : fmt::format("{}>", start),
                        series.samples[i].time, Number(series.samples[i].value));
  }
  for (const HistogramSample& sample : series.histograms) line += " " + HistogramText(sample);
  for (const OtlpExemplar& exemplar : series.exemplars) {
    line += fmt::format(" #{} {} {}", exemplar.labels.ToString(), exemplar.time, exemplar.value);
  }
  return line;
}

std::vector<std::string> Lines(const OtlpBatch& batch) {
  std::vector<std::string> lines;
  for (const OtlpSeries& series : batch.series) lines.push_back(Line(series));
  return lines;
}

OtlpBatch Translate(const OtlpRequest& request, const OtlpOptions& options = {}) {
  auto batch = TranslateOtlp(request.Body(), options);
  EXPECT_TRUE(batch.ok()) << Message(batch.status());
  return batch.ok() ? *std::move(batch) : OtlpBatch();
}

TEST(OtlpTranslate, GaugesAndSums) {
  OtlpRequest request;
  auto* gauge = request.Metric("room.temperature", "Cel")->mutable_gauge();
  Point(gauge, 5000, {{"room.name", "a"}})->set_as_double(21.5);
  Point(gauge, 5000, {{"room.name", "b"}})->set_as_int(-3);
  auto* counter = request.Sum("calls", "{call}", TEMPORALITY_CUMULATIVE, /*monotonic=*/true);
  Point(counter, 5000, {})->set_as_int(7);
  Point(counter, 6000, {})->set_as_int(8);
  counter->mutable_data_points(1)->set_start_time_unix_nano(1'999'999);
  auto* sum = request.Sum("queue", "", TEMPORALITY_CUMULATIVE, /*monotonic=*/false);
  Point(sum, 5000, {})->set_flags(1);
  const OtlpBatch batch = Translate(request);
  EXPECT_THAT(Lines(batch), ElementsAre("room_temperature_celsius{room_name=\"a\"} 5000=21.5",
                                        "room_temperature_celsius{room_name=\"b\"} 5000=-3",
                                        "calls_total 5000=7 1>6000=8", "queue 5000=stale"));
  ASSERT_EQ(batch.families.size(), 3U);
  EXPECT_EQ(batch.families[0].type, MetricType::kGauge);
  EXPECT_EQ(batch.families[0].unit, "celsius");
  EXPECT_EQ(batch.families[0].help, "about room.temperature");
  EXPECT_EQ(batch.families[1].name, "calls_total");
  EXPECT_EQ(batch.families[1].type, MetricType::kCounter);
  EXPECT_EQ(batch.families[2].type, MetricType::kGauge);
  EXPECT_EQ(batch.series[2].family, 1U);
  EXPECT_EQ(batch.points, 5U);
  EXPECT_EQ(batch.RefusedPoints(), 0U);
  EXPECT_EQ(batch.first_refusal, "");
}

TEST(OtlpTranslate, WhatIsRefusedCostsNothingElse) {
  OtlpRequest request;
  Point(request.Sum("d", "", TEMPORALITY_DELTA, true), 1000, {})->set_as_int(1);
  Point(request.Sum("u", "", wire::otlp::TEMPORALITY_UNSPECIFIED, true), 1000, {})->set_as_int(1);
  auto* gauge = request.Metric("g", "")->mutable_gauge();
  Point(gauge, 1000, {});  // no value
  Point(gauge, 0, {})->set_as_int(1);
  Point(gauge, 1000, {{"字", "x"}})->set_as_int(1);
  Point(gauge, 1000, {{"ok", "x"}})->set_as_int(1);
  Point(request.Metric("@@", "")->mutable_gauge(), 1000, {})->set_as_int(1);
  request.Metric("nothing", "");
  request.Metric("empty", "")->mutable_gauge();
  auto* exponential = request.Exponential("e", TEMPORALITY_CUMULATIVE);
  Point(exponential, 1000, {})->set_scale(-5);
  auto* far = Point(exponential, 1000, {});
  far->mutable_positive()->set_offset(INT32_MAX);
  far->mutable_positive()->add_bucket_counts(1);
  auto* wide = Point(gauge, 1000, {});
  wide->set_as_int(1);
  for (size_t i = 0; i <= kMaxLabels; ++i) {
    wide->add_attributes()->set_key(fmt::format("a{}", i));
  }
  const OtlpBatch batch = Translate(request);
  EXPECT_THAT(Lines(batch), ElementsAre("g{ok=\"x\"} 1000=1"));
  EXPECT_THAT(batch.refused,
              ElementsAre(Pair("bad_buckets", 1), Pair("bad_label_name", 1),
                          Pair("bad_metric_name", 1), Pair("bad_scale", 1), Pair("delta", 1),
                          Pair("no_data", 1), Pair("no_temporality", 1), Pair("no_time", 1),
                          Pair("no_value", 1), Pair("too_many_labels", 1)));
  EXPECT_THAT(batch.left_out, ElementsAre(Pair("empty_metric", 1)));
  EXPECT_EQ(batch.RefusedPoints(), 10U);
  EXPECT_EQ(batch.points, 1U);
  EXPECT_EQ(batch.first_refusal,
            "metric \"d\": delta temporality is not accepted, send cumulative");
}

TEST(OtlpTranslate, DeltasWhenAllowed) {
  OtlpRequest request;
  Point(request.Sum("d", "", TEMPORALITY_DELTA, true), 1000, {})->set_as_int(1);
  auto* point = Point(request.Exponential("e", TEMPORALITY_DELTA), 1000, {});
  point->set_count(1);
  point->set_zero_count(1);
  OtlpOptions options;
  options.allow_delta = true;
  const OtlpBatch batch = Translate(request, options);
  EXPECT_THAT(Lines(batch),
              ElementsAre("d_total 1000=1",
                          "e 1000={schema:0 gauge zero:1@1e-128 count:1 sum:0 +[]: -[]:}"));
  EXPECT_EQ(batch.families.at(0).type, MetricType::kUnknown);
  EXPECT_EQ(batch.families.at(1).type, MetricType::kUnknown);
}

TEST(OtlpTranslate, ResourceBecomesJobInstanceAndTargetInfo) {
  struct Case {
    std::vector<std::pair<std::string, std::string>> resource;
    const char* labels;       // of the point
    const char* target_info;  // "": none
  };
  const Case cases[] = {
      {{}, "g", ""},
      {{{"host.name", "h"}}, "g", ""},
      {{{"service.name", "s"}}, "g{job=\"s\"}", ""},
      {{{"service.name", "s"}, {"service.namespace", "n"}, {"service.instance.id", "i"}},
       "g{instance=\"i\", job=\"n/s\"}",
       ""},
      {{{"service.namespace", "n"}, {"host.name", "h"}}, "g", ""},
      {{{"service.instance.id", "i"}, {"host.name", "h"}},
       "g{instance=\"i\"}",
       "target_info{host_name=\"h\", instance=\"i\"}"},
      {{{"service.name", "s"}, {"host.name", "h"}, {"host_name", "k"}, {"字", "x"}},
       "g{job=\"s\"}",
       "target_info{host_name=\"h;k\", job=\"s\"}"},
      {{{"service.name", ""}, {"host.name", "h"}}, "g", ""},
  };
  for (const Case& one : cases) {
    OtlpRequest request;
    request.Resource(one.resource);
    Point(request.Metric("g", "")->mutable_gauge(), 1000, {})->set_as_int(1);
    std::vector<std::string> want = {std::string(one.labels) + " 1000=1"};
    if (*one.target_info != '\0') want.push_back(std::string(one.target_info) + " 1000=1");
    EXPECT_EQ(Lines(Translate(request)), want);
  }
}

TEST(OtlpTranslate, TargetInfoCoversThePointsOfItsResources) {
  OtlpRequest request;
  for (const int64_t shift : {400'000, 0}) {  // two of one resource, the later first
    request.Resource({{"service.name", "s"}, {"v", "1"}});
    auto* gauge = request.Metric("g", "")->mutable_gauge();
    Point(gauge, 1000 + shift, {})->set_as_int(1);
    Point(gauge, 401'000 + shift, {})->set_as_int(2);
  }
  const OtlpBatch batch = Translate(request);
  ASSERT_EQ(batch.series.size(), 2U);
  EXPECT_EQ(Line(batch.series[1]),
            "target_info{job=\"s\", v=\"1\"} 1000=1 151000=1 301000=1 401000=1 551000=1 701000=1 "
            "801000=1");
  EXPECT_EQ(batch.families.at(1).type, MetricType::kGauge);

  OtlpRequest wide;
  wide.Resource({{"service.name", "s"}, {"v", "1"}});
  auto* gauge = wide.Metric("g", "")->mutable_gauge();
  Point(gauge, 1, {})->set_as_int(1);
  Point(gauge, 1'800'000'000'000, {})->set_as_int(2);
  const OtlpBatch capped = Translate(wide);
  ASSERT_EQ(capped.series.size(), 2U);
  EXPECT_EQ(capped.series[1].samples.size(), 1002U);
  EXPECT_EQ(capped.series[1].samples.back().time, 1'800'000'000'000);
  EXPECT_THAT(capped.left_out, ElementsAre(Pair("target_info", 1)));
}

TEST(OtlpTranslate, LabelOptions) {
  OtlpRequest request;
  request.Resource({{"service.name", "s"}, {"k8s.pod", "p"}, {"a", "resource"}});
  request.Scope("lib", "1.2", {{"x.y", "z"}});
  Point(request.Metric("g.h", "s")->mutable_gauge(), 1000,
        {{"a", "point"}, {"job", "mine"}, {"__name__", "n"}, {"_u", "1"}, {"empty", ""}})
      ->set_as_int(1);
  struct Case {
    const char* what;
    OtlpOptions options;
    const char* labels;
  };
  std::vector<Case> cases(6);
  cases[0] = {"default", {}, "g_h_seconds{a=\"point\", job=\"s\", key_u=\"1\"}"};
  cases[1] = {"promoted", {}, "g_h_seconds{a=\"point\", job=\"s\", k8s_pod=\"p\", key_u=\"1\"}"};
  cases[1].options.promote_resource_attributes = {"k8s.pod", "a"};
  cases[2] = {"all but", {}, "g_h_seconds{a=\"point\", job=\"s\", k8s_pod=\"p\", key_u=\"1\"}"};
  cases[2].options.promote_all_resource_attributes = true;
  cases[2].options.ignore_resource_attributes = {"service.name"};
  cases[3] = {"scope",
              {},
              "g_h_seconds{a=\"point\", job=\"s\", key_u=\"1\", otel_scope_name=\"lib\", "
              "otel_scope_schema_url=\"url\", otel_scope_version=\"1.2\", otel_scope_x_y=\"z\"}"};
  cases[3].options.promote_scope_metadata = true;
  cases[4] = {
      "as sent", {}, "{__name__=\"g.h\", _u=\"1\", a=\"point\", job=\"s\", \"k8s.pod\"=\"p\"}"};
  cases[4].options.translation_strategy = OtlpStrategy::kNoTranslation;
  cases[4].options.promote_resource_attributes = {"k8s.pod"};
  cases[5] = {"underscore", {}, "g_h_seconds{_u=\"1\", a=\"point\", job=\"s\"}"};
  cases[5].options.label_name_underscore_sanitization = false;
  for (const Case& one : cases) {
    const OtlpBatch batch = Translate(request, one.options);
    ASSERT_EQ(batch.series.size(), 2U) << one.what;
    EXPECT_EQ(Line(batch.series[0]), std::string(one.labels) + " 1000=1") << one.what;
  }
  OtlpOptions keep;
  keep.keep_identifying_resource_attributes = true;
  EXPECT_EQ(Line(Translate(request, keep).series.at(1)),
            "target_info{a=\"resource\", job=\"s\", k8s_pod=\"p\", service_name=\"s\"} 1000=1");
}

TEST(OtlpTranslate, CollidingAttributesAreJoinedInTheOrderOfTheirNames) {
  OtlpRequest request;
  auto* gauge = request.Metric("g", "")->mutable_gauge();
  Point(gauge, 1000, {{"a_b", "3"}, {"a.b", "2"}, {"a-b", "1"}, {"a", "x"}})->set_as_int(1);
  Point(gauge, 1000, {{"a.b", ""}, {"a_b", "only"}})->set_as_int(1);
  EXPECT_THAT(Lines(Translate(request)),
              ElementsAre("g{a=\"x\", a_b=\"1;2;3\"} 1000=1", "g{a_b=\"only\"} 1000=1"));
}

TEST(OtlpTranslate, AttributeValues) {
  OtlpRequest request;
  auto* point = Point(request.Metric("g", "")->mutable_gauge(), 1000, {});
  point->set_as_int(1);
  const auto value = [&](const char* key) {
    auto* attribute = point->add_attributes();
    attribute->set_key(key);
    return attribute->mutable_value();
  };
  value("bool")->set_bool_value(true);
  value("int")->set_int_value(-5);
  value("double")->set_double_value(0.25);
  value("tiny")->set_double_value(1e-9);
  value("huge")->set_double_value(1e21);
  value("nan")->set_double_value(NAN);
  value("bytes")->set_bytes_value("\x01\x02");
  value("unset");
  auto* list = value("list")->mutable_array_value();
  list->add_values()->set_string_value("a<b");
  list->add_values()->set_int_value(1);
  list->add_values();
  auto* map = value("map")->mutable_kvlist_value();
  auto* z = map->add_values();
  z->set_key("z");
  z->mutable_value()->set_double_value(1e-9);
  auto* b = map->add_values();
  b->set_key("b");
  b->mutable_value()->mutable_array_value();
  value("bad")->mutable_array_value()->add_values()->set_double_value(INFINITY);
  const OtlpBatch batch = Translate(request);
  ASSERT_EQ(batch.series.size(), 1U);
  auto labels = batch.series[0].labels.ToMap();
  labels.erase("__name__");
  const std::map<std::string, std::string> want = {{"bool", "true"},
                                                   {"int", "-5"},
                                                   {"double", "0.25"},
                                                   {"tiny", "1e-9"},
                                                   {"huge", "1e+21"},
                                                   {"nan", "json: unsupported value: NaN"},
                                                   {"bytes", "AQI="},
                                                   {"list", "[\"a<b\",1,null]"},
                                                   {"map", "{\"b\":[],\"z\":1e-9}"}};
  EXPECT_EQ(labels, want);
}

TEST(OtlpTranslate, ClassicHistogram) {
  OtlpRequest request;
  auto* histogram = request.Histogram("h", "s", TEMPORALITY_CUMULATIVE);
  auto* point = Point(histogram, 1000, {{"a", "b"}});
  Fill(point, {0.5, 1}, {1, 2, 3}, 6, 4.5);
  AddExemplar(point, 0.7);
  AddExemplar(point, 0.5);
  AddExemplar(point, 99);
  AddExemplar(point, NAN);
  auto* stale = Point(histogram, 2000, {});
  Fill(stale, {1}, {1, 2}, 3, 1);
  stale->set_flags(1);
  auto* bare = Point(histogram, 3000, {{"bare", "1"}});
  bare->set_count(9);
  auto* infinite = Point(histogram, 3000, {{"inf", "1"}});
  Fill(infinite, {1, INFINITY}, {1, 2, 0}, 3, 1);
  EXPECT_THAT(
      Lines(Translate(request)),
      ElementsAre("h_seconds_sum{a=\"b\"} 1000=4.5", "h_seconds_count{a=\"b\"} 1000=6",
                  "h_seconds_bucket{a=\"b\", le=\"0.5\"} 1000=1 #{} 7 0.5",
                  "h_seconds_bucket{a=\"b\", le=\"1\"} 1000=3 #{} 7 0.7",
                  "h_seconds_bucket{a=\"b\", le=\"+Inf\"} 1000=6 #{} 7 99 #{} 7 nan",
                  "h_seconds_sum 2000=stale", "h_seconds_count 2000=stale",
                  "h_seconds_bucket{le=\"1\"} 2000=stale",
                  "h_seconds_bucket{le=\"+Inf\"} 2000=stale", "h_seconds_count{bare=\"1\"} 3000=9",
                  "h_seconds_bucket{bare=\"1\", le=\"+Inf\"} 3000=9",
                  "h_seconds_sum{inf=\"1\"} 3000=1", "h_seconds_count{inf=\"1\"} 3000=3",
                  "h_seconds_bucket{inf=\"1\", le=\"1\"} 3000=1",
                  "h_seconds_bucket{inf=\"1\", le=\"+Inf\"} 3000=3"));
}

TEST(OtlpTranslate, CustomBucketsHistogram) {
  OtlpRequest request;
  auto* histogram = request.Histogram("h", "", TEMPORALITY_CUMULATIVE);
  Fill(Point(histogram, 1000, {}), {1, 2, 3, 4, 5}, {0, 2, 0, 0, 0, 7}, 9, 40);
  auto* stale = Point(histogram, 2000, {});
  Fill(stale, {1}, {1, 0}, 1, 1);
  stale->set_flags(1);
  Fill(Point(histogram, 3000, {}), {}, {}, 4, 2);
  OtlpOptions options;
  options.convert_histograms_to_nhcb = true;
  EXPECT_THAT(
      Lines(Translate(request, options)),
      ElementsAre("h 1000={schema:-53 zero:0@0 count:9 sum:40 +[1:1 3:1]: 2 7 -[]: le:1 2 3 4 5}"
                  " 2000=stale 3000={schema:-53 zero:0@0 count:4 sum:2 +[0:1]: 4 -[]:}"));
}

TEST(OtlpTranslate, ExponentialHistogram) {
  struct Case {
    const char* what;
    int32_t scale;
    int32_t offset;
    std::vector<uint64_t> counts;
    const char* schema_and_buckets;
  };
  const Case cases[] = {
      {"bucket 0 is bucket 1", 0, 0, {4}, "0 +[1:1]: 4"},
      {"empty ends are left out", 3, -4, {0, 1, 2, 0, 0}, "3 +[-2:2]: 1 2"},
      {"small gaps are filled", 0, 0, {1, 0, 0, 2}, "0 +[1:4]: 1 0 0 2"},
      {"large gaps are spans", 0, 0, {1, 0, 0, 0, 2}, "0 +[1:1 3:1]: 1 2"},
      {"nothing", 0, 9, {0, 0}, "0 +[]:"},
      {"reduced by one", 9, 0, {1, 2, 3, 4, 5}, "8 +[1:3]: 3 7 5"},
      {"reduced from an odd offset", 9, -3, {1, 2, 3, 4, 5}, "8 +[-1:3]: 1 5 9"},
      {"reduced by two", 10, 0, {1, 1, 1, 1, 1}, "8 +[1:2]: 4 1"},
      {"reduced over gaps", 9, 0, {1, 0, 0, 0, 0, 0, 0, 0, 0, 6}, "8 +[1:1 3:1]: 1 6"},
      {"reduced to nothing", INT32_MAX, -2, {1, 2, 3, 4}, "8 +[0:2]: 3 7"},
      {"lowest", -4, 0, {1}, "-4 +[1:1]: 1"},
  };
  for (const Case& one : cases) {
    for (const bool negative : {false, true}) {
      OtlpRequest request;
      auto* point = Point(request.Exponential("e", TEMPORALITY_CUMULATIVE), 1000, {});
      auto* buckets = negative ? point->mutable_negative() : point->mutable_positive();
      point->set_scale(one.scale);
      point->set_sum(2.5);
      buckets->set_offset(one.offset);
      uint64_t count = 0;
      for (const uint64_t in_bucket : one.counts) {
        buckets->add_bucket_counts(in_bucket);
        count += in_bucket;
      }
      point->set_count(count);
      const OtlpBatch batch = Translate(request);
      ASSERT_EQ(batch.series.size(), 1U) << one.what;
      NativeHistogram got = batch.series[0].histograms.at(0).histogram;
      EXPECT_EQ(got.count, static_cast<double>(count));
      EXPECT_EQ(got.sum, 2.5);
      EXPECT_EQ(got.zero_threshold, 1e-128);
      EXPECT_EQ(got.reset_hint, ResetHint::kUnknown);
      EXPECT_FALSE(got.is_float);
      EXPECT_TRUE((negative ? got.positive_buckets : got.negative_buckets).empty());
      EXPECT_EQ(fmt::format("{} +{}", got.schema,
                            negative ? BucketsText(got.negative_spans, got.negative_buckets)
                                     : BucketsText(got.positive_spans, got.positive_buckets)),
                one.schema_and_buckets)
          << one.what;
    }
  }
}

TEST(OtlpTranslate, ExponentialZeroBucketStalenessAndExemplars) {
  OtlpRequest request;
  auto* exponential = request.Exponential("e", TEMPORALITY_CUMULATIVE);
  auto* point = Point(exponential, 1000, {});
  point->set_zero_threshold(0.25);
  point->set_zero_count(3);
  point->set_count(3);
  AddExemplar(point, 0.1);
  auto* stale = Point(exponential, 2000, {});
  stale->set_flags(1);
  stale->set_start_time_unix_nano(1'000'000);
  stale->mutable_positive()->add_bucket_counts(1);
  const OtlpBatch batch = Translate(request);
  EXPECT_THAT(Lines(batch), ElementsAre("e 1000={schema:0 zero:3@0.25 count:3 sum:0 +[]: -[]:} "
                                        "2000=stale #{} 7 0.1"));
  EXPECT_THAT(batch.series[0].histogram_start_times, ElementsAre(0, 1));
}

TEST(OtlpTranslate, Summary) {
  OtlpRequest request;
  auto* summary = request.Metric("s", "s")->mutable_summary();
  auto* point = Point(summary, 1000, {{"a", "b"}});
  point->set_count(5);
  point->set_sum(2.5);
  for (const auto& [quantile, value] : {std::pair{0.5, 1.5}, {0.99, 2.0}, {1.0, 3.0}}) {
    auto* at = point->add_quantile_values();
    at->set_quantile(quantile);
    at->set_value(value);
  }
  Point(summary, 2000, {})->set_flags(1);
  EXPECT_THAT(Lines(Translate(request)),
              ElementsAre("s_seconds_sum{a=\"b\"} 1000=2.5", "s_seconds_count{a=\"b\"} 1000=5",
                          "s_seconds{a=\"b\", quantile=\"0.5\"} 1000=1.5",
                          "s_seconds{a=\"b\", quantile=\"0.99\"} 1000=2",
                          "s_seconds{a=\"b\", quantile=\"1\"} 1000=3", "s_seconds_sum 2000=stale",
                          "s_seconds_count 2000=stale"));
}

TEST(OtlpTranslate, Exemplars) {
  OtlpRequest request;
  auto* sum = request.Sum("c", "", TEMPORALITY_CUMULATIVE, true);
  auto* point = Point(sum, 1000, {});
  point->set_as_int(1);
  auto* full = AddExemplar(point, 1);
  full->set_trace_id(std::string("\x01\xab\0", 3));
  full->set_span_id("\xff");
  auto* attribute = full->add_filtered_attributes();
  attribute->set_key("user.id");
  attribute->mutable_value()->set_int_value(5);
  auto* zero = AddExemplar(point, 2);
  zero->set_trace_id(std::string(16, '\0'));
  zero->set_as_int(2);
  auto* longer = AddExemplar(point, 3);
  longer->set_span_id("a");
  attribute = longer->add_filtered_attributes();
  attribute->set_key("k");
  attribute->mutable_value()->set_string_value(std::string(118, 'x'));  // 7 + 2 + 1 + 118 = 128
  auto* too_long = AddExemplar(point, 4);
  *too_long = *longer;
  too_long->mutable_filtered_attributes(0)->set_key("kk");
  point->add_exemplars();  // no value
  auto* gauge = Point(request.Metric("g", "")->mutable_gauge(), 1000, {});
  gauge->set_as_int(1);
  AddExemplar(gauge, 1);
  const OtlpBatch batch = Translate(request);
  EXPECT_THAT(
      Lines(batch),
      ElementsAre("c_total 1000=1 #{span_id=\"ff\", trace_id=\"01ab00\", \"user.id\"=\"5\"} 7 1"
                  " #{} 7 2 #{k=\"" +
                      std::string(118, 'x') + "\", span_id=\"61\"} 7 3 #{span_id=\"61\"} 7 3",
                  "g 1000=1"));
  EXPECT_THAT(batch.left_out, ElementsAre(Pair("exemplar_without_value", 1)));
}

TEST(OtlpTranslate, ABudgetAgainstRepeatedLabels) {
  OtlpRequest request;
  request.Resource({{"service.name", std::string(10'000, 's')}, {"v", "1"}});
  auto* gauge = request.Metric("g", "")->mutable_gauge();
  for (int i = 0; i < 50; ++i) Point(gauge, 1000, {{"i", std::to_string(i)}})->set_as_int(1);
  OtlpOptions options;
  options.max_label_bytes = 200'000;
  const OtlpBatch batch = Translate(request, options);
  EXPECT_EQ(batch.points, 19U);
  EXPECT_EQ(batch.series.size(), 19U);
  EXPECT_THAT(batch.refused, ElementsAre(Pair("too_large", 31)));
  EXPECT_THAT(batch.left_out, ElementsAre(Pair("target_info", 1)));
}

TEST(OtlpTranslate, BytesThatAreNoRequest) {
  EXPECT_TRUE(TranslateOtlp("", {}).ok());
  EXPECT_EQ(Message(TranslateOtlp("\x0a\x05x", {}).status()),
            "protobuf: the body is not an ExportMetricsServiceRequest");
  OtlpRequest deep;
  auto* point = Point(deep.Metric("g", "")->mutable_gauge(), 1000, {});
  auto* value = point->add_attributes()->mutable_value();
  for (int i = 0; i < 100; ++i) value = value->mutable_array_value()->add_values();
  EXPECT_FALSE(TranslateOtlp(deep.Body(), {}).ok());

  OtlpRequest request;
  request.Resource({{"service.name", "s"}, {"v", "1"}});
  Fill(Point(request.Histogram("h", "s", TEMPORALITY_CUMULATIVE), 1000, {{"a", "b"}}), {1, 2},
       {1, 2, 3}, 6, 1);
  auto* exponential = Point(request.Exponential("e", TEMPORALITY_CUMULATIVE), 1000, {});
  for (int i = 0; i < 9; ++i) exponential->mutable_positive()->add_bucket_counts(1);
  const std::string body = request.Body();
  SeededRandom random(7);
  int fine = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = body;
    for (uint64_t n = 1 + random.Next() % 4; n > 0; --n) {
      damaged[random.Next() % damaged.size()] = static_cast<char>(random.Next());
    }
    fine += TranslateOtlp(damaged, {}).ok() ? 1 : 0;
  }
  EXPECT_GT(fine, 500);
  EXPECT_LT(fine, 5000);
}

TEST(OtlpResponse, Partial) {
  EXPECT_EQ(EncodeOtlpResponse(0, ""), "");
  wire::otlp::ExportResponse response;
  ASSERT_TRUE(response.ParseFromString(EncodeOtlpResponse(3, "why")));
  EXPECT_EQ(response.partial_success().rejected_data_points(), 3);
  EXPECT_EQ(response.partial_success().error_message(), "why");
}

}  // namespace
}  // namespace outrider
