// SPDX-License-Identifier: Apache-2.0
// outrider cost --by team, node, …: what was allocated over some time, from
// /outrider/v1/cost/allocation.
#include <fmt/format.h>

#include <algorithm>

#include "exporter/cli/client.h"
#include "exporter/cli/commands.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr double kMinutesAMonth = 730 * 60;

struct AllocationLine {
  std::string name;
  double cpu = 0;
  double memory = 0;
  double total = 0;
  double minutes = 0;
  double efficiency = 0;
};

// Of all steps together.
std::vector<AllocationLine> ReadLines(const JsonValue& answer) {
  std::vector<AllocationLine> lines;
  const JsonValue* data = answer.Find("data");
  if (data == nullptr || data->items.empty()) return lines;
  for (const auto& [name, row] : data->items.front().members) {
    lines.push_back({name, row.GetNumber("cpuCost"), row.GetNumber("ramCost"),
                     row.GetNumber("totalCost"), row.GetNumber("minutes"),
                     row.GetNumber("totalEfficiency")});
  }
  std::ranges::stable_sort(lines, std::greater<>(), &AllocationLine::total);
  return lines;
}

// What is left of a difference of floating-point sums is nothing, and has no sign.
std::string RestText(double rest) { return fmt::format("{:.4f}", rest < 0.00005 ? 0 : rest); }

std::vector<std::string> Cells(const AllocationLine& line, bool efficiency) {
  const double monthly = line.minutes > 0 ? line.total / line.minutes * kMinutesAMonth : 0;
  return {line.name.empty() ? "-" : line.name,
          fmt::format("{:.4f}", line.cpu),
          fmt::format("{:.4f}", line.memory),
          RestText(line.total - line.cpu - line.memory),
          fmt::format("{:.4f}", line.total),
          fmt::format("{:.2f}", monthly),
          efficiency ? fmt::format("{:.0f} %", 100 * line.efficiency) : ""};
}

void PrintLines(const JsonValue& answer, const CostCommand& options) {
  const std::vector<AllocationLine> lines = ReadLines(answer);
  if (lines.empty()) {
    fmt::print("No costs were counted in {}.\n", options.window);
    return;
  }
  AllocationLine total{.name = "total"};
  std::vector<std::vector<std::string>> table;
  for (const AllocationLine& line : lines) {
    total.cpu += line.cpu;
    total.memory += line.memory;
    total.total += line.total;
    total.minutes = std::max(total.minutes, line.minutes);
    const bool shown = options.limit == 0 || table.size() < static_cast<size_t>(options.limit);
    if (shown) table.push_back(Cells(line, true));
  }
  table.push_back(Cells(total, false));
  PrintTable({ToUpper(options.by), "CPU", "MEMORY", "OTHER", "TOTAL", "PER MONTH", "EFFICIENCY"},
             table);
  fmt::print("\n{} of {}; per month: what that rate comes to in 730 hours.\n",
             answer.GetString("currency", "USD"), options.window);
}

}  // namespace

int RunCostAllocation(const ClientOptions& client, const CostCommand& options) {
  const std::string filter = options.namespace_name.empty()
                                 ? ""
                                 : fmt::format("namespace:{}", Quote(options.namespace_name));
  const std::string query = EncodeForm({{"window", options.window},
                                        {"aggregate", options.by},
                                        {"accumulate", "true"},
                                        {"filter", filter}});
  return ShowAnswer(client, {client.url + "/outrider/v1/cost/allocation?" + query},
                    [&](const JsonValue& answer) { PrintLines(answer, options); });
}

}  // namespace outrider
