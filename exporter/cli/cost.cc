// SPDX-License-Identifier: Apache-2.0
// outrider cost: what workloads or namespaces cost, dearest first.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"

namespace outrider {
namespace {

struct CostRow {
  std::string namespace_name;
  std::string workload;  // with its kind; empty where rows are namespaces
  int64_t pods = 0;
  double hourly = 0;
  double idle_hourly = 0;
  double monthly = 0;
  double projected = 0;
  bool is_node = false;  // its pods are in the total, it is not
};

// What money is shown in, and how much of it a dollar is.
struct Shown {
  std::string code;
  double rate = 1;
};

Shown ShownIn(const JsonValue& answer) {
  const JsonValue* shown = answer.Find("shown_currency");
  if (shown == nullptr) return {answer.GetString("currency", "USD")};
  return {shown->GetString("code"), shown->GetNumber("rate")};
}

void AddHourly(const JsonValue& workload, std::string_view resource, double rate, CostRow* row) {
  const JsonValue* hourly = workload.Find("dollars_per_hour");
  const JsonValue* cost = hourly == nullptr ? nullptr : hourly->Find(resource);
  if (cost == nullptr) return;
  row->hourly += cost->GetNumber("allocated") * rate;
  row->idle_hourly += cost->GetNumber("idle") * rate;
}

std::vector<CostRow> ReadRows(const JsonValue& answer, double rate, bool by_workload) {
  std::map<std::pair<std::string, std::string>, CostRow> rows;
  const JsonValue* workloads = answer.Find("workloads");
  for (const JsonValue& one : workloads == nullptr ? std::vector<JsonValue>() : workloads->items) {
    const bool is_node = one.GetBool("is_node");
    if (is_node && !by_workload) continue;
    const std::string name_space = one.GetString("namespace");
    const std::string name =
        by_workload ? one.GetString("workload_kind") + "/" + one.GetString("workload") : "";
    CostRow& row = rows[{name_space, name}];
    row.namespace_name = name_space;
    row.workload = name;
    row.pods += one.GetInt("pods");
    row.is_node = is_node;
    AddHourly(one, "cpu", rate, &row);
    AddHourly(one, "memory", rate, &row);
    row.monthly += one.GetNumber("dollars_per_month") * rate;
    row.projected += one.GetNumber("projected_dollars_per_month") * rate;
  }
  std::vector<CostRow> sorted;
  sorted.reserve(rows.size());
  for (auto& [key, row] : rows) sorted.push_back(std::move(row));
  std::ranges::stable_sort(sorted, std::greater<>(), &CostRow::monthly);
  return sorted;
}

std::string Cents(double amount) { return fmt::format("{:.2f}", amount); }

std::vector<std::string> Cells(const CostRow& row, bool by_workload) {
  std::vector<std::string> cells = {row.namespace_name.empty() ? "-" : row.namespace_name};
  if (by_workload) cells.push_back(row.workload);
  const double saved = row.monthly - row.projected;
  cells.insert(cells.end(), {fmt::format("{}", row.pods), fmt::format("{:.4f}", row.hourly),
                             fmt::format("{:.4f}", row.idle_hourly), Cents(row.monthly),
                             Cents(row.projected), Cents(saved), Cents(12 * saved)});
  return cells;
}

// What --by namespace shows, for programs.
void PrintNamespacesJson(const JsonValue& answer, const CostCommand& options) {
  const Shown shown = ShownIn(answer);
  std::string text;
  JsonWriter json(&text);
  json.StartObject().Key("currency").String(shown.code).Key("namespaces").StartArray();
  int64_t left = options.limit == 0 ? INT64_MAX : int64_t{options.limit};
  for (const CostRow& row : ReadRows(answer, shown.rate, false)) {
    if (left-- <= 0) break;
    json.StartObject().Key("namespace").String(row.namespace_name).Key("pods").Int(row.pods);
    json.Key("per_hour").Double(row.hourly).Key("idle_per_hour").Double(row.idle_hourly);
    json.Key("per_month").Double(row.monthly).Key("projected_per_month").Double(row.projected);
    json.EndObject();
  }
  json.EndArray().EndObject();
  fmt::print("{}\n", text);
}

void PrintRows(const JsonValue& answer, const CostCommand& options) {
  const bool by_workload = options.by == "workload";
  const Shown shown = ShownIn(answer);
  const std::vector<CostRow> rows = ReadRows(answer, shown.rate, by_workload);
  if (rows.empty()) {
    fmt::print("No costs yet: nothing is known that runs.\n");
    return;
  }
  std::vector<std::string> header = {"NAMESPACE"};
  if (by_workload) header.emplace_back("WORKLOAD");
  header.insert(header.end(), {"PODS", "PER HOUR", "OF IT IDLE", "PER MONTH", "PROJECTED",
                               "SAVES/MONTH", "SAVES/YEAR"});
  CostRow total;
  std::vector<std::vector<std::string>> table;
  bool nodes = false;
  for (const CostRow& row : rows) {
    if (options.limit == 0 || table.size() < static_cast<size_t>(options.limit)) {
      table.push_back(Cells(row, by_workload));
    }
    nodes |= row.is_node;
    if (row.is_node) continue;
    total.pods += row.pods;
    total.hourly += row.hourly;
    total.idle_hourly += row.idle_hourly;
    total.monthly += row.monthly;
    total.projected += row.projected;
  }
  total.namespace_name = "total";
  table.push_back(Cells(total, by_workload));
  PrintTable(header, table);
  fmt::print("\n{}; a month is 730 hours. Projected: once the recommended requests are set.\n",
             shown.code);
  if (nodes) fmt::print("Nodes of Kubernetes are not in the total: their pods are.\n");
}

}  // namespace

int RunCost(const ClientOptions& client, const CostCommand& options) {
  if (options.by != "workload" && options.by != "namespace") {
    return RunCostAllocation(client, options);
  }
  const std::string query = EncodeForm({{"namespace", options.namespace_name}});
  std::string url = client.url + "/outrider/v1/costs";
  if (!query.empty()) url += "?" + query;
  std::string raw;
  const auto answer = CallApi(url, "GET", "", &raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json" && options.by == "namespace") {
    PrintNamespacesJson(*answer, options);
  } else if (client.output == "json") {
    fmt::print("{}\n", raw);
  } else {
    PrintRows(*answer, options);
  }
  return 0;
}

}  // namespace outrider
