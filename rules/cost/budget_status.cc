// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/budget_status.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "rules/detect/detector_table.h"

namespace outrider {
namespace {

// Days differ by a few percent for nothing; the dial is set so that a namespace cries once in
// three years for nothing.
constexpr double kRisk = 1e-3;
constexpr double kLeastShare = 0.05;  // of what is expected: the smallest deviation that counts
constexpr double kLeastDollars = 0.10;

DetectorOptions DayOptions() {
  DetectorOptions options;
  options.risk = kRisk;
  options.min_relative_deviation = kLeastShare;
  options.min_deviation = kLeastDollars;
  options.half_life = 21 * kDay;
  options.warm_up = 7 * kDay;
  options.rest = kDay;
  options.hour_of_day = false;
  return options;
}

constexpr std::string_view kDayDetector = "seasonal";

}  // namespace

BudgetStatus JudgeBudget(const CostBudget& budget, const CostHistory& history,
                         const OpenCosts& open, Timestamp now) {
  BudgetStatus status;
  status.budget = budget;
  status.month = SpanOf(CostTier::kMonths, now).begin;
  status.spent = ToUnits(SumOf(budget, open.month));
  std::vector<CostDay> days;
  for (const auto& [begin, day] : history.days()) {
    days.push_back({begin, ToUnits(SumOf(budget, day.groups)) * day.Scale()});
  }
  // What was not there at all before does not make a mean of zeros.
  const auto first = std::ranges::find_if(days, [](const CostDay& day) { return day.cost > 0; });
  days.erase(days.begin(), first);
  status.forecast = ForecastMonth(
      days, {now, status.spent, ToUnits(SumOf(budget, open.today)), open.watched_today});
  for (const double threshold : budget.thresholds) {
    if (status.spent >= threshold * budget.amount) {
      status.threshold = std::max(status.threshold, threshold);
    }
  }
  return status;
}

StatusOr<std::vector<CostAnomaly>> FindCostAnomalies(const CostHistory& history, Timestamp now) {
  using Name = std::pair<std::string, std::string>;
  std::map<Name, std::map<Timestamp, double>> series;
  for (const auto& [begin, day] : history.days()) {
    for (const auto& [group, cost] : day.groups) {
      series[{group.cluster, group.namespace_name}][begin] += ToUnits(cost.cost) * day.Scale();
    }
  }
  std::vector<CostAnomaly> all;
  if (history.days().empty()) return all;
  const Timestamp newest = history.days().rbegin()->first;
  // What is said is said of yesterday; a day before an outage is not it.
  if (newest != SpanOf(CostTier::kDays, now).begin - kDay) return all;
  for (const auto& [name, days] : series) {
    if (days.rbegin()->first != newest) continue;
    const auto detector = TRY(MakeSeriesDetector(kDayDetector, DayOptions()));
    Verdict verdict;
    for (const auto& [begin, cost] : days) verdict = detector->Observe(begin, cost);
    all.push_back({name.first, name.second, newest, days.rbegin()->second, verdict.expected,
                   verdict.lower, verdict.upper, verdict.state});
  }
  return all;
}

}  // namespace outrider
