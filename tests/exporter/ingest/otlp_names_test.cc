// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/otlp_names.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

using enum OtlpNameKind;
using enum OtlpStrategy;

struct NameCase {
  const char* name;
  const char* unit;
  OtlpNameKind kind;
  const char* want;  // "": an error
};

void Check(OtlpStrategy strategy, const std::vector<NameCase>& cases) {
  for (const NameCase& one : cases) {
    EXPECT_EQ(OtlpMetricName(one.name, one.unit, one.kind, strategy).value_or(""), one.want)
        << one.name << " in " << one.unit;
  }
}

TEST(OtlpMetricName, EscapedWithSuffixes) {
  Check(kUnderscoreEscapingWithSuffixes,
        {
            {"simple", "", kOther, "simple"},
            {"a.b-c/d", "", kOther, "a_b_c_d"},
            {"a__b...c", "", kOther, "a_b_c"},
            {"_a_", "", kOther, "a"},
            {"größe", "", kOther, "gr_e"},
            {"a:b", "", kOther, "a:b"},
            {"1st", "", kOther, "_1st"},
            {"", "s", kGauge, ""},
            {"@#", "", kGauge, ""},
            {"___", "", kGauge, ""},
            {"http.server.request.duration", "s", kOther, "http_server_request_duration_seconds"},
            {"system.memory.usage", "By", kGauge, "system_memory_usage_bytes"},
            {"used.bytes.now", "By", kGauge, "used_bytes_now"},  // wherever the unit stands
            {"load", "1", kGauge, "load_ratio"},
            {"ratio.of.load", "1", kGauge, "of_load_ratio"},
            {"load", "1", kOther, "load"},
            {"load", "1", kCounter, "load_total"},
            {"requests", "", kCounter, "requests_total"},
            {"requests_total", "", kCounter, "requests_total"},
            {"total.requests", "", kCounter, "requests_total"},
            {"cpu.time", "s", kCounter, "cpu_time_seconds_total"},
            {"cpu_seconds_total", "s", kCounter, "cpu_seconds_total"},
            {"calls", "{calls}", kCounter, "calls_total"},
            {"calls", "{calls}/s", kGauge, "calls_per_second"},
            {"io", "By/s", kGauge, "io_bytes_per_second"},
            {"io", "By/{op}", kGauge, "io_bytes"},
            {"io", " By / min ", kGauge, "io_bytes_per_min"},
            {"io", "By/m", kGauge, "io_bytes_per_minute"},
            {"io", "/s", kGauge, "io_per_second"},
            {"io", "By/", kGauge, "io_bytes"},
            {"distance", "m", kGauge, "distance_meters"},
            {"temperature", "Cel", kGauge, "temperature_celsius"},
            {"used", "%", kGauge, "used_percent"},
            {"size", "TiBy", kGauge, "size_tibibytes"},
            {"x", "my unit", kGauge, "x_my_unit"},
            {"x", "my__unit", kGauge, "x_my_unit"},
            {"x", "@unit", kGauge, "x_unit"},
            {"x", "unit@/s", kGauge, "x_unit_per_second"},
            {"x", "By/@", kGauge, "x_bytes"},
            {"x", "S", kGauge, "x_S"},
        });
}

TEST(OtlpMetricName, EscapedWithoutSuffixes) {
  Check(kUnderscoreEscapingWithoutSuffixes, {
                                                {"a.b", "s", kCounter, "a_b"},
                                                {"a__b..c", "By", kGauge, "a__b_c"},
                                                {".a.", "", kGauge, "a"},
                                                {"1st", "", kGauge, "_1st"},
                                                {"___", "", kGauge, "___"},
                                                {"_@_", "", kGauge, ""},
                                                {"@", "", kGauge, ""},
                                            });
}

TEST(OtlpMetricName, Utf8WithSuffixes) {
  Check(kNoUtf8EscapingWithSuffixes, {
                                         {"größe.x", "By", kGauge, "größe.x_bytes"},
                                         {"größe.bytes", "By", kGauge, "größe.bytes"},
                                         {"cpu.time", "s", kCounter, "cpu.time_seconds_total"},
                                         {"cpu.total", "s", kCounter, "cpu_seconds_total"},
                                         {"total", "", kCounter, "total_total"},
                                         {"load", "1", kGauge, "load_ratio"},
                                         {"load.ratio", "1", kGauge, "load_ratio"},
                                         {"io", "By/s", kGauge, "io_bytes_per_second"},
                                         {"io_per_second", "By/s", kGauge, "io_bytes_per_second"},
                                         {"", "s", kGauge, ""},
                                     });
}

TEST(OtlpMetricName, NoTranslation) {
  Check(kNoTranslation, {
                            {"a.b", "s", kCounter, "a.b"},
                            {"größe", "1", kGauge, "größe"},
                            {"", "", kGauge, ""},
                        });
}

TEST(OtlpUnitName, Table) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"1", ""},
      {"s", "seconds"},
      {"By/s", "bytes_per_second"},
      {"{calls}/s", "per_second"},
      {"{calls}", ""},
      {"a@b#c/d", "a_b_c_per_day"},
      {"h", "hours"},
      {"x__y_", "x_y"},
  };
  for (const auto& [unit, want] : cases) EXPECT_EQ(OtlpUnitName(unit), want) << unit;
}

TEST(OtlpLabelName, Table) {
  struct Case {
    const char* attribute;
    const char* by_default;  // "": an error
    const char* collapsed;   // neither underscore setting
  };
  const Case cases[] = {
      {"http.method", "http_method", "http_method"},
      {"Plain9", "Plain9", "Plain9"},
      {"a:b", "a_b", "a_b"},
      {"1st", "key_1st", "key_1st"},
      {".x", "key_x", "_x"},
      {"_x", "key_x", "_x"},
      {"__x", "__x", "_x"},
      {"..x", "__x", "_x"},
      {"a..b", "a__b", "a_b"},
      {"a__b", "a__b", "a_b"},
      {"x字符", "x__", "x_"},
      {"x\xff\xfe", "x__", "x_"},
      {"__a.b__", "__a_b__", "__a_b__"},
      {"__a__b__", "__a__b__", "__a_b__"},
      {"__1__", "__1__", "__1__"},
      {"", "", ""},
      {"_", "", ""},
      {"____", "", ""},
      {"字符", "", ""},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(OtlpLabelName(one.attribute, {}).value_or(""), one.by_default) << one.attribute;
    const OtlpLabelRules collapse{
        .escape = true, .key_before_underscore = false, .keep_multiple_underscores = false};
    EXPECT_EQ(OtlpLabelName(one.attribute, collapse).value_or(""), one.collapsed) << one.attribute;
    EXPECT_EQ(OtlpLabelName(one.attribute, {.escape = false}).value_or(""), one.attribute);
  }
  EXPECT_EQ(*OtlpLabelName("..x", {.escape = true,
                                   .key_before_underscore = true,
                                   .keep_multiple_underscores = false}),
            "key_x");
}

TEST(OtlpStrategy, Names) {
  EXPECT_EQ(*ParseOtlpStrategy("NoTranslation"), kNoTranslation);
  EXPECT_EQ(*ParseOtlpStrategy("NoUTF8EscapingWithSuffixes"), kNoUtf8EscapingWithSuffixes);
  EXPECT_FALSE(ParseOtlpStrategy("notranslation").ok());
}

}  // namespace
}  // namespace outrider
