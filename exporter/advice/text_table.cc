// SPDX-License-Identifier: Apache-2.0
// The table for terminals: KRR's columns, what is saved, totals per namespace, the score.
#include <fmt/format.h>

#include <algorithm>

#include "exporter/advice/cells.h"
#include "exporter/advice/formats.h"
#include "exporter/advice/quantity.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Cells = std::vector<std::string>;

// Columns padded to their widest cell, two blanks between them, none at the end of a line.
std::string Columns(const std::vector<Cells>& rows) {
  std::vector<size_t> widths;
  for (const Cells& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], RuneCount(row[i]));
  }
  std::string out;
  for (const Cells& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - RuneCount(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string OrDash(std::string text) { return text.empty() ? "-" : std::move(text); }

std::string MoneyCell(const std::optional<double>& amount) {
  return amount ? MoneyText(*amount) : "-";
}

Cells RowCells(const Recommendation& row, bool clusters) {
  const ResourceChange cpu = ChangeOf(Resource::kCpu, row.cpu);
  const ResourceChange memory = ChangeOf(Resource::kMemory, row.memory);
  Cells cells;
  if (clusters) cells.push_back(OrDash(OneLine(row.key.cluster)));
  cells.insert(cells.end(),
               {OrDash(OneLine(row.key.namespace_name)), OneLine(row.key.workload),
                OneLine(row.key.workload_kind), OrDash(OneLine(row.container)),
                fmt::format("{}", row.pods), std::string(ChangeSeverityText(SeverityOf(row))),
                RequestCell(cpu), LimitCell(cpu), RequestCell(memory), LimitCell(memory),
                MoneyCell(SavingsPerMonth(row)), OneLine(RemarkOf(row))});
  return cells;
}

std::string SignedQuantity(Resource resource, double amount) {
  const std::string text = QuantityText(resource, amount);
  return amount > 0 && text != "0" ? "+" + text : text;
}

Cells TotalCells(const std::string& name, const AdviceTotals& totals) {
  const std::string grade =
      totals.score ? fmt::format("{} ({})", GradeOf(*totals.score), *totals.score) : "-";
  return {name,
          fmt::format("{}", totals.containers),
          fmt::format("{}", totals.without_data),
          SignedQuantity(Resource::kCpu, totals.cpu_change),
          SignedQuantity(Resource::kMemory, totals.memory_change),
          MoneyCell(totals.savings_per_month),
          totals.savings_per_month ? MoneyText(12 * *totals.savings_per_month) : "-",
          grade};
}

}  // namespace

std::string RenderTable(const AdviceReport& report) {
  if (report.rows.empty()) return "No recommendations: nothing that runs was seen.\n";
  const bool clusters = std::ranges::any_of(
      report.rows, [](const Recommendation& row) { return !row.key.cluster.empty(); });
  std::vector<Cells> rows;
  rows.emplace_back();
  if (clusters) rows.back().emplace_back("CLUSTER");
  for (const char* title :
       {"NAMESPACE", "NAME", "TYPE", "CONTAINER", "PODS", "SEVERITY", "CPU REQUESTS", "CPU LIMITS",
        "MEMORY REQUESTS", "MEMORY LIMITS", "SAVES/MONTH", "REMARKS"}) {
    rows.back().emplace_back(title);
  }
  for (const Recommendation& row : report.rows) rows.push_back(RowCells(row, clusters));
  std::vector<Cells> totals = {{"NAMESPACE", "CONTAINERS", "NO DATA", "CPU", "MEMORY",
                                "SAVES/MONTH", "SAVES/YEAR", "SCORE"}};
  for (const NamespaceTotals& one : TotalsByNamespace(report.rows)) {
    totals.push_back(TotalCells(OrDash(OneLine(one.namespace_name)), one.totals));
  }
  totals.push_back(TotalCells("total", TotalsOf(report.rows)));
  return Columns(rows) + '\n' + Columns(totals) +
         fmt::format("\nMoney in {}; a month is 730 hours. Savings appear once nodes shrink.\n",
                     report.currency);
}

}  // namespace outrider
