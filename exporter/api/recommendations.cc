// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/recommendations.h"

#include <algorithm>

#include "exporter/api/product_common.h"
#include "exporter/api/workload_rows.h"

namespace outrider {
namespace {

void WriteAdvice(std::string_view key, const ResourceAdvice& advice, JsonWriter* json) {
  json->Key(key).StartObject();
  WriteNumber("request", advice.request, json);
  WriteNumber("limit", advice.limit, json);
  json->Key("enough_data").Bool(advice.enough_data).Key("recommended");
  if (advice.enough_data) {
    json->StartObject().Key("target").Double(advice.recommended.target);
    json->Key("lower")
        .Double(advice.recommended.lower)
        .Key("upper")
        .Double(advice.recommended.upper);
    json->Key("limit").Double(advice.recommended.limit).EndObject();
  } else {
    json->Null();
  }
  json->Key("mean_use").Double(advice.mean_use).Key("p95_use").Double(advice.p95_use);
  json->Key("max_use").Double(advice.max_use);
  json->Key("samples").Int(static_cast<int64_t>(advice.samples));
  WriteSeconds("coverage_seconds", advice.coverage * kNanosPerMilli, json);
  WriteNumber("savings_dollars_per_month", advice.savings_dollars_per_month, json);
  json->Key("reason").String(advice.reason).EndObject();
}

void WriteRecommendation(const Recommendation& recommendation, JsonWriter* json) {
  json->StartObject();
  WriteKey(recommendation.key, json);
  json->Key("container").String(recommendation.container);
  json->Key("pods").Int(static_cast<int64_t>(recommendation.pods));
  WriteAdvice("cpu_cores", recommendation.cpu, json);
  WriteAdvice("memory_bytes", recommendation.memory, json);
  json->Key("findings").StartArray();
  for (const Finding& finding : recommendation.findings) {
    json->StartObject().Key("severity").String(FindingSeverityText(finding.severity));
    json->Key("text").String(finding.text).EndObject();
  }
  json->EndArray().EndObject();
}

StatusOr<HttpResponse> GetRecommendations(const RecommendationsApiDeps& deps,
                                          HttpRequest& request) {
  const WorkloadFilter filter = {TRY(ParamReader::Read(request))};
  std::vector<Recommendation> rows = deps.recommendations();
  std::erase_if(rows, [&](const Recommendation& row) {
    return !filter.Passes(row.key) || !filter.Passes("container", row.container);
  });
  return RowsResponse(R"({"recommendations":)", JsonRows(std::move(rows), WriteRecommendation));
}

}  // namespace

void RegisterRecommendationsApi(Router& router, const RecommendationsApiDeps& deps) {
  router.Add("GET", "/outrider/v1/recommendations", ProductRoute([deps](HttpRequest& request) {
               return GetRecommendations(deps, request);
             }));
}

}  // namespace outrider
