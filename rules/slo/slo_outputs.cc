// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_outputs.h"

#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DerivedMetric kObjective = {"outrider_slo_objective_ratio",
                                      "Share of events that shall be good."};
constexpr DerivedMetric kErrorRatio = {"outrider_slo_error_ratio",
                                       "Bad events by all events of the window."};
constexpr DerivedMetric kBurnRate = {
    "outrider_slo_burn_rate",
    "Error ratio of the window by the error budget; 1 spends it in exactly the period."};
constexpr DerivedMetric kRemaining = {
    "outrider_slo_error_budget_remaining_ratio",
    "Share of the period's error budget that is left; negative when overspent."};
constexpr DerivedMetric kEvents = {"outrider_slo_events", "Events of the window."};
constexpr DerivedMetric kBadEvents = {"outrider_slo_bad_events", "Bad events of the window."};

constexpr DerivedMetric kSlothObjective = {"slo:objective:ratio", "Sloth: the objective."};
constexpr DerivedMetric kSlothBudget = {"slo:error_budget:ratio", "Sloth: 1 - objective."};
constexpr DerivedMetric kSlothDays = {"slo:time_period:days", "Sloth: days of the period."};
constexpr DerivedMetric kSlothBurn = {"slo:current_burn_rate:ratio",
                                      "Sloth: burn rate over five minutes."};
constexpr DerivedMetric kSlothPeriodBurn = {"slo:period_burn_rate:ratio",
                                            "Sloth: burn rate over the period."};
constexpr DerivedMetric kSlothRemaining = {"slo:period_error_budget_remaining:ratio",
                                           "Sloth: share of the budget that is left."};
constexpr DerivedMetric kSlothInfo = {"sloth_slo_info", "Sloth: the objective as labels."};

}  // namespace

std::string SlothRatioName(DurationMs window) {
  return "slo:sli_error:ratio_rate" + FormatDuration(window);
}

Labels OwnSloLabels(const SloSpec& spec, const Labels& series) {
  LabelsBuilder labels(series);
  labels.Set("entry", spec.name);
  if (!spec.service.empty()) labels.Set("service", spec.service);
  return labels.Build();
}

Labels SlothSloLabels(const SloSpec& spec, const Labels& series) {
  LabelsBuilder labels(series);
  labels.Set("sloth_id", spec.name);
  labels.Set("sloth_service", spec.service);
  labels.Set("sloth_slo", spec.slo);
  return labels.Build();
}

const DerivedMetric& SloOutputs::RatioMetric(DurationMs window) {
  std::unique_ptr<Named>& named = ratios_[window];
  if (named == nullptr) {
    named = std::make_unique<Named>();
    named->name = SlothRatioName(window);
    named->metric = {named->name, "Sloth: error ratio of the window."};
  }
  return named->metric;
}

void SloOutputs::Set(const SloView& view) {
  for (const SloSeriesView& series : view.series) {
    SetOwn(view, series);
    if (view.spec.origin == SloOrigin::kSloth) SetSloth(view, series);
  }
}

void SloOutputs::SetOwn(const SloView& view, const SloSeriesView& series) {
  const double budget = view.spec.Budget();
  const Labels labels = OwnSloLabels(view.spec, series.labels);
  const auto set_window = [&](const SloWindowView& window) {
    const Labels with = labels.With("window", FormatDuration(window.window));
    publisher_.Set(kEvents, with, window.counts.total);
    publisher_.Set(kBadEvents, with, window.counts.bad);
    const std::optional<double> ratio = window.ErrorRatio();
    if (!ratio) return;
    publisher_.Set(kErrorRatio, with, *ratio);
    publisher_.Set(kBurnRate, with, *ratio / budget);
  };
  publisher_.Set(kObjective, labels, view.spec.objective);
  for (const SloWindowView& window : series.windows) set_window(window);
  set_window(series.period);
  if (const auto left = series.BudgetRemaining(budget)) publisher_.Set(kRemaining, labels, *left);
}

void SloOutputs::SetSloth(const SloView& view, const SloSeriesView& series) {
  const SloSpec& spec = view.spec;
  const double budget = spec.Budget();
  const Labels labels = SlothSloLabels(spec, series.labels);
  for (const SloWindowView& window : series.windows) {
    const std::optional<double> ratio = window.ErrorRatio();
    if (!ratio) continue;
    publisher_.Set(RatioMetric(window.window),
                   labels.With("sloth_window", FormatDuration(window.window)), *ratio);
    if (window.window == 5 * kMinute) publisher_.Set(kSlothBurn, labels, *ratio / budget);
  }
  publisher_.Set(kSlothObjective, labels, spec.objective);
  publisher_.Set(kSlothBudget, labels, budget);
  publisher_.Set(kSlothDays, labels, static_cast<double>(spec.period.length) / kDay);
  LabelsBuilder info(labels);
  info.Set("sloth_mode", "outrider").Set("sloth_spec", "prometheus/v1");
  info.Set("sloth_objective", FormatFloatG(spec.objective * 100));
  publisher_.Set(kSlothInfo, info.Build(), 1);
  const std::optional<double> ratio = series.period.ErrorRatio();
  if (!ratio) return;
  publisher_.Set(RatioMetric(spec.period.length),
                 labels.With("sloth_window", FormatDuration(spec.period.length)), *ratio);
  publisher_.Set(kSlothPeriodBurn, labels, *ratio / budget);
  publisher_.Set(kSlothRemaining, labels, 1 - *ratio / budget);
}

}  // namespace outrider
