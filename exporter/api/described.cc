// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/described.h"

#include "exporter/api/json_rows.h"
#include "exporter/api/prom_envelope.h"
#include "exporter/api/prom_params.h"
#include "exporter/api/value_json.h"
#include "rules/promql/engine.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

StatusOr<HttpResponse> Metadata(const MetadataStore& store, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const int64_t limit = TRY(params.OldLimit("limit"));
  // Here 0 means none, too.
  int64_t per_metric = TRY(params.OldLimit("limit_per_metric"));
  if (per_metric == 0) per_metric = -1;
  std::string data;
  JsonWriter json(&data);
  json.StartObject();
  for (const FamilyMetadata& family : store.List(params.Text("metric"), limit, per_metric)) {
    json.Key(family.family).StartArray();
    for (const MetadataEntry& entry : family.entries) {
      json.StartObject().Key("type").String(MetricTypeName(entry.type));
      json.Key("help").String(entry.help).Key("unit").String(entry.unit).EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return PromSuccess(data);
}

void WriteExemplars(const ExemplarSeries& series, JsonWriter* json) {
  json->StartObject().Key("seriesLabels");
  WriteLabels(series.series, json);
  json->Key("exemplars").StartArray();
  for (const Exemplar& exemplar : series.exemplars) {
    json->StartObject().Key("labels");
    WriteLabels(exemplar.labels, json);
    json->Key("value").String(FormatSampleValue(exemplar.value));
    json->Key("timestamp").Raw(FormatTimestampSeconds(exemplar.time)).EndObject();
  }
  json->EndArray().EndObject();
}

StatusOr<HttpResponse> Exemplars(const ExemplarStore& store, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const Timestamp start = TRY(params.Time("start", kMinQueryTime));
  const Timestamp end = TRY(params.Time("end", kMaxQueryTime));
  if (end < start) return InvalidArgument("end timestamp must not be before start timestamp");
  const promql::Expression query = TRY(promql::Expression::Parse(params.Text("query")));
  std::vector<std::vector<Matcher>> sets;
  for (promql::Expression::Reach& selector : query.Selectors(0)) {
    sets.push_back(std::move(selector.matchers));
  }
  if (sets.empty()) return HttpResponse::Empty();
  return PromStream(JsonRows(store.Select(sets, start, end), WriteExemplars), {}, {});
}

}  // namespace

void RegisterDescribedApi(Router& router, const MetadataStore& metadata,
                          const ExemplarStore& exemplars) {
  router.Add("GET", "/api/v1/metadata",
             PromRoute([&metadata](HttpRequest& request) { return Metadata(metadata, request); }));
  for (const char* method : {"GET", "POST"}) {
    router.Add(method, "/api/v1/query_exemplars", PromRoute([&exemplars](HttpRequest& request) {
                 return Exemplars(exemplars, request);
               }));
  }
}

}  // namespace outrider
