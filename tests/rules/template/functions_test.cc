// SPDX-License-Identifier: Apache-2.0
// The functions of Prometheus and Alertmanager, a line a case.
#include <gtest/gtest.h>

#include "rules/template/template.h"
#include "rules/template/time_format.h"
#include "storage/base/duration.h"

namespace outrider::tmpl {
namespace {

struct Case {
  const char* text;
  const char* want;
};

Value Sample(const char* instance, double value) {
  Object labels;
  labels.kind = Object::Kind::kMap;
  labels.fields = {{"__name__", "up"}, {"instance", instance}, {"__value__", "text"}};
  Object sample;
  sample.type = "*template.sample";
  sample.fields = {{"Labels", Value(std::move(labels))}, {"Value", value}};
  return Value(std::move(sample));
}

std::string Render(const FunctionMap& functions, const char* text) {
  TemplateOptions options;
  options.functions = functions;
  options.functions["query"] = [](std::span<const Value>) -> StatusOr<Value> {
    return Value(MethodList{{Sample("b:1", 2), Sample("a:1", 1.5)}, {}, "template.queryResult"});
  };
  options.functions["when"] = [](std::span<const Value>) -> StatusOr<Value> {
    return Value(Time{*ParseRfc3339("2026-07-01T12:00:00Z"), 0, ""});
  };
  const StatusOr<std::string> out = TemplateSet(std::move(options)).ExecuteText(text, Value());
  return out.ok() ? *out : "!! " + Message(out.status());
}

class PrometheusFunction : public ::testing::TestWithParam<Case> {};
TEST_P(PrometheusFunction, Gives) {
  EXPECT_EQ(Render(PrometheusFunctions(), GetParam().text), GetParam().want) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    Table, PrometheusFunction,
    ::testing::Values(
        Case{"{{humanize 0.0}} {{humanize 1.0}} {{humanize 1234567.0}} {{humanize -999.9}}",
             "0 1 1.235M -999.9"},
        Case{"{{humanize 999.99}} {{humanize 1000}} {{humanize 1e27}} {{humanize 0.001}}",
             "1000 1k 1000Y 1m"},
        Case{"{{humanize 0.12345}} {{humanize 1.2e-25}} {{humanize \"1500\"}}",
             "123.5m 0.12y 1.5k"},
        Case{"{{humanize \"NaN\"}} {{humanize \"+Inf\"}} {{humanize \"-Inf\"}}", "NaN +Inf -Inf"},
        Case{"{{humanize1024 0.0}} {{humanize1024 1.0}} {{humanize1024 1048576.0}} "
             "{{humanize1024 0.5}} {{humanize1024 1500}}",
             "0 1 1Mi 0.5 1.465ki"},
        Case{"{{humanizePercentage 0.1234567}} {{humanizePercentage 1.0}} "
             "{{humanizePercentage \"NaN\"}}",
             "12.35% 100% NaN%"},
        Case{"{{humanizeDuration 0}} {{humanizeDuration 59.5}} {{humanizeDuration 60}} "
             "{{humanizeDuration 3661}} {{humanizeDuration 90061}} {{humanizeDuration -90}}",
             "0s 59.5s 1m 0s 1h 1m 1s 1d 1h 1m 1s -1m 30s"},
        Case{
            "{{humanizeDuration 0.001}} {{humanizeDuration 0.0000012}} {{humanizeDuration 899.99}} "
            "{{humanizeDuration \"NaN\"}}",
            "1ms 1.2us 14m 59s NaN"},
        Case{"{{humanizeTimestamp 1643114203}} {{humanizeTimestamp 1435065584.128}} "
             "{{humanizeTimestamp \"NaN\"}}",
             "2022-01-25 12:36:43 +0000 UTC 2015-06-23 13:19:44.128 +0000 UTC NaN"},
        Case{"{{(toTime 1643114203).Format \"15:04\"}} {{(toDuration 90.5).Seconds}} "
             "{{parseDuration \"1h30m\"}}",
             "12:36 90.5 5400"},
        Case{"{{title \"hello big_world-wide\"}} {{toUpper \"aB\"}} {{toLower \"aB\"}}",
             "Hello Big_world-Wide AB ab"},
        Case{"{{reReplaceAll \"(a+)b\" \"<$1>\" \"xaab ab\"}} {{match \"a+\" \"baab\"}}",
             "x<aa> <a> true"},
        Case{"{{stripPort \"host:80\"}} {{stripPort \"[::1]:80\"}} {{stripPort \"host\"}} "
             "{{stripDomain \"a.b.c:80\"}} {{stripDomain \"10.0.0.1:80\"}} {{stripDomain \"a.b\"}}",
             "host ::1 host a:80 10.0.0.1:80 a"},
        Case{"{{with query \"up\"}}{{. | first | value}} {{. | first | label \"instance\"}}{{end}}",
             "2 b:1"},
        Case{"{{range query \"up\" | sortByLabel \"instance\"}}{{.Labels.instance}}={{.Value}} "
             "{{end}}{{query \"x\" | first | strvalue}}",
             "a:1=1.5 b:1=2 text"},
        Case{"{{define \"x\"}}{{.arg0}}{{.arg1}}{{end}}{{template \"x\" (args 1 \"b\")}}", "1b"},
        Case{"{{graphLink \"up == 0\"}} {{tableLink \"x\"}} {{urlQueryEscape \"a b\"}}",
             "/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=x&g0.tab=1 a+b"},
        Case{"{{safeHtml \"<b>\"}}", "<b>"},
        // The ends of what a time can hold.
        Case{"{{(when).AddDate 0 0 -9223372036854775808}}",
             "!! template: :1:8: executing \"\" at <(when).AddDate>: error calling AddDate: "
             "AddDate: out of range"},
        Case{"{{$most := (when).Add 9223372036854775807}}{{($most.Round 3600000000000).Unix}} "
             "{{($most.Truncate 3600000000000).Unix}}",
             "9223372036 9223369200"},
        Case{"{{$least := ((when).Add -9223372036854775807).Add -9223372036854775807}}"
             "{{($least.Truncate 3600000000000).Unix}} {{($least.Round 3600000000000).Unix}}",
             "-9223372037 -9223372037"},
        Case{"{{humanize \"x\"}}",
             "!! template: :1:2: executing \"\" at <humanize \"x\">: error calling humanize: "
             "strconv.ParseFloat: parsing \"x\": invalid syntax"},
        Case{"{{args | first}}",
             "!! template: :1:9: executing \"\" at <first>: wrong type for value; expected "
             "template.queryResult; got map[string]interface {}"}));

class AlertmanagerFunction : public ::testing::TestWithParam<Case> {};
TEST_P(AlertmanagerFunction, Gives) {
  EXPECT_EQ(Render(AlertmanagerFunctions(), GetParam().text), GetParam().want) << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    Table, AlertmanagerFunction,
    ::testing::Values(
        Case{"{{stringSlice \"a\" \"b\" | join \",\"}} [{{trimSpace \" x \"}}]", "a,b [x]"},
        Case{"{{title \"war room\"}} {{\"a.b\" | reReplaceAll \"[.]\" \"_\"}}", "War Room a_b"},
        Case{"{{date \"2006-01-02\" (tz \"Asia/Tokyo\" when)}} {{tz \"Europe/Paris\" when}}",
             "2026-07-01 2026-07-01 14:00:00 +0200 CEST"},
        Case{"{{(toDate \"2006-01-02\" \"2026-02-03\").Unix}} {{(toDate \"2006\" \"x\").IsZero}}",
             "1770076800 true"},
        Case{"{{(mustToDate \"02 Jan 06 15:04 -0700\" \"01 Jul 26 14:00 +0200\").Unix}}",
             "1782907200"},
        Case{"{{dict \"a\" 1 \"b\" (list 1 \"x\") | toJson}} {{append (list 1) 2 3}}",
             "{\"a\":1,\"b\":[1,\"x\"]} [1 2 3]"},
        Case{"{{toJson 1e20}} {{toJson 1e21}} {{toJson 1e-6}} {{toJson 1e-7}} {{toJson 1.5}} "
             "{{toJson -2.0}}",
             "100000000000000000000 1e+21 0.000001 1e-7 1.5 -2"},
        Case{"{{title \"\u00DFa \u01C6x a\u00DF\"}}", "Ssa \u01C5x A\u00DF"},
        Case{"{{when.UTC.Location}}", "UTC"},
        Case{"{{toJson \"<a>&\"}}", "\"\\u003ca\\u003e\\u0026\""},
        Case{"{{base64encode \"a?>~\"}} {{base64decode \"YT8-fg==\"}}", "YT8-fg== a?>~"},
        Case{"{{urlUnescape \"a%20b+c\"}} {{humanizeDuration 61}}", "a b c 1m 1s"},
        Case{"{{dict 1 2}}",
             "!! template: :1:2: executing \"\" at <dict 1 2>: error calling dict: dict keys must "
             "be "
             "strings"},
        Case{"{{tz \"No/Where\" when}}",
             "!! template: :1:2: executing \"\" at <tz \"No/Where\" when>: error calling tz: "
             "unknown "
             "time zone No/Where"}));

// Names come from labels: nothing but zones may be opened, and nothing large be kept or shown.
TEST(TimeZone, NamesThatLeadElsewhereAreRefused) {
  const std::string kNames[] = {
      "/usr/share/zoneinfo/Asia/Tokyo",
      "file:/usr/share/zoneinfo/Asia/Tokyo",
      "file:Asia/Tokyo",
      "libc:localtime",
      "../zoneinfo/Asia/Tokyo",
      "Asia/../Asia/Tokyo",
      std::string("Asia/Tokyo\0", 11),
      std::string(65, 'x'),
      "Asia" + std::string(60, '/') + "Tokyo",
  };
  for (const std::string& name : kNames) {
    const auto time = InZone(Time{}, name);
    ASSERT_FALSE(time.ok()) << name;
    EXPECT_EQ(Message(time.status()), "unknown time zone " + name.substr(0, 64));
  }
  for (const char* name : {"Etc/GMT+5", "America/Port-au-Prince", "America/New_York", "UTC", ""}) {
    EXPECT_TRUE(InZone(Time{}, name).ok()) << name;
  }
}

}  // namespace
}  // namespace outrider::tmpl
