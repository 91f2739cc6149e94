// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/costs.h"

#include "exporter/advice/json_text.h"
#include "exporter/api/product_common.h"
#include "exporter/api/workload_rows.h"

namespace outrider {
namespace {

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
  if (cost.is_node) json->Key("is_node").Bool(true);
  json->EndObject();
}

StatusOr<HttpResponse> GetCosts(const CostsApiDeps& deps, HttpRequest& request) {
  const WorkloadFilter filter = {TRY(ParamReader::Read(request))};
  std::vector<WorkloadCost> rows = deps.costs();
  std::erase_if(rows, [&](const WorkloadCost& row) { return !filter.Passes(row.key); });
  double monthly = 0;
  double projected = 0;
  for (const WorkloadCost& row : rows) {
    if (row.is_node) continue;  // the pods on it are counted
    monthly += row.monthly;
    projected += row.projected_monthly;
  }
  const Price price = deps.price();
  std::string head;
  JsonWriter json(&head);
  const Currency currency = deps.currency();
  json.StartObject().Key("currency").String("USD");
  WriteShownCurrency(currency.code, currency.rate.ToDouble(), &json);
  json.Key("prices").StartObject();
  json.Key("provider").String(price.provider).Key("region").String(price.region);
  json.Key("dollars_per_core_hour").Double(price.core_hour);
  json.Key("dollars_per_gib_hour").Double(price.gib_hour).EndObject();
  json.Key("dollars_per_month")
      .Double(monthly)
      .Key("projected_dollars_per_month")
      .Double(projected);
  json.Key("workloads");
  return RowsResponse(std::move(head), JsonRows(std::move(rows), WriteCost));
}

}  // namespace

void RegisterCostsApi(Router& router, const CostsApiDeps& deps) {
  router.Add("GET", "/outrider/v1/costs",
             ProductRoute([deps](HttpRequest& request) { return GetCosts(deps, request); }));
}

}  // namespace outrider
