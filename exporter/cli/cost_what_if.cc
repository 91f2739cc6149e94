// SPDX-License-Identifier: Apache-2.0
// outrider cost what-if and outrider cost prices.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"

namespace outrider {
namespace {

// `path` with the fields that are not empty; calls `print` with the answer.
template <typename Print>
int Ask(const ClientOptions& client, const std::string& path, const FormFields& fields,
        Print print) {
  const std::string query = EncodeForm(fields);
  return ShowAnswer(client, {client.url + path + (query.empty() ? "" : "?" + query)},
                    [&](const JsonValue& answer) { print(answer); });
}

// Null when absent.
JsonValue Child(const JsonValue& value, std::string_view key) {
  const JsonValue* found = value.Find(key);
  return found == nullptr ? JsonValue() : *found;
}

// In dollars the keys say dollars, in another currency amount.
double Amount(const JsonValue& value, const std::string& before, const std::string& after) {
  const JsonValue* found = value.Find(before + "dollars" + after);
  if (found == nullptr) found = value.Find(before + "amount" + after);
  return found == nullptr ? 0 : found->number;
}

std::string Cents(double amount) { return fmt::format("{:.2f}", amount); }

std::string Hourly(double amount) { return fmt::format("{:.6f}", amount); }

// 0.92 EUR for a dollar, or USD.
std::string CurrencyText(const JsonValue& answer) {
  std::string code = answer.GetString("currency", "USD");
  if (code == "USD") return code;
  return fmt::format("{} at {} for a dollar", code, answer.GetNumber("currency_per_dollar", 1));
}

std::vector<std::string> SideCells(const std::string& name, const JsonValue& side) {
  const JsonValue* month = side.Find("dollars_per_month");
  const JsonValue amounts = month == nullptr ? Child(side, "amount_per_month") : *month;
  const JsonValue carbon = Child(side, "carbon");
  return {name,
          side.GetString("provider") + " " + side.GetString("region"),
          Hourly(side.GetNumber("core_hour")),
          Hourly(side.GetNumber("gib_hour")),
          side.GetString("source"),
          Cents(amounts.GetNumber("cpu")),
          Cents(amounts.GetNumber("memory")),
          Cents(amounts.GetNumber("gpu")),
          Cents(amounts.GetNumber("storage")),
          Cents(amounts.GetNumber("total")),
          carbon.IsNull() ? "-" : fmt::format("{:.1f}", carbon.GetNumber("kg_co2e_per_month"))};
}

std::string WorkloadText(const JsonValue& row) {
  const std::string name = row.GetString("workload_kind") + "/" + row.GetString("workload");
  const std::string space = row.GetString("namespace");
  return space.empty() ? name : space + "/" + name;
}

void PrintWhatIf(const JsonValue& answer, int limit) {
  PrintTable({"", "WHERE", "CORE/H", "GIB/H", "SOURCE", "CPU/MONTH", "MEMORY", "GPU", "STORAGE",
              "TOTAL", "KG CO2E"},
             {SideCells("now", Child(answer, "now")), SideCells("then", Child(answer, "what_if"))});
  fmt::print("\nSaves {} a month, {} a year ({:.1f} %).\n\n",
             Cents(Amount(answer, "savings_", "_per_month")),
             Cents(Amount(answer, "savings_", "_per_year")), answer.GetNumber("savings_percent"));
  std::vector<JsonValue> workloads = Child(answer, "workloads").items;
  const auto change = [](const JsonValue& row) {
    return Amount(row, "now_", "_per_month") - Amount(row, "what_if_", "_per_month");
  };
  std::ranges::stable_sort(workloads, [&](const JsonValue& a, const JsonValue& b) {
    return std::abs(change(a)) > std::abs(change(b));
  });
  std::vector<std::vector<std::string>> rows;
  for (const JsonValue& row : workloads) {
    if (limit > 0 && rows.size() >= static_cast<size_t>(limit)) break;
    rows.push_back({WorkloadText(row), fmt::format("{}", row.GetInt("pods")),
                    Cents(Amount(row, "now_", "_per_month")),
                    Cents(Amount(row, "what_if_", "_per_month")), Cents(change(row))});
  }
  if (!rows.empty()) PrintTable({"WORKLOAD", "PODS", "NOW", "THEN", "SAVES"}, rows);
  if (rows.size() < workloads.size()) {
    fmt::print("... and {} more (--limit 0 shows all)\n", workloads.size() - rows.size());
  }
  const JsonValue notes = Child(answer, "notes");
  for (const JsonValue& note : notes.items) fmt::print("Note: {}.\n", note.string);
  fmt::print("\n{}; a month is 730 hours. Carbon is an estimate of operation by stated factors.\n",
             CurrencyText(answer));
}

std::vector<std::string> NodeCells(const JsonValue& node) {
  return {node.GetString("node").empty() ? "-" : node.GetString("node"),
          node.GetString("instance_type").empty() ? "-" : node.GetString("instance_type"),
          node.GetString("provider") + " " + node.GetString("region"),
          node.GetString("capacity_type"),
          Hourly(Amount(node, "", "_per_hour")),
          Hourly(node.GetNumber("core_hour")),
          Hourly(node.GetNumber("gib_hour")),
          node.GetString("source"),
          node.GetString("detail")};
}

void PrintUnit(const std::string& name, const JsonValue& unit) {
  fmt::print("{:<22} {:<14.8g} {:<10} {}\n", name, unit.GetNumber("price"),
             unit.GetString("source"), unit.GetString("detail"));
}

void PrintPrices(const JsonValue& answer) {
  std::vector<std::vector<std::string>> rows;
  if (const JsonValue* node = answer.Find("node")) rows.push_back(NodeCells(*node));
  std::vector<std::string> errors;
  const JsonValue nodes = Child(answer, "nodes");
  for (const JsonValue& node : nodes.items) {
    if (node.Find("error") == nullptr) {
      rows.push_back(NodeCells(node));
    } else {
      errors.push_back(node.GetString("node") + ": " + node.GetString("error"));
    }
  }
  if (!rows.empty()) {
    PrintTable(
        {"NODE", "TYPE", "WHERE", "CAPACITY", "NODE/H", "CORE/H", "GIB/H", "SOURCE", "DETAIL"},
        rows);
  }
  for (const std::string& error : errors) fmt::print("without a price: {}\n", error);
  if (const JsonValue* usual = answer.Find("default")) {
    fmt::print("\nelsewhere: {} a core, {} a GiB, {} a GPU and hour ({}: {})\n\n",
               usual->GetNumber("core_hour"), usual->GetNumber("gib_hour"),
               usual->GetNumber("gpu_hour"), usual->GetString("source"),
               usual->GetString("detail"));
    PrintUnit("storage, GiB and hour", Child(answer, "storage_gib_hour"));
    const JsonValue egress = Child(answer, "egress_gib");
    for (const auto& [kind, unit] : egress.members) {
      PrintUnit("egress, GiB, " + kind, unit);
    }
    PrintUnit("load balancer, hour", Child(answer, "load_balancer_hour"));
    PrintUnit("control plane, hour", Child(answer, "control_plane_hour"));
  }
  fmt::print("\n{}\n", CurrencyText(answer));
}

}  // namespace

int RunCostWhatIf(const ClientOptions& client, const WhatIfOptions& options) {
  return Ask(client, "/outrider/v1/cost/what-if",
             {{"provider", options.provider},
              {"region", options.region},
              {"family", options.family},
              {"spot", options.spot},
              {"replicas", options.replicas},
              {"basis", options.basis},
              {"namespace", options.namespace_name},
              {"workload", options.workload}},
             [&](const JsonValue& answer) { PrintWhatIf(answer, options.limit); });
}

int RunCostPrices(const ClientOptions& client, const PricesOptions& options) {
  return Ask(client, "/outrider/v1/cost/prices",
             {{"instance_type", options.instance_type},
              {"provider", options.provider},
              {"region", options.region},
              {"cores", options.cores},
              {"memory_gib", options.memory_gib},
              {"gpus", options.gpus},
              {"spot", options.spot ? "true" : ""}},
             PrintPrices);
}

}  // namespace outrider
