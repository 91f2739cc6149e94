// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_series.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace outrider {
namespace {

// CPU and memory of the same family come from rules/capacity, which knows used and idle of them.
constexpr DerivedMetric kWorkloadCost = {
    "outrider_cost_dollars_per_hour",
    "Cost of a workload by resource: allocated (larger of request and use), used, idle."};
constexpr DerivedMetric kNamespaceCost = {
    "outrider_cost_namespace_dollars_per_hour",
    "What a namespace costs by resource, without its share of what is idle."};
constexpr DerivedMetric kIdle = {"outrider_cost_idle_dollars_per_hour",
                                 "What of a node nobody holds, by resource."};
constexpr DerivedMetric kOverhead = {"outrider_cost_overhead_dollars_per_hour",
                                     "What the control plane of a cluster costs."};
constexpr DerivedMetric kCluster = {"outrider_cost_cluster_dollars_per_hour",
                                    "What a cluster costs in all: allocated, idle, overhead."};
constexpr DerivedMetric kEfficiency = {
    "outrider_cost_efficiency_ratio",
    "Use of a namespace by what it requests (by what it holds where nothing is requested)."};
constexpr DerivedMetric kMonth = {"outrider_cost_month_to_date_dollars",
                                  "What a namespace has cost this month (UTC)."};
constexpr DerivedMetric kBudget = {"outrider_cost_budget_dollars",
                                   "A budget's amount for a month."};
constexpr DerivedMetric kSpent = {"outrider_cost_budget_spent_dollars",
                                  "What is spent of a budget this month (UTC)."};
constexpr DerivedMetric kSpentRatio = {"outrider_cost_budget_spent_ratio",
                                       "What is spent of a budget this month, 1: all of it."};
constexpr DerivedMetric kForecast = {
    "outrider_cost_budget_forecast_dollars",
    "What the month is expected to cost when it is over; bound expected, lower and upper (of 8 in "
    "10 such months)."};
constexpr DerivedMetric kForecastRatio = {"outrider_cost_budget_forecast_ratio",
                                          "The expected cost of the month by the budget."};
constexpr DerivedMetric kDaily = {"outrider_cost_daily_dollars",
                                  "What a namespace cost yesterday (UTC)."};
constexpr DerivedMetric kDailyExpected = {
    "outrider_cost_daily_expected_dollars",
    "What a namespace was expected to cost yesterday by the days before."};
constexpr DerivedMetric kAnomaly = {
    "outrider_cost_anomaly_score",
    "How unlike its past a namespace's yesterday was; 1: the edge of what counts."};
constexpr DerivedMetric kRealised = {
    "outrider_cost_savings_realised_dollars",
    "What a workload saved since a recommendation was taken up; negative: it costs more."};
constexpr DerivedMetric kRealisedRate = {
    "outrider_cost_savings_realised_dollars_per_month",
    "What a workload saves now by the recommendations taken up, in a month of 730 hours."};

constexpr double kMonthHoursOf = 730;

bool IsPseudo(const CostKey& key, std::string_view name) { return key.workload == name; }

// Of an hour or the traffic's time: to an hour.
double Rate(CostResource resource, NanoUnits cost, DurationMs traffic_time) {
  const double hours = resource == CostResource::kNetwork
                           ? static_cast<double>(traffic_time) / static_cast<double>(kHour)
                           : 1;
  return hours > 0 ? ToUnits(cost) / hours : 0;
}

struct NamespaceUse {
  std::array<double, kNodeResources> held = {};
  std::array<double, kNodeResources> requested = {};
  std::array<double, kNodeResources> used = {};
};
using Pair = std::pair<std::string, std::string>;
using Triple = std::tuple<std::string, std::string, size_t>;

// Dollars an hour, by everything they are told by.
struct Rates {
  using Workload = std::tuple<std::string, std::string, std::string, std::string, size_t>;
  std::map<Workload, double> workloads;
  std::map<Triple, double> namespaces;
  std::map<Triple, double> idle;  // by cluster and node
  std::map<std::string, double> clusters;
  std::map<std::string, double> overheads;
  std::map<Pair, NamespaceUse> uses;

  void Add(const CostItem& item, DurationMs traffic_time) {
    const CostKey& key = item.key;
    double total = ToUnits(item.amounts.overhead);
    if (item.amounts.overhead != 0) overheads[key.cluster] += total;
    for (size_t i = 0; i < kCostResources; ++i) {
      if (item.amounts.cost[i] == 0) continue;
      const double rate = Rate(kAllCostResources[i], item.amounts.cost[i], traffic_time);
      total += rate;
      if (IsPseudo(key, kIdleName)) {
        idle[{key.cluster, key.node, i}] += rate;
        continue;
      }
      namespaces[{key.cluster, key.namespace_name, i}] += rate;
      if (i < 2) continue;
      workloads[{key.cluster, key.namespace_name, key.workload, key.workload_kind, i}] += rate;
    }
    clusters[key.cluster] += total;
    if (key.workload.starts_with("__")) return;
    NamespaceUse& use = uses[{key.cluster, key.namespace_name}];
    for (size_t i = 0; i < kNodeResources; ++i) {
      use.held[i] += item.amounts.held[i];
      use.requested[i] += item.amounts.requested[i];
      use.used[i] += item.amounts.used[i];
    }
  }
};

void PublishEfficiency(const std::map<Pair, NamespaceUse>& namespaces,
                       DerivedPublisher& publisher) {
  for (const auto& [name, use] : namespaces) {
    for (const size_t i : {size_t{0}, size_t{1}}) {
      const double base = use.requested[i] > 0 ? use.requested[i] : use.held[i];
      if (!(base > 0)) continue;
      publisher.Set(kEfficiency,
                    Labels({{"cluster", name.first},
                            {"namespace", name.second},
                            {"resource", CostResourceText(kAllCostResources[i])}}),
                    use.used[i] / base);
    }
  }
}

}  // namespace

void PublishRates(const std::vector<CostItem>& items, DurationMs traffic_time,
                  DerivedPublisher& publisher) {
  Rates rates;
  for (const CostItem& item : items) rates.Add(item, traffic_time);
  const auto resource = [](size_t i) { return CostResourceText(kAllCostResources[i]); };
  for (const auto& [key, rate] : rates.workloads) {
    const auto& [cluster, namespace_name, workload, kind, i] = key;
    publisher.Set(kWorkloadCost,
                  Labels({{"cluster", cluster},
                          {"namespace", namespace_name},
                          {"workload", workload},
                          {"workload_kind", kind},
                          {"resource", resource(i)},
                          {"basis", "allocated"}}),
                  rate);
  }
  for (const auto& [key, rate] : rates.namespaces) {
    const auto& [cluster, namespace_name, i] = key;
    publisher.Set(
        kNamespaceCost,
        Labels({{"cluster", cluster}, {"namespace", namespace_name}, {"resource", resource(i)}}),
        rate);
  }
  for (const auto& [key, rate] : rates.idle) {
    const auto& [cluster, node, i] = key;
    publisher.Set(kIdle, Labels({{"cluster", cluster}, {"node", node}, {"resource", resource(i)}}),
                  rate);
  }
  for (const auto& [cluster, rate] : rates.clusters) {
    publisher.Set(kCluster, Labels({{"cluster", cluster}}), rate);
  }
  for (const auto& [cluster, rate] : rates.overheads) {
    publisher.Set(kOverhead, Labels({{"cluster", cluster}}), rate);
  }
  PublishEfficiency(rates.uses, publisher);
}

void PublishMonth(const GroupCosts& month, DerivedPublisher& publisher) {
  std::map<Pair, NanoUnits> namespaces;
  for (const auto& [group, cost] : month) {
    namespaces[{group.cluster, group.namespace_name}] += cost.cost;
  }
  for (const auto& [name, cost] : namespaces) {
    publisher.Set(kMonth, Labels({{"cluster", name.first}, {"namespace", name.second}}),
                  ToUnits(cost));
  }
}

void PublishBudgets(const std::vector<BudgetStatus>& budgets, DerivedPublisher& publisher) {
  for (const BudgetStatus& status : budgets) {
    const Labels labels({{"budget", status.budget.name}, {"team", status.budget.team}});
    publisher.Set(kBudget, labels, status.budget.amount);
    publisher.Set(kSpent, labels, status.spent);
    publisher.Set(kSpentRatio, labels, status.SpentRatio());
    publisher.Set(kForecastRatio, labels, status.ForecastRatio());
    publisher.Set(kForecast, labels.With("bound", "expected"), status.forecast.expected);
    publisher.Set(kForecast, labels.With("bound", "lower"), status.forecast.lower);
    publisher.Set(kForecast, labels.With("bound", "upper"), status.forecast.upper);
  }
}

void PublishAnomalies(const std::vector<CostAnomaly>& anomalies, DerivedPublisher& publisher) {
  for (const CostAnomaly& one : anomalies) {
    const Labels labels({{"cluster", one.cluster}, {"namespace", one.namespace_name}});
    publisher.Set(kDaily, labels, one.cost);
    if (std::isnan(one.score)) continue;
    publisher.Set(kDailyExpected, labels, one.expected);
    publisher.Set(kAnomaly, labels, one.score);
  }
}

void PublishSavings(const std::vector<RealisedSavings>& savings, DerivedPublisher& publisher) {
  std::map<WorkloadKey, std::pair<NanoUnits, double>> workloads;
  for (const RealisedSavings& one : savings) {
    auto& [realised, rate] = workloads[one.key];
    realised += one.realised;
    rate += one.dollars_per_hour;
  }
  for (const auto& [key, sums] : workloads) {
    const Labels labels({{"cluster", key.cluster},
                         {"namespace", key.namespace_name},
                         {"workload", key.workload},
                         {"workload_kind", key.workload_kind}});
    publisher.Set(kRealised, labels, ToUnits(sums.first));
    publisher.Set(kRealisedRate, labels, sums.second * kMonthHoursOf);
  }
}

}  // namespace outrider
