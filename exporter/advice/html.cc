// SPDX-License-Identifier: Apache-2.0
// One page that needs nothing else: no scripts, no fonts, no pictures from anywhere.
#include <fmt/format.h>

#include "exporter/advice/cells.h"
#include "exporter/advice/formats.h"
#include "exporter/advice/quantity.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Right-sizing</title>
<style>
body{font:14px/1.4 system-ui,sans-serif;color:#222;background:#fff;margin:24px}
h1{font-size:20px}h2{font-size:16px;margin-top:28px}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:4px 10px;border-bottom:1px solid #e2e2e2;vertical-align:top}
th{background:#f5f5f5;position:sticky;top:0}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.CRITICAL{color:#b00020;font-weight:bold}.WARNING{color:#9a5b00}.OK{color:#555}
.GOOD{color:#1b7f3b}.UNKNOWN{color:#888}
.sum td{font-weight:bold}.note{color:#666}
</style>
</head>
<body>
<h1>Right-sizing</h1>
)";

std::string Cell(std::string_view text) {
  return fmt::format("<td>{}</td>", EscapeHtml(OneLine(text)));
}

std::string NumberCell(std::string_view text) {
  return fmt::format("<td class=\"n\">{}</td>", EscapeHtml(text));
}

std::string Money(const std::optional<double>& amount, const AdviceReport& report) {
  return amount ? MoneyText(*amount, report.currency) : "-";
}

std::string TotalsRow(std::string_view name, const AdviceTotals& totals, const AdviceReport& report,
                      std::string_view css) {
  std::string out = fmt::format("<tr class=\"{}\">", css) + Cell(name);
  out += NumberCell(fmt::format("{}", totals.containers));
  out += NumberCell(fmt::format("{}", totals.without_data));
  out += NumberCell(QuantityText(Resource::kCpu, totals.cpu_change));
  out += NumberCell(QuantityText(Resource::kMemory, totals.memory_change));
  out += NumberCell(Money(totals.savings_per_month, report));
  const auto yearly = totals.savings_per_month
                          ? std::optional<double>(12 * *totals.savings_per_month)
                          : std::nullopt;
  out += NumberCell(Money(yearly, report));
  out += NumberCell(totals.score ? fmt::format("{} ({})", GradeOf(*totals.score), *totals.score)
                                 : "-");
  return out + "</tr>\n";
}

std::string TotalsTable(const AdviceReport& report) {
  std::string out =
      "<h2>Namespaces</h2>\n<table>\n<tr><th>Namespace</th><th class=\"n\">Containers</th>"
      "<th class=\"n\">Not enough data</th><th class=\"n\">CPU</th><th class=\"n\">Memory</th>"
      "<th class=\"n\">Savings a month</th><th class=\"n\">Savings a year</th>"
      "<th class=\"n\">Score</th></tr>\n";
  for (const NamespaceTotals& one : TotalsByNamespace(report.rows)) {
    const std::string name = one.namespace_name.empty() ? "-" : one.namespace_name;
    out += TotalsRow(name, one.totals, report, "ns");
  }
  return out + TotalsRow("total", TotalsOf(report.rows), report, "sum") + "</table>\n";
}

std::string Row(const Recommendation& row, const AdviceReport& report) {
  const ResourceChange cpu = ChangeOf(Resource::kCpu, row.cpu);
  const ResourceChange memory = ChangeOf(Resource::kMemory, row.memory);
  const std::string_view severity = ChangeSeverityText(SeverityOf(row));
  std::string out = "<tr>" + Cell(WorkloadText(row.key)) + Cell(row.container);
  out += NumberCell(fmt::format("{}", row.pods));
  out += fmt::format("<td class=\"{0}\">{0}</td>", severity);
  for (const ResourceChange& change : {cpu, memory}) {
    out += fmt::format("<td title=\"{}\">{}</td>", EscapeHtml(OneLine(change.info)),
                       EscapeHtml(RequestCell(change)));
    out += Cell(LimitCell(change));
  }
  out += NumberCell(Money(SavingsPerMonth(row), report)) + Cell(RemarkOf(row));
  return out + "</tr>\n";
}

std::string RowsTable(const AdviceReport& report) {
  std::string out =
      "<h2>Containers</h2>\n<table>\n<tr><th>Workload</th><th>Container</th><th class=\"n\">Pods"
      "</th><th>Severity</th><th>CPU requests</th><th>CPU limits</th><th>Memory requests</th>"
      "<th>Memory limits</th><th class=\"n\">Savings a month</th><th>Remarks</th></tr>\n";
  for (const Recommendation& row : report.rows) out += Row(row, report);
  return out + "</table>\n";
}

}  // namespace

std::string RenderHtml(const AdviceReport& report) {
  std::string out(kHead);
  if (report.spend_per_month) {
    out += fmt::format("<p>These workloads cost {} a month now.</p>\n",
                       EscapeHtml(MoneyText(*report.spend_per_month, report.currency)));
  }
  if (report.rows.empty()) {
    out += "<p>No recommendations: nothing that runs was seen.</p>\n";
  } else {
    out += TotalsTable(report) + RowsTable(report);
  }
  return out +
         "<p class=\"note\">A month is 730 hours. Savings appear once nodes shrink. How each "
         "number "
         "was found stands in the tip of its cell.</p>\n</body>\n</html>\n";
}

}  // namespace outrider
