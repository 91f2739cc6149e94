// SPDX-License-Identifier: Apache-2.0
// outrider query instant|range: promtool's output, or the API's JSON.
#include <fmt/format.h>

#include <cmath>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "storage/base/text.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

std::string MetricText(const JsonValue& metric) {
  LabelsBuilder labels;
  for (const auto& [name, value] : metric.members) labels.Set(name, value.string);
  return labels.Build().ToString();
}

// [seconds, "value"] as promtool prints it: value @[seconds]
std::string PointText(const JsonValue& point) {
  if (point.items.size() != 2) return "?";
  const auto ms = static_cast<int64_t>(std::llround(point.items[0].number * 1000));
  return fmt::format("{} @[{}]", point.items[1].string, FormatTimestampSeconds(ms));
}

void PrintResult(const JsonValue& data) {
  const std::string type = data.GetString("resultType");
  const JsonValue* result = data.Find("result");
  if (result == nullptr) return;
  if (type == "scalar" || type == "string") {
    fmt::print("{}: {}\n", type, PointText(*result));
    return;
  }
  for (const JsonValue& series : result->items) {
    const JsonValue* metric = series.Find("metric");
    const std::string name = metric == nullptr ? "{}" : MetricText(*metric);
    if (const JsonValue* value = series.Find("value")) {
      fmt::print("{} => {}\n", name, PointText(*value));
    } else if (const JsonValue* values = series.Find("values")) {
      fmt::print("{} =>\n", name);
      for (const JsonValue& point : values->items) fmt::print("{}\n", PointText(point));
    }
  }
}

int Query(const ClientOptions& client, const std::string& path, const FormFields& fields) {
  std::string raw;
  const auto answer = CallApi(client.url + path, "POST", EncodeForm(fields), &raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json") {
    fmt::print("{}\n", raw);
    return 0;
  }
  if (const JsonValue* warnings = answer->Find("warnings")) {
    for (const JsonValue& warning : warnings->items) fmt::print(stderr, "{}\n", warning.string);
  }
  if (const JsonValue* data = answer->Find("data")) PrintResult(*data);
  return 0;
}

}  // namespace

int RunQueryInstant(const ClientOptions& client, const QueryOptions& query) {
  return Query(client, "/api/v1/query", {{"query", query.expr}, {"time", query.time}});
}

int RunQueryRange(const ClientOptions& client, const QueryOptions& query) {
  return Query(
      client, "/api/v1/query_range",
      {{"query", query.expr}, {"start", query.start}, {"end", query.end}, {"step", query.step}});
}

}  // namespace outrider
