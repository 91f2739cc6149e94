// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/capacity.h"

#include <algorithm>

#include "exporter/api/json_rows.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_envelope.h"
#include "exporter/api/prom_params.h"

namespace outrider {
namespace {

// `namespace`, `workload`, `workload_kind` and `container` parameters; absent ones let everything
// pass.
struct WorkloadFilter {
  ParamReader params;

  bool Passes(std::string_view name, std::string_view value) const {
    return !params.Has(name) || params.Text(name) == value;
  }
  bool Passes(const WorkloadKey& key) const {
    return Passes("namespace", key.namespace_name) && Passes("workload", key.workload) &&
           Passes("workload_kind", key.workload_kind);
  }
};

void WriteNumber(std::string_view key, const std::optional<double>& value, JsonWriter* json) {
  json->Key(key);
  if (value) {
    json->Double(*value);
  } else {
    json->Null();
  }
}

void WriteKey(const WorkloadKey& key, JsonWriter* json) {
  json->Key("namespace").String(key.namespace_name).Key("workload").String(key.workload);
  json->Key("workload_kind").String(key.workload_kind);
}

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

void WriteHourly(std::string_view key, const HourlyCost& cost, JsonWriter* json) {
  json->Key(key).StartObject().Key("allocated").Double(cost.allocated);
  json->Key("used").Double(cost.used).Key("idle").Double(cost.Idle()).EndObject();
}

void WriteCost(const WorkloadCost& cost, JsonWriter* json) {
  json->StartObject();
  WriteKey(cost.key, json);
  json->Key("pods").Int(static_cast<int64_t>(cost.pods)).Key("dollars_per_hour").StartObject();
  WriteHourly("cpu", cost.cpu, json);
  WriteHourly("memory", cost.memory, json);
  json->EndObject().Key("dollars_per_month").Double(cost.monthly);
  json->Key("projected_dollars_per_month").Double(cost.projected_monthly);
  WriteNumber("health_score", cost.health_score, json);
  json->EndObject();
}

// `head` + rows + `}`.
HttpResponse Rows(std::string head, JsonPieces rows) {
  HttpResponse response = HttpResponse::Json(200, std::move(head));
  const auto next = [rows = std::move(rows)](std::string* out) {
    if (rows(out)) return true;
    *out += '}';
    return false;
  };
  JsonPieces pieces = next;
  if (pieces(&response.body)) response.stream = std::move(pieces);
  return response;
}

StatusOr<HttpResponse> GetRecommendations(const CapacityApiDeps& deps, HttpRequest& request) {
  const WorkloadFilter filter = {TRY(ParamReader::Read(request))};
  std::vector<Recommendation> rows = deps.recommendations();
  std::erase_if(rows, [&](const Recommendation& row) {
    return !filter.Passes(row.key) || !filter.Passes("container", row.container);
  });
  return Rows(R"({"recommendations":)", JsonRows(std::move(rows), WriteRecommendation));
}

StatusOr<HttpResponse> GetCosts(const CapacityApiDeps& deps, HttpRequest& request) {
  const WorkloadFilter filter = {TRY(ParamReader::Read(request))};
  std::vector<WorkloadCost> rows = deps.costs();
  std::erase_if(rows, [&](const WorkloadCost& row) { return !filter.Passes(row.key); });
  double monthly = 0;
  double projected = 0;
  for (const WorkloadCost& row : rows) {
    monthly += row.monthly;
    projected += row.projected_monthly;
  }
  const Price price = deps.price();
  std::string head;
  JsonWriter json(&head);
  json.StartObject().Key("currency").String("USD").Key("prices").StartObject();
  json.Key("provider").String(price.provider).Key("region").String(price.region);
  json.Key("dollars_per_core_hour").Double(price.core_hour);
  json.Key("dollars_per_gib_hour").Double(price.gib_hour).EndObject();
  json.Key("dollars_per_month")
      .Double(monthly)
      .Key("projected_dollars_per_month")
      .Double(projected);
  json.Key("workloads");
  return Rows(std::move(head), JsonRows(std::move(rows), WriteCost));
}

}  // namespace

void RegisterCapacityApi(Router& router, const CapacityApiDeps& deps) {
  router.Add("GET", "/outrider/v1/recommendations", ProductRoute([deps](HttpRequest& request) {
               return GetRecommendations(deps, request);
             }));
  router.Add("GET", "/outrider/v1/costs",
             ProductRoute([deps](HttpRequest& request) { return GetCosts(deps, request); }));
}

}  // namespace outrider
