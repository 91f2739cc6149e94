// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/cost_alerts.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "storage/base/text.h"

namespace outrider {
namespace {

// A label matcher's regular expression for exactly these names.
std::string AnyOf(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += '|';
    for (const char c : name) {
      if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) text += '\\';
      text += c;
    }
  }
  return text;
}

constexpr std::string_view kSpentDescription =
    "{{ with printf `outrider_cost_budget_spent_dollars{budget=%q}` $labels.budget | query }}"
    "{{ . | first | value | printf \"%.2f\" }} dollars{{ end }} of "
    "{{ with printf `outrider_cost_budget_dollars{budget=%q}` $labels.budget | query }}"
    "{{ . | first | value | printf \"%.2f\" }}{{ end }} are spent this month "
    "({{ $value | humanizePercentage }}). Figures: /outrider/v1/cost/budgets";

constexpr std::string_view kForecastDescription =
    "the month is expected to cost {{ $value | humanizePercentage }} of the budget"
    "{{ with printf `outrider_cost_budget_forecast_dollars{budget=%q,bound=\"expected\"}` "
    "$labels.budget | query }}"
    ": {{ . | first | value | printf \"%.2f\" }} dollars{{ end }}. "
    "Figures: /outrider/v1/cost/budgets";

constexpr std::string_view kAnomalyDescription =
    "yesterday cost {{ with printf `outrider_cost_daily_dollars{cluster=%q,namespace=%q}` "
    "$labels.cluster $labels.namespace | query }}{{ . | first | value | printf \"%.2f\" }} "
    "dollars{{ end }}{{ with printf "
    "`outrider_cost_daily_expected_dollars{cluster=%q,namespace=%q}` $labels.cluster "
    "$labels.namespace | query }}, expected were {{ . | first | value | printf \"%.2f\" }}"
    "{{ end }}; {{ $value | printf \"%.1f\" }} times the edge of what counts";

class Group {
 public:
  explicit Group(const promql::ParseOptions& promql) : promql_(promql) {
    group_.file = kCostAlertFile;
    group_.name = kCostAlertGroup;
  }
  Rule& Add(std::string name, std::string expr, std::string severity) {
    Rule rule;
    rule.kind = RuleKind::kAlerting;
    rule.name = std::move(name);
    rule.expr = std::move(expr);
    StatusOr<promql::Expression> parsed = promql::Expression::Parse(rule.expr, promql_);
    rule.error = parsed.status();
    if (parsed.ok()) rule.expression = *std::move(parsed);
    rule.labels = {{"severity", std::move(severity)}};
    rule.line = static_cast<int>(group_.rules.size()) + 1;
    rule.column = 1;
    group_.rules.push_back(std::move(rule));
    return group_.rules.back();
  }
  RuleFile Take() {
    RuleFile file{std::string(kCostAlertFile), {}, {}};
    file.groups.push_back(std::move(group_));
    return file;
  }

 private:
  const promql::ParseOptions& promql_;
  RuleGroup group_;
};

// Of a budget, each threshold with the next one above it; 0: there is none.
using Step = std::pair<double, double>;
std::map<Step, std::set<std::string>> StepsOf(const CostSettings& options) {
  std::map<Step, std::set<std::string>> steps;
  for (const CostBudget& budget : options.budgets) {
    for (size_t i = 0; i < budget.thresholds.size(); ++i) {
      const double next = i + 1 < budget.thresholds.size() ? budget.thresholds[i + 1] : 0;
      steps[{budget.thresholds[i], next}].insert(budget.name);
    }
  }
  return steps;
}

void AddBudgets(const CostSettings& options, Group* group) {
  std::set<std::string> names;
  for (const CostBudget& budget : options.budgets) names.insert(budget.name);
  for (const auto& [step, budgets] : StepsOf(options)) {
    std::string expr = fmt::format("outrider_cost_budget_spent_ratio{{budget=~{}}} >= {}",
                                   Quote(AnyOf(budgets)), FormatFloatF(step.first));
    if (step.second > 0) expr += fmt::format(" < {}", FormatFloatF(step.second));
    Rule& rule =
        group->Add("CostBudgetThreshold", std::move(expr), step.first < 1 ? "warning" : "critical");
    const std::string percent = FormatFloatF(step.first * 100) + "%";
    rule.labels["threshold"] = percent;
    rule.labels["service"] = "{{ $labels.budget }}";
    rule.annotations = {
        {"summary", fmt::format("{} of the budget {{{{ $labels.budget }}}} is spent", percent)},
        {"description", std::string(kSpentDescription)}};
  }
  if (names.empty()) return;
  Rule& rule = group->Add("CostBudgetForecast",
                          fmt::format("outrider_cost_budget_forecast_ratio{{budget=~{0}}} > 1 and "
                                      "outrider_cost_budget_spent_ratio{{budget=~{0}}} < 1",
                                      Quote(AnyOf(names))),
                          "warning");
  rule.hold = kHour;
  rule.labels["service"] = "{{ $labels.budget }}";
  rule.annotations = {{"summary", "the budget {{ $labels.budget }} will not last for the month"},
                      {"description", std::string(kForecastDescription)}};
}

}  // namespace

bool WantsCostAlerts(const CostSettings& options) {
  return (options.alerts.enabled && !options.budgets.empty()) || options.alerts.anomalies;
}

RuleFile MakeCostAlerts(const CostSettings& options, const promql::ParseOptions& promql) {
  Group group(promql);
  if (options.alerts.enabled) AddBudgets(options, &group);
  if (options.alerts.anomalies) {
    Rule& rule = group.Add("CostAnomaly", "outrider_cost_anomaly_score >= 1", "warning");
    rule.labels["service"] = "{{ $labels.namespace }}";
    rule.annotations = {
        {"summary", "the cost of namespace {{ $labels.namespace }} is unlike its past"},
        {"description", std::string(kAnomalyDescription)},
        {"outrider_source", "anomaly"}};  // of the incident
  }
  return group.Take();
}

}  // namespace outrider
