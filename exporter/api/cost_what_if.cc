// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/cost_what_if.h"

#include <fmt/format.h>

#include "exporter/api/price_json.h"
#include "exporter/api/product_common.h"
#include "exporter/api/what_if_holdings.h"
#include "rules/pricing/yaml_money.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

Status BadParam(std::string_view name, const Status& status) {
  return InvalidParam(name, Message(status));
}

StatusOr<WhatIfQuestion> QuestionOf(const ParamReader& params) {
  WhatIfQuestion question;
  question.provider = params.Text("provider");
  question.region = params.Text("region");
  question.family = params.Text("family");
  if (params.Has("spot")) {
    const auto share = ParseShare(params.Text("spot"));
    if (!share.ok()) return BadParam("spot", share.status());
    question.spot_share = *share;
  }
  if (params.Has("replicas")) {
    const auto count = ParseInt(params.Text("replicas"));
    if (!count.ok() || *count < 0) return InvalidParam("replicas", "a count of 0 or more");
    question.replicas = *count;
  }
  return question;
}

StatusOr<HoldingBasis> BasisOf(const ParamReader& params) {
  const std::string_view text = params.Text("basis");
  if (text.empty() || text == "current") return HoldingBasis::kCurrent;
  if (text == "recommended") return HoldingBasis::kRecommended;
  return InvalidParam("basis", "current or recommended");
}

StatusOr<std::vector<WhatIfHolding>> HoldingsFor(const CostWhatIfDeps& deps,
                                                 const ParamReader& params) {
  const WorkloadFilter filter = {params};
  std::vector<WhatIfHolding> rows = HoldingsOf(deps.recommendations(), TRY(BasisOf(params)));
  for (WhatIfHolding& row : TRY(ReadVolumesAndGpus(deps.windows, deps.clock.Now()))) {
    rows.push_back(std::move(row));
  }
  std::erase_if(rows, [&](const WhatIfHolding& row) {
    return !filter.Passes("namespace", row.namespace_name) ||
           !filter.Passes("workload", row.workload) ||
           !filter.Passes("workload_kind", row.workload_kind);
  });
  return rows;
}

void WriteAmounts(const WhatIfAmounts& amounts, const Currency& currency, JsonWriter* json) {
  // The parts are shown so that they sum to the total shown.
  const Money parts[] = {amounts.cpu * currency.rate, amounts.memory * currency.rate,
                         amounts.gpu * currency.rate, amounts.storage * currency.rate};
  const std::vector<Money> cents = RoundParts(parts, 2);
  const Currency shown = {currency.code, 1_dec};
  json->Key(currency.code == "USD" ? "dollars_per_month" : "amount_per_month").StartObject();
  WriteAmount("cpu", cents[0], shown, json);
  WriteAmount("memory", cents[1], shown, json);
  WriteAmount("gpu", cents[2], shown, json);
  WriteAmount("storage", cents[3], shown, json);
  WriteAmount("total", cents[0] + cents[1] + cents[2] + cents[3], shown, json);
  json->EndObject();
}

void WriteSide(std::string_view key, const WhatIfSide& side, const Currency& currency,
               JsonWriter* json) {
  json->Key(key).StartObject();
  WriteResourcePrice(side.price, currency, json);
  json->Key("spot_share").Double(side.spot_share.ToDouble());
  json->Key("spot_price_ratio").Double(side.spot_factor.ToDouble());
  WriteAmounts(side.amounts, currency, json);
  json->Key("carbon");
  if (side.carbon) {
    json->StartObject().Key("watts").Double(side.carbon->watts);
    json->Key("kwh_per_month").Double(side.carbon->kwh_per_month);
    json->Key("kg_co2e_per_month").Double(side.carbon->kg_per_month);
    json->Key("pue").Double(side.carbon->pue);
    json->Key("grams_co2e_per_kwh").Double(side.carbon->grams_per_kwh);
    json->Key("source").String(side.carbon->source).EndObject();
  } else {
    json->Null();
  }
  json->EndObject();
}

// `shown`: the currency the row is in already.
void WriteRow(const WhatIfRow& row, const Currency& shown, JsonWriter* json) {
  const WhatIfHolding& holding = row.holding;
  json->StartObject().Key("namespace").String(holding.namespace_name);
  json->Key("workload").String(holding.workload).Key("workload_kind").String(holding.workload_kind);
  json->Key("pods").Int(holding.pods).Key("cores").Double(holding.cores.ToDouble());
  json->Key("memory_gib").Double(holding.memory_gib.ToDouble());
  json->Key("gpus").Double(holding.gpus.ToDouble());
  json->Key("storage_gib").Double(holding.storage_gib.ToDouble());
  WriteAmount("now_dollars_per_month", row.now, shown, json);
  WriteAmount("what_if_dollars_per_month", row.what_if, shown, json);
  json->EndObject();
}

StatusOr<HttpResponse> GetWhatIf(const CostWhatIfDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const WhatIfQuestion question = TRY(QuestionOf(params));
  const std::shared_ptr<const PricedNodes> book = deps.book();
  const WhatIf answer =
      TRY(AskWhatIf(TRY(HoldingsFor(deps, params)), question, *book, book->pricer()));
  const Currency& currency = book->currency();
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  WriteCurrency(currency, &json);
  WriteSide("now", answer.now, currency, &json);
  WriteSide("what_if", answer.then, currency, &json);
  const Currency shown = {currency.code, 1_dec};
  WriteAmount("savings_dollars_per_month", answer.monthly_savings, shown, &json);
  WriteAmount("savings_dollars_per_year", answer.annual_savings, shown, &json);
  json.Key("savings_percent").Double(answer.savings_percent.ToDouble());
  json.Key("notes").StartArray();
  for (const std::string& note : answer.notes) json.String(note);
  json.EndArray().Key("workloads").StartArray();
  for (const WhatIfRow& row : answer.rows) WriteRow(row, shown, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

// One type asked for by name, priced as a node of it would be.
StatusOr<HttpResponse> GetTypePrice(const PricedNodes& book, const ParamReader& params) {
  NodeFacts facts;
  facts.instance_type = params.Text("instance_type");
  facts.provider = params.Text("provider");
  facts.region = params.Text("region");
  facts.zone = params.Text("zone");
  if (TRY(params.Bool("spot", false))) facts.capacity_type = CapacityType::kSpot;
  const std::pair<std::string_view, Decimal*> sizes[] = {
      {"cores", &facts.cores}, {"memory_gib", &facts.memory_gib}, {"gpus", &facts.gpus}};
  for (const auto& [name, size] : sizes) {
    if (!params.Has(name)) continue;
    const auto number = Decimal::Parse(params.Text(name));
    if (!number.ok()) return BadParam(name, number.status());
    *size = *number;
  }
  const NodePrice price = TRY(book.PriceOf(facts));
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  WriteCurrency(book.currency(), &json);
  json.Key("node");
  WriteNodePrice(book.pricer().Completed(facts), price, book.currency(), &json);
  json.EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> GetPrices(const CostWhatIfDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::shared_ptr<const PricedNodes> book = deps.book();
  if (params.Has("instance_type") || params.Has("cores")) return GetTypePrice(*book, params);
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  WriteCurrency(book->currency(), &json);
  json.Key("combined_discount").Double(book->pricer().CombinedDiscount().ToDouble());
  json.Key("default").StartObject();
  WriteResourcePrice(book->Default(), book->currency(), &json);
  json.EndObject();
  WriteServices(*book, &json);
  json.Key("nodes").StartArray();
  for (const auto& [name, node] : book->Nodes()) {
    if (node.error.empty()) {
      WriteNodePrice(node.facts, node.price, book->currency(), &json);
    } else {
      json.StartObject().Key("node").String(name).Key("error").String(node.error).EndObject();
    }
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterCostWhatIfApi(Router& router, const CostWhatIfDeps& deps) {
  router.Add("GET", "/outrider/v1/cost/what-if",
             ProductRoute([deps](HttpRequest& request) { return GetWhatIf(deps, request); }));
  router.Add("GET", "/outrider/v1/cost/prices",
             ProductRoute([deps](HttpRequest& request) { return GetPrices(deps, request); }));
}

}  // namespace outrider
