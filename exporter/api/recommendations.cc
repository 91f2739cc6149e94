// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/recommendations.h"

#include <fmt/format.h>

#include "exporter/advice/advice_query.h"
#include "exporter/advice/formats.h"
#include "exporter/advice/json_text.h"
#include "exporter/advice/recommendation_json.h"
#include "exporter/advice/report.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "exporter/api/workload_rows.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxLimit = 10'000;

// `name=a,b&name=c`: three values. An empty one is a value too: machines have no namespace.
std::vector<std::string> ReadList(const ParamReader& params, std::string_view name) {
  std::vector<std::string> values;
  for (const std::string_view list : params.All(name)) {
    for (const std::string_view value : Split(list, ',')) values.emplace_back(value);
  }
  return values;
}

StatusOr<std::vector<ChangeSeverity>> ReadSeverities(const ParamReader& params) {
  std::vector<ChangeSeverity> severities;
  for (const std::string& text : ReadList(params, "severity")) {
    const auto severity = ParseChangeSeverity(text);
    if (!severity) {
      return InvalidArgument(
          fmt::format("severity {}: want critical, warning, ok, good or unknown", Quote(text)));
    }
    severities.push_back(*severity);
  }
  return severities;
}

StatusOr<AdviceQuery> ReadQuery(const ParamReader& params) {
  AdviceQuery query;
  query.clusters = ReadList(params, "cluster");
  query.namespaces = ReadList(params, "namespace");
  query.workloads = ReadList(params, "workload");
  query.kinds = ReadList(params, "workload_kind");
  query.containers = ReadList(params, "container");
  query.severities = TRY(ReadSeverities(params));
  if (params.Has("min_savings")) {
    const auto savings = ParseDouble(params.Text("min_savings"));
    if (!savings.ok()) return Annotate(savings.status(), "min_savings");
    query.min_savings = *savings;
  }
  query.only_with_data = TRY(params.Bool("enough_data", false));
  if (params.Has("sort")) {
    const auto order = ParseAdviceOrder(params.Text("sort"));
    if (!order.ok()) return Annotate(order.status(), "sort");
    query.order = *order;
  }
  query.limit = std::min(TRY(params.Limit("limit")), kMaxLimit);
  if (params.Has("after")) {
    auto cursor = ParseCursorToken(params.Text("after"));
    if (!cursor.ok()) return Annotate(cursor.status(), "after");
    query.after = *std::move(cursor);
  }
  return query;
}

StatusOr<const AdviceFormat*> ReadFormat(const ParamReader& params) {
  const std::string_view name = params.Has("format") ? params.Text("format") : "json";
  const AdviceFormat* format = FindAdviceFormat(name);
  if (format == nullptr) {
    return InvalidArgument(
        fmt::format("format {}: want {}", Quote(name), Join(AdviceFormatNames(), ", ")));
  }
  return format;
}

// The sums are those of all pages.
HttpResponse JsonPage(const AdviceReport& all, AdvicePage page) {
  std::string head;
  JsonWriter json(&head);
  json.StartObject();
  WriteReportHead(all, &json);
  if (page.next) json.Key("next").String(CursorToken(*page.next));
  json.Key("recommendations");
  const auto write = [](const Recommendation& row, JsonWriter* row_json) {
    WriteRecommendation(row, row_json);
  };
  return RowsResponse(std::move(head), JsonRows(std::move(page.rows), write));
}

StatusOr<HttpResponse> GetRecommendations(const RecommendationsApiDeps& deps,
                                          HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const AdviceFormat* format = TRY(ReadFormat(params));
  const AdviceQuery query = TRY(ReadQuery(params));
  AdvicePage page = Select(deps.recommendations(), query);
  AdviceReport report;
  report.rows = std::move(page.all);
  report.spend_per_month = SpendOf(report.rows, deps.costs());
  const Currency currency = deps.currency();
  report.shown_currency = currency.code;
  report.shown_rate = currency.rate.ToDouble();
  if (format->name == "json") return JsonPage(report, std::move(page));
  report.rows = std::move(page.rows);
  if (!format->in_dollars) ShowMoney(&report);
  HttpResponse response = HttpResponse::Text(200, format->render(report));
  response.content_type = format->content_type;
  return response;
}

}  // namespace

void RegisterRecommendationsApi(Router& router, const RecommendationsApiDeps& deps) {
  router.Add("GET", "/outrider/v1/recommendations", ProductRoute([deps](HttpRequest& request) {
               return GetRecommendations(deps, request);
             }));
}

}  // namespace outrider
