// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/state_series.h"

#include "exporter/api/product_common.h"
#include "exporter/api/prom_envelope.h"
#include "exporter/api/prom_params.h"
#include "storage/window/kept_report.h"

namespace outrider {
namespace {

constexpr size_t kDefaultRows = 50;

void WriteUsage(const SeriesUsage& usage, JsonWriter* json) {
  json->Key("series").Int(static_cast<int64_t>(usage.series));
  json->Key("samples").Int(static_cast<int64_t>(usage.samples));
  json->Key("bytes").Int(static_cast<int64_t>(usage.bytes));
}

void WriteDuration(std::string_view key, DurationMs duration, JsonWriter* json) {
  WriteSeconds(key, duration * kNanosPerMilli, json);
}

// `write` fills one row's object; at most `limit` of them, 0: all.
template <typename Rows, typename Write>
void WriteRows(std::string_view key, const Rows& rows, size_t limit, JsonWriter* json,
               Write write) {
  json->Key(key).StartArray();
  size_t written = 0;
  for (const auto& row : rows) {
    if (limit > 0 && written++ == limit) break;
    json->StartObject();
    write(row);
    json->EndObject();
  }
  json->EndArray();
}

std::string ToJson(const KeptReport& report, size_t limit) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  WriteDuration("retention_seconds", report.retention, &json);
  WriteDuration("unreferenced_retention_seconds", report.unreferenced, &json);
  json.Key("total").StartObject();
  WriteUsage(report.total, &json);
  json.EndObject();
  WriteRows("kinds", report.kinds, 0, &json, [&](const auto& kind) {
    json.Key("kind").String(kind.first);
    WriteUsage(kind.second, &json);
  });
  json.Key("owners_total").Int(static_cast<int64_t>(report.owners.size()));
  WriteRows("owners", report.owners, limit, &json, [&](const OwnerUsage& one) {
    json.Key("kind").String(one.owner.kind).Key("name").String(one.owner.name);
    WriteDuration("horizon_seconds", one.horizon, &json);
    WriteDuration("keep_seconds", one.keep, &json);
    WriteUsage(one.usage, &json);
  });
  json.Key("metrics_total").Int(static_cast<int64_t>(report.metrics.size()));
  WriteRows("metrics", report.metrics, limit, &json, [&](const auto& metric) {
    json.Key("name").String(metric.first);
    WriteUsage(metric.second, &json);
  });
  json.EndObject();
  return body;
}

StatusOr<HttpResponse> GetStateSeries(const Windows& windows, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const size_t limit = params.Has("limit") ? TRY(params.Limit("limit")) : kDefaultRows;
  return HttpResponse::Json(200, ToJson(ReportKept(windows), limit));
}

}  // namespace

void RegisterStateSeriesApi(Router& router, const Windows& windows) {
  router.Add("GET", "/outrider/v1/state/series", ProductRoute([&windows](HttpRequest& request) {
               return GetStateSeries(windows, request);
             }));
}

}  // namespace outrider
