// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/cost_allocation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "exporter/api/allocation_json.h"
#include "exporter/api/cost_window.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "exporter/api/workload_rows.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr double kMonthsAYear = 12;

// `all` or an absent parameter: the default; a list with commas otherwise.
std::vector<std::string> ListOf(std::string_view text) {
  std::vector<std::string> list;
  for (const std::string_view part : Split(text, ',')) {
    if (!Trim(part).empty()) list.emplace_back(Trim(part));
  }
  return list;
}

// OpenCost takes true, false, 1, 0, and words such as `weighted` for shareIdle.
StatusOr<bool> FlagOf(const ParamReader& params, std::string_view name) {
  const std::string text = ToLower(params.Text(name));
  if (text.empty() || text == "false" || text == "0" || text == "off") return false;
  if (text == "true" || text == "1" || text == "weighted") return true;
  return InvalidParam(name, fmt::format("{} is neither true nor false", Quote(text)));
}

Status ReadSharing(const ParamReader& params, const CostSettings& options, AllocationQuery* query) {
  query->include_idle = TRY(FlagOf(params, "includeIdle"));
  query->share_idle = TRY(FlagOf(params, "shareIdle"));
  query->idle_by_node = TRY(FlagOf(params, "idleByNode"));
  query->shared_namespaces = params.Has("shareNamespaces") ? ListOf(params.Text("shareNamespaces"))
                                                           : options.shared_namespaces;
  const std::string split = ToLower(params.Text("shareSplit"));
  if (!split.empty() && split != "weighted" && split != "even") {
    return InvalidParam("shareSplit", "want weighted or even");
  }
  query->share_evenly = split == "even";
  return absl::OkStatus();
}

StatusOr<AllocationQuery> ReadQuery(const ParamReader& params, const CostSettings& options,
                                    Timestamp now) {
  AllocationQuery query;
  if (params.Text("window").empty()) return InvalidParam("window", "it is required");
  const TimeRange range = TRY(ParseCostWindow(params.Text("window"), now));
  query.from = range.from;
  query.to = range.to;
  for (const std::string& name : ListOf(params.Text("aggregate"))) {
    const auto column = FindCostColumn(name, options.labels);
    if (!column.ok()) return InvalidParam("aggregate", Message(column.status()));
    query.aggregate.push_back(*column);
  }
  auto filter = CostFilter::Parse(params.Text("filter"), options.labels);
  if (!filter.ok()) return InvalidParam("filter", Message(filter.status()));
  query.filter = *std::move(filter);
  if (!params.Text("step").empty()) {
    query.step = TRY(params.Duration("step", std::nullopt));
    if (query.step < kMinute) return InvalidParam("step", "it must be at least 1m");
  }
  query.accumulate = TRY(FlagOf(params, "accumulate"));
  TRY(ReadSharing(params, options, &query));
  return query;
}

// Rows [offset, offset + limit) of each set.
struct Page {
  size_t offset = 0;
  size_t limit = 0;  // 0: all
};

StatusOr<HttpResponse> GetAllocation(const CostAllocationApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const CostSettings options = deps.options();
  const AllocationQuery query = TRY(ReadQuery(params, options, deps.clock.Now()));
  const Page page = {TRY(params.Limit("offset")), TRY(params.Limit("limit"))};
  std::vector<AllocationSet> sets = TRY(deps.allocation(query));
  const Currency currency = deps.currency();
  std::string head;
  JsonWriter json(&head);
  json.StartObject().Key("code").Int(200).Key("status").String("success");
  json.Key("currency").String(currency.code).Key("data");
  const double rate = currency.rate.ToDouble();
  const auto write = [page, rate, labels = options.labels](const AllocationSet& set,
                                                           JsonWriter* out) {
    out->StartObject();
    const size_t begin = std::min(page.offset, set.rows.size());
    const size_t end =
        page.limit == 0 ? set.rows.size() : std::min(set.rows.size(), begin + page.limit);
    for (size_t i = begin; i < end; ++i) {
      out->Key(set.rows[i].name);
      WriteAllocationRow(set.rows[i], set, labels, rate, out);
    }
    out->EndObject();
  };
  return RowsResponse(std::move(head), JsonRows(std::move(sets), write));
}

void WriteTexts(std::string_view key, const std::vector<std::string>& texts, JsonWriter* json) {
  json->Key(key).StartArray();
  for (const std::string& text : texts) json->String(text);
  json->EndArray();
}

void WriteBudget(const BudgetStatus& status, double rate, JsonWriter* json) {
  const CostBudget& budget = status.budget;
  json->StartObject().Key("name").String(budget.name).Key("amount").Double(budget.amount * rate);
  json->Key("cluster").String(budget.cluster).Key("team").String(budget.team);
  WriteTexts("namespaces", budget.namespaces, json);
  json->Key("include_idle").Bool(budget.include_idle).Key("thresholds").StartArray();
  for (const double threshold : budget.thresholds) json->Double(threshold);
  json->EndArray();
  WriteTime("month", status.month * kNanosPerMilli, json);
  json->Key("spent").Double(status.spent * rate).Key("spent_ratio").Double(status.SpentRatio());
  json->Key("threshold_reached");
  if (status.threshold > 0) {
    json->Double(status.threshold);
  } else {
    json->Null();
  }
  json->Key("forecast").StartObject().Key("expected").Double(status.forecast.expected * rate);
  json->Key("lower").Double(status.forecast.lower * rate);
  json->Key("upper").Double(status.forecast.upper * rate);
  json->Key("ratio").Double(status.ForecastRatio());
  json->Key("based_on_days").Int(status.forecast.days).EndObject().EndObject();
}

StatusOr<HttpResponse> GetBudgets(const CostAllocationApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  std::vector<BudgetStatus> budgets = deps.budgets();
  std::erase_if(budgets, [&](const BudgetStatus& one) {
    return (params.Has("name") && params.Text("name") != one.budget.name) ||
           (params.Has("team") && params.Text("team") != one.budget.team);
  });
  const Currency currency = deps.currency();
  std::string head;
  JsonWriter(&head).StartObject().Key("currency").String(currency.code).Key("budgets");
  const auto write = [rate = currency.rate.ToDouble()](const BudgetStatus& one, JsonWriter* json) {
    WriteBudget(one, rate, json);
  };
  return RowsResponse(std::move(head), JsonRows(std::move(budgets), write));
}

void WriteAnomaly(const CostAnomaly& one, double rate, JsonWriter* json) {
  json->StartObject().Key("cluster").String(one.cluster);
  json->Key("namespace").String(one.namespace_name);
  WriteTime("day", one.day * kNanosPerMilli, json);
  json->Key("cost").Double(one.cost * rate);
  // Null: cannot be said yet.
  json->Key("expected").Double(one.expected * rate).Key("lower").Double(one.lower * rate);
  json->Key("upper").Double(one.upper * rate).Key("score").Double(one.score);
  json->Key("anomalous").Bool(one.score >= 1).EndObject();
}

StatusOr<HttpResponse> GetAnomalies(const CostAllocationApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const bool only = TRY(FlagOf(params, "anomalous"));
  std::vector<CostAnomaly> all = deps.anomalies();
  std::erase_if(all, [&](const CostAnomaly& one) {
    return (params.Has("namespace") && params.Text("namespace") != one.namespace_name) ||
           (only && !(one.score >= 1));
  });
  const Currency currency = deps.currency();
  std::string head;
  JsonWriter(&head).StartObject().Key("currency").String(currency.code).Key("namespaces");
  const auto write = [rate = currency.rate.ToDouble()](const CostAnomaly& one, JsonWriter* json) {
    WriteAnomaly(one, rate, json);
  };
  return RowsResponse(std::move(head), JsonRows(std::move(all), write));
}

void WriteRequest(std::string_view key, const RealisedSavings& one, size_t resource,
                  JsonWriter* json) {
  json->Key(key).StartObject();
  WriteNumber("before", one.before[resource], json);
  WriteNumber("now", one.now[resource], json);
  json->EndObject();
}

void WriteSaving(const RealisedSavings& one, double rate, JsonWriter* json) {
  json->StartObject();
  WriteKey(one.key, json);
  json->Key("container").String(one.container);
  WriteTime("since", one.since * kNanosPerMilli, json);
  json->Key("realised").Double(ToUnits(one.realised) * rate);
  json->Key("realised_per_month")
      .Double(one.dollars_per_hour * static_cast<double>(kMonthHours) * rate);
  WriteRequest("cpu_request_cores", one, 0, json);
  WriteRequest("memory_request_bytes", one, 1, json);
  json->EndObject();
}

StatusOr<HttpResponse> GetSavings(const CostAllocationApiDeps& deps, HttpRequest& request) {
  const WorkloadFilter filter = {TRY(ParamReader::Read(request))};
  double projected = 0;
  for (const Recommendation& one : deps.recommendations()) {
    if (one.is_node || !filter.Passes(one.key)) continue;
    projected += one.cpu.savings_dollars_per_month.value_or(0) +
                 one.memory.savings_dollars_per_month.value_or(0);
  }
  std::vector<RealisedSavings> all = deps.savings();
  std::erase_if(all, [&](const RealisedSavings& one) { return !filter.Passes(one.key); });
  NanoUnits realised = 0;
  double rate_now = 0;
  for (const RealisedSavings& one : all) {
    realised += one.realised;
    rate_now += one.dollars_per_hour * static_cast<double>(kMonthHours);
  }
  const Currency currency = deps.currency();
  const double rate = currency.rate.ToDouble();
  std::string head;
  JsonWriter json(&head);
  json.StartObject().Key("currency").String(currency.code);
  json.Key("projected").StartObject().Key("per_month").Double(projected * rate);
  json.Key("per_year").Double(projected * kMonthsAYear * rate).EndObject();
  json.Key("realised").StartObject().Key("total").Double(ToUnits(realised) * rate);
  json.Key("per_month").Double(rate_now * rate);
  json.Key("per_year").Double(rate_now * kMonthsAYear * rate).EndObject().Key("workloads");
  const auto write = [rate](const RealisedSavings& one, JsonWriter* out) {
    WriteSaving(one, rate, out);
  };
  return RowsResponse(std::move(head), JsonRows(std::move(all), write));
}

}  // namespace

void RegisterCostAllocationApi(Router& router, const CostAllocationApiDeps& deps) {
  const auto get = [&](const char* path, auto* handler) {
    router.Add("GET", path, ProductRoute([deps, handler](HttpRequest& request) {
                 return handler(deps, request);
               }));
  };
  get("/outrider/v1/cost/allocation", GetAllocation);
  get("/outrider/v1/cost/allocation/compute", GetAllocation);  // OpenCost's other name
  get("/outrider/v1/cost/budgets", GetBudgets);
  get("/outrider/v1/cost/anomalies", GetAnomalies);
  get("/outrider/v1/cost/savings", GetSavings);
}

}  // namespace outrider
