// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "exporter/advice/resource_change.h"

namespace outrider {
namespace {

double ChangeOfRequests(const ResourceChange& change, uint64_t pods) {
  if (!change.proposed.request || !change.current.request) return 0;
  return (*change.proposed.request - *change.current.request) * static_cast<double>(pods);
}

void Add(const Recommendation& row, AdviceTotals* totals) {
  if (row.is_node) return;
  ++totals->containers;
  if (!HasProposal(row)) ++totals->without_data;
  totals->cpu_change += ChangeOfRequests(ChangeOf(Resource::kCpu, row.cpu), row.pods);
  totals->memory_change += ChangeOfRequests(ChangeOf(Resource::kMemory, row.memory), row.pods);
  if (const auto savings = SavingsPerMonth(row)) {
    totals->savings_per_month = totals->savings_per_month.value_or(0) + *savings;
  }
}

// 1234567 -> 1,234,567
std::string Grouped(std::string digits) {
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

}  // namespace

void ShowMoney(AdviceReport* report) {
  const double rate = std::exchange(report->shown_rate, 1);
  report->currency = report->shown_currency;
  if (report->spend_per_month) *report->spend_per_month *= rate;
  for (Recommendation& row : report->rows) {
    for (ResourceAdvice* advice : {&row.cpu, &row.memory}) {
      if (advice->savings_dollars_per_month) *advice->savings_dollars_per_month *= rate;
    }
  }
}

AdviceTotals TotalsOf(std::span<const Recommendation> rows) {
  AdviceTotals totals;
  for (const Recommendation& row : rows) Add(row, &totals);
  totals.score = ScoreOf(rows);
  return totals;
}

std::vector<NamespaceTotals> TotalsByNamespace(std::span<const Recommendation> rows) {
  std::map<std::string, std::vector<Recommendation>> by_name;
  for (const Recommendation& row : rows) {
    if (row.is_node) continue;
    by_name[row.key.namespace_name].push_back(row);
  }
  std::vector<NamespaceTotals> out;
  out.reserve(by_name.size());
  for (const auto& [name, of_it] : by_name) out.push_back({name, TotalsOf(of_it)});
  return out;
}

std::vector<std::vector<size_t>> RowsByWorkload(std::span<const Recommendation> rows) {
  std::map<WorkloadKey, size_t> places;
  std::vector<std::vector<size_t>> out;
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto [place, added] = places.try_emplace(rows[i].key, out.size());
    if (added) out.emplace_back();
    out[place->second].push_back(i);
  }
  return out;
}

std::optional<double> SpendOf(std::span<const Recommendation> rows,
                              std::span<const WorkloadCost> costs) {
  std::set<WorkloadKey> wanted;
  for (const Recommendation& row : rows) {
    if (!row.is_node) wanted.insert(row.key);
  }
  std::optional<double> spend;
  for (const WorkloadCost& cost : costs) {
    if (wanted.contains(cost.key)) spend = spend.value_or(0) + cost.monthly;
  }
  return spend;
}

std::string MoneyText(double amount) {
  // A sum of billions of billions is no sum of money; it would not fit either.
  const double cents = std::clamp(std::round(std::abs(amount) * 100), 0.0, 9e17);
  const auto whole = static_cast<int64_t>(std::isfinite(cents) ? cents : 0);
  const std::string_view sign = amount < 0 && whole > 0 ? "-" : "";
  return fmt::format("{}{}.{:02}", sign, Grouped(fmt::format("{}", whole / 100)), whole % 100);
}

std::string MoneyText(double amount, std::string_view currency) {
  const std::string number = MoneyText(amount);
  if (currency != "USD") return fmt::format("{} {}", number, currency);
  return number[0] == '-' ? "-$" + number.substr(1) : "$" + number;
}

std::string SignedMoneyText(double amount, std::string_view currency) {
  const std::string text = MoneyText(amount, currency);
  return text[0] == '-' || std::abs(amount) < 0.005 ? text : "+" + text;
}

std::string WorkloadText(const WorkloadKey& key) {
  std::string text;
  if (!key.cluster.empty()) text += key.cluster + "/";
  if (!key.namespace_name.empty()) text += key.namespace_name + "/";
  return OneLine(text + key.workload_kind + "/" + key.workload);
}

std::string OneLine(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return out;
}

}  // namespace outrider
