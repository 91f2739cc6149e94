// SPDX-License-Identifier: Apache-2.0
// CSV with KRR's columns (csv: cells for people, csv-raw: cores and bytes), money behind them.
// Source: specs/cost_and_rightsizing.md §5. Lines end with CR LF as RFC 4180 and KRR have it.
#include <fmt/format.h>

#include <algorithm>

#include "exporter/advice/cells.h"
#include "exporter/advice/formats.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Cells = std::vector<std::string>;

// A cell that a spreadsheet would run as a formula is made a text.
std::string CsvCell(std::string_view text) {
  std::string out(text);
  const bool name_like_formula =
      !out.empty() && std::string_view("=@\t\r").find(out.front()) != std::string_view::npos;
  if (name_like_formula) out.insert(0, "'");
  if (out.find_first_of("\",\r\n") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void AppendLine(const Cells& cells, std::string* out) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) *out += ',';
    *out += CsvCell(cells[i]);
  }
  *out += "\r\n";
}

Cells MoneyCells(const Recommendation& row) {
  const auto savings = SavingsPerMonth(row);
  // Plain decimals: programs read them.
  if (!savings) return {"", "", RemarkOf(row)};
  return {fmt::format("{:.2f}", *savings), fmt::format("{:.2f}", 12 * *savings), RemarkOf(row)};
}

bool HasClusters(const AdviceReport& report) {
  return std::ranges::any_of(report.rows,
                             [](const Recommendation& row) { return !row.key.cluster.empty(); });
}

// Cluster (where there is one), Namespace … Severity.
Cells HeadCells(const Recommendation& row, bool clusters) {
  Cells cells;
  if (clusters) cells.push_back(row.key.cluster);
  const uint64_t old_pods = row.pods_seen > row.pods ? row.pods_seen - row.pods : 0;
  cells.insert(cells.end(), {row.key.namespace_name, row.key.workload, fmt::format("{}", row.pods),
                             fmt::format("{}", old_pods), row.key.workload_kind, row.container,
                             std::string(ChangeSeverityText(SeverityOf(row)))});
  return cells;
}

Cells HeaderLine(const AdviceReport& report, std::initializer_list<const char*> middle) {
  Cells header;
  if (HasClusters(report)) header.emplace_back("Cluster");
  for (const char* title :
       {"Namespace", "Name", "Pods", "Old Pods", "Type", "Container", "Severity"}) {
    header.emplace_back(title);
  }
  header.insert(header.end(), middle.begin(), middle.end());
  header.push_back(fmt::format("Savings {}/month", report.currency));
  header.push_back(fmt::format("Savings {}/year", report.currency));
  header.emplace_back("Info");
  return header;
}

std::string RawAmount(const std::optional<double>& amount) {
  return amount ? FormatFloatF(*amount) : std::string(kUnset);
}

void AppendRaw(const ResourceChange& change, Cells* cells) {
  const auto proposed = [&](const std::optional<double>& amount) {
    return change.known ? RawAmount(amount) : std::string(kUnknown);
  };
  cells->push_back(RawAmount(change.current.request));
  cells->push_back(proposed(change.proposed.request));
  cells->push_back(RawAmount(change.current.limit));
  cells->push_back(proposed(change.proposed.limit));
}

void Append(const Cells& more, Cells* cells) {
  cells->insert(cells->end(), more.begin(), more.end());
}

}  // namespace

std::string RenderCsv(const AdviceReport& report) {
  std::string out;
  AppendLine(HeaderLine(report, {"CPU Diff", "CPU Requests", "CPU Limits", "Memory Diff",
                                 "Memory Requests", "Memory Limits"}),
             &out);
  const bool clusters = HasClusters(report);
  for (const Recommendation& row : report.rows) {
    Cells cells = HeadCells(row, clusters);
    for (const ResourceChange& change :
         {ChangeOf(Resource::kCpu, row.cpu), ChangeOf(Resource::kMemory, row.memory)}) {
      Append({DifferenceCell(change, row.pods), RequestCell(change), LimitCell(change)}, &cells);
    }
    Append(MoneyCells(row), &cells);
    AppendLine(cells, &out);
  }
  return out;
}

std::string RenderCsvRaw(const AdviceReport& report) {
  std::string out;
  AppendLine(HeaderLine(report, {"CPU Requests Current", "CPU Requests Recommended",
                                 "CPU Limits Current", "CPU Limits Recommended",
                                 "Memory Requests Current", "Memory Requests Recommended",
                                 "Memory Limits Current", "Memory Limits Recommended"}),
             &out);
  const bool clusters = HasClusters(report);
  for (const Recommendation& row : report.rows) {
    Cells cells = HeadCells(row, clusters);
    AppendRaw(ChangeOf(Resource::kCpu, row.cpu), &cells);
    AppendRaw(ChangeOf(Resource::kMemory, row.memory), &cells);
    Append(MoneyCells(row), &cells);
    AppendLine(cells, &out);
  }
  return out;
}

}  // namespace outrider
