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
};

void AddHourly(const JsonValue& workload, std::string_view resource, CostRow* row) {
  const JsonValue* hourly = workload.Find("dollars_per_hour");
  const JsonValue* cost = hourly == nullptr ? nullptr : hourly->Find(resource);
  if (cost == nullptr) return;
  row->hourly += cost->GetNumber("allocated");
  row->idle_hourly += cost->GetNumber("idle");
}

std::vector<CostRow> ReadRows(const JsonValue& answer, bool by_workload) {
  std::map<std::pair<std::string, std::string>, CostRow> rows;
  const JsonValue* workloads = answer.Find("workloads");
  for (const JsonValue& one : workloads == nullptr ? std::vector<JsonValue>() : workloads->items) {
    const std::string name_space = one.GetString("namespace");
    const std::string name =
        by_workload ? one.GetString("workload_kind") + "/" + one.GetString("workload") : "";
    CostRow& row = rows[{name_space, name}];
    row.namespace_name = name_space;
    row.workload = name;
    row.pods += one.GetInt("pods");
    AddHourly(one, "cpu", &row);
    AddHourly(one, "memory", &row);
    row.monthly += one.GetNumber("dollars_per_month");
    row.projected += one.GetNumber("projected_dollars_per_month");
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

void PrintRows(const JsonValue& answer, const CostCommand& options) {
  const bool by_workload = options.by == "workload";
  const std::vector<CostRow> rows = ReadRows(answer, by_workload);
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
  for (const CostRow& row : rows) {
    total.pods += row.pods;
    total.hourly += row.hourly;
    total.idle_hourly += row.idle_hourly;
    total.monthly += row.monthly;
    total.projected += row.projected;
    const bool shown = options.limit == 0 || table.size() < static_cast<size_t>(options.limit);
    if (shown) table.push_back(Cells(row, by_workload));
  }
  total.namespace_name = "total";
  table.push_back(Cells(total, by_workload));
  PrintTable(header, table);
  fmt::print("\n{}; a month is 730 hours. Projected: once the recommended requests are set.\n",
             answer.GetString("currency", "USD"));
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
  if (client.output == "json") {
    fmt::print("{}\n", raw);
  } else {
    PrintRows(*answer, options);
  }
  return 0;
}

}  // namespace outrider
