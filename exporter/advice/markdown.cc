// SPDX-License-Identifier: Apache-2.0
// A comment for a pull request or a chat: spend, savings, the largest opportunities, what is not
// known yet.
#include <fmt/format.h>

#include <algorithm>

#include "exporter/advice/cells.h"
#include "exporter/advice/formats.h"
#include "exporter/advice/opportunities.h"
#include "exporter/advice/quantity.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMost = 10;

// As plain words of a table's cell: nothing of it is markup.
std::string Plain(std::string_view text) {
  constexpr std::string_view kMarks = "\\`*_{}[]<>|#~!&";
  std::string out;
  for (const char c : OneLine(text)) {
    if (kMarks.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string MoneyLine(const AdviceReport& report, const AdviceTotals& totals) {
  std::string out;
  if (report.spend_per_month) {
    out += fmt::format("| Spend a month | {} |\n",
                       Plain(MoneyText(*report.spend_per_month, report.currency)));
  }
  if (totals.savings_per_month) {
    const double monthly = *totals.savings_per_month;
    out += fmt::format("| Savings a month | **{}** |\n| Savings a year | **{}** |\n",
                       Plain(MoneyText(monthly, report.currency)),
                       Plain(MoneyText(12 * monthly, report.currency)));
    if (report.spend_per_month) {
      out += fmt::format("| Spend a month after it | {} |\n",
                         Plain(MoneyText(*report.spend_per_month - monthly, report.currency)));
    }
  }
  return out;
}

std::string SummaryTable(const AdviceReport& report, const AdviceTotals& totals) {
  std::string out = "| | |\n|---|---:|\n" + MoneyLine(report, totals);
  out += fmt::format("| Containers | {} |\n", totals.containers);
  out += fmt::format("| Without enough data | {} |\n", totals.without_data);
  if (totals.score) {
    out += fmt::format("| Score | {} ({} of 100) |\n", GradeOf(*totals.score), *totals.score);
  }
  return out;
}

std::string ChangeLine(const Recommendation& row, const AdviceReport& report) {
  const ResourceChange cpu = ChangeOf(Resource::kCpu, row.cpu);
  const ResourceChange memory = ChangeOf(Resource::kMemory, row.memory);
  const auto savings = SavingsPerMonth(row);
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", Plain(WorkloadText(row.key)),
                     Plain(row.container), ChangeSeverityText(SeverityOf(row)),
                     Plain(RequestCell(cpu)), Plain(RequestCell(memory)), Plain(LimitCell(memory)),
                     savings ? Plain(MoneyText(*savings, report.currency)) : "-");
}

std::string ChangesTable(const std::vector<const Recommendation*>& rows,
                         const AdviceReport& report) {
  std::string out =
      "| Workload | Container | Severity | CPU request | Memory request | Memory limit | "
      "Savings a month |\n|---|---|---|---|---|---|---:|\n";
  for (const Recommendation* row : rows) out += ChangeLine(*row, report);
  return out;
}

std::string Unknown(const AdviceReport& report) {
  std::string out;
  for (const Recommendation& row : report.rows) {
    if (row.cpu.enough_data && row.memory.enough_data) continue;
    const std::string& reason = row.cpu.enough_data ? row.memory.reason : row.cpu.reason;
    out += fmt::format(
        "- {}, container {}: {}: {}\n", Plain(WorkloadText(row.key)), Plain(row.container),
        HasProposal(row) ? (row.cpu.enough_data ? "memory" : "CPU") : "both", Plain(reason));
  }
  return out;
}

}  // namespace

std::string RenderMarkdown(const AdviceReport& report) {
  std::string out = "### Right-sizing\n\n";
  if (report.rows.empty()) return out + "No recommendations: nothing that runs was seen.\n";
  const AdviceTotals totals = TotalsOf(report.rows);
  out += SummaryTable(report, totals);
  const auto top = TopSavings(report.rows, kMost);
  if (!top.empty()) out += "\n#### Top opportunities\n\n" + ChangesTable(top, report);
  const auto needs = TopNeeds(report.rows, kMost);
  if (!needs.empty()) out += "\n#### Needs more\n\n" + ChangesTable(needs, report);
  const std::string unknown = Unknown(report);
  if (!unknown.empty()) out += "\n#### Not enough data\n\n" + unknown;
  return out + fmt::format("\nA month is 730 hours. Savings appear once nodes shrink.\n");
}

}  // namespace outrider
