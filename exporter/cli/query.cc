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

// [which bounds are inside, "lower", "upper", "count"]
std::string BucketText(const JsonValue& bucket) {
  if (bucket.items.size() != 4) return "?";
  const double inside = bucket.items[0].number;
  return fmt::format("{}{},{}{}:{}", inside == 1 || inside == 3 ? '[' : '(', bucket.items[1].string,
                     bucket.items[2].string, inside == 0 || inside == 3 ? ']' : ')',
                     bucket.items[3].string);
}

// A native histogram as promtool prints it.
std::string HistogramText(const JsonValue& histogram) {
  std::vector<std::string> buckets;
  if (const JsonValue* list = histogram.Find("buckets")) {
    for (const JsonValue& bucket : list->items) buckets.push_back(BucketText(bucket));
  }
  const auto number = [&](std::string_view key) {
    return ParseDouble(histogram.GetString(key)).value_or(0);
  };
  return fmt::format("Count: {:f}, Sum: {:f}, Buckets: [{}]", number("count"), number("sum"),
                     Join(buckets, " "));
}

// [seconds, "value"] as promtool prints it: value @[seconds]
std::string PointText(const JsonValue& point) {
  if (point.items.size() != 2) return "?";
  const JsonValue& value = point.items[1];
  const std::string text = value.members.empty() ? value.string : HistogramText(value);
  const auto ms = static_cast<int64_t>(std::llround(point.items[0].number * 1000));
  return fmt::format("{} @[{}]", text, FormatTimestampSeconds(ms));
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
    for (const char* one : {"value", "histogram"}) {
      if (const JsonValue* value = series.Find(one)) {
        fmt::print("{} => {}\n", name, PointText(*value));
      }
    }
    if (series.Find("values") == nullptr && series.Find("histograms") == nullptr) continue;
    fmt::print("{} =>\n", name);
    for (const char* all : {"values", "histograms"}) {
      const JsonValue* values = series.Find(all);
      if (values == nullptr) continue;
      for (const JsonValue& point : values->items) fmt::print("{}\n", PointText(point));
    }
  }
}

int Query(const ClientOptions& client, const std::string& path, const FormFields& fields) {
  return ShowAnswer(client, {client.url + path, "POST", EncodeForm(fields)},
                    [&](const JsonValue& answer) {
                      if (const JsonValue* warnings = answer.Find("warnings")) {
                        for (const JsonValue& warning : warnings->items)
                          fmt::print(stderr, "{}\n", warning.string);
                      }
                      if (const JsonValue* data = answer.Find("data")) PrintResult(*data);
                    });
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
