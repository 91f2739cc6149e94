// SPDX-License-Identifier: Apache-2.0
// The recommendations somebody asked for, with what they add up to. Every format renders one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/capacity/recommendation.h"

namespace outrider {

// Of the recommendations of a report, or of one namespace of it; without machines that are nodes of
// Kubernetes, whose pods count.
struct AdviceTotals {
  uint64_t containers = 0;
  uint64_t without_data = 0;  // of these: neither CPU nor memory is known
  // Of requests over all pods, proposed less set; only of what has both. Cores, bytes.
  double cpu_change = 0;
  double memory_change = 0;
  // Savings less what more is needed; nothing when no container has any.
  std::optional<double> savings_per_month;
  std::optional<int> score;  // KRR's
};

struct AdviceReport {
  std::vector<Recommendation> rows;  // by workload, then container, or as asked
  // What the workloads of the rows cost a month now; nothing: not known.
  std::optional<double> spend_per_month;
  std::string currency = "USD";
  // What people are shown money in (cost.currency), and how much of it a dollar is.
  std::string shown_currency = "USD";
  double shown_rate = 1;
};

// Turns the money of a report from dollars into what people are shown; once.
void ShowMoney(AdviceReport* report);

AdviceTotals TotalsOf(std::span<const Recommendation> rows);

struct NamespaceTotals {
  std::string namespace_name;  // empty: machines
  AdviceTotals totals;
};
std::vector<NamespaceTotals> TotalsByNamespace(std::span<const Recommendation> rows);  // by name

// The rows of each workload, in the order of their first row; indices into `rows`.
std::vector<std::vector<size_t>> RowsByWorkload(std::span<const Recommendation> rows);

// The costs of workloads that have a row, summed; without nodes.
std::optional<double> SpendOf(std::span<const Recommendation> rows,
                              std::span<const WorkloadCost> costs);

// 1234.5 -> "1,234.50"; what rounds to nothing has no sign.
std::string MoneyText(double amount);
// The same for people: "$1,234.50" in USD, else "1,234.50 EUR".
std::string MoneyText(double amount, std::string_view currency);
// "+$3.00", "-$3.00": what changes.
std::string SignedMoneyText(double amount, std::string_view currency);

// shop/Deployment/checkout, its cluster before it if there is one; a machine: Host/name.
std::string WorkloadText(const WorkloadKey& key);

// Without line ends and other control characters, which would be orders to a terminal or end a
// comment; those become '?'.
std::string OneLine(std::string_view text);

}  // namespace outrider
