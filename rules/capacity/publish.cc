// SPDX-License-Identifier: Apache-2.0
// The derived series of capacity: names and labels of design/contract.md "Metrics".
#include <array>
#include <cmath>

#include "rules/capacity/judgement.h"

namespace outrider {
namespace {

constexpr DerivedMetric kCpuCores = {
    "outrider_recommendation_cpu_cores",
    "Recommended CPU of a container: target (request), lower, upper, limit."};
constexpr DerivedMetric kMemoryBytes = {
    "outrider_recommendation_memory_bytes",
    "Recommended memory of a container: target (request), lower, upper, limit."};
constexpr DerivedMetric kSavings = {
    "outrider_recommendation_savings_dollars_per_month",
    "What the recommended requests save over all pods; negative where more is needed."};
constexpr DerivedMetric kViolation = {
    "outrider_recommendation_violation_ratio",
    "Share of yesterday's samples above the recommendation that stood when the day (UTC) began."};
constexpr DerivedMetric kSlack = {
    "outrider_recommendation_slack_ratio",
    "Mean share of that recommendation that yesterday's samples left unused."};
constexpr DerivedMetric kShortfall = {"outrider_recommendation_shortfall_ratio",
                                      "Share of yesterday's use above that recommendation."};
constexpr DerivedMetric kReplicas = {
    "outrider_recommendation_replicas",
    "Recommended replicas of a workload: target without an autoscaler, lower and upper with one."};
constexpr DerivedMetric kCost = {
    "outrider_cost_dollars_per_hour",
    "Cost of a workload by resource: allocated (larger of request and use), used, idle."};
constexpr DerivedMetric kProjected = {
    "outrider_cost_projected_dollars_per_month",
    "Monthly cost of a workload once the recommended requests are set."};
constexpr DerivedMetric kHealth = {"outrider_workload_health_score",
                                   "100 without findings about a workload "
                                   "(outrider_workload_finding_score), less with each, never "
                                   "below 0."};

Labels WorkloadLabels(const WorkloadKey& key) {
  return Labels({{"cluster", key.cluster},
                 {"namespace", key.namespace_name},
                 {"workload", key.workload},
                 {"workload_kind", key.workload_kind}});
}

Labels ContainerLabels(const Recommendation& recommendation) {
  return WorkloadLabels(recommendation.key).With("container", recommendation.container);
}

// Four series of the row, from number `first` on.
void PublishBounds(const DerivedMetric& metric, const Recommendation& recommendation,
                   const ResourceAdvice& advice, size_t first, RecommendationSeries* row,
                   SeriesSink& sink) {
  struct Bound {
    std::string_view name;
    double Bounds::* value;
  };
  static constexpr std::array kBounds = {
      Bound{"target", &Bounds::target}, Bound{"lower", &Bounds::lower},
      Bound{"upper", &Bounds::upper}, Bound{"limit", &Bounds::limit}};
  for (size_t i = 0; i < kBounds.size(); ++i) {
    const auto value =
        advice.enough_data ? std::optional(advice.recommended.*kBounds[i].value) : std::nullopt;
    const auto labels = [&] {
      return ContainerLabels(recommendation).With("bound", kBounds[i].name);
    };
    row->Set(first + i, metric, value, labels, sink);
  }
}

// Three series of the row, from number `first` on.
void PublishJudged(std::string_view resource, const Recommendation& recommendation,
                   const ResourceAdvice& advice, size_t first, RecommendationSeries* row,
                   SeriesSink& sink) {
  using Judged = ResourceAdvice::Judged;
  struct Part {
    const DerivedMetric& metric;
    double Judged::* value;
  };
  static constexpr std::array kParts = {Part{kViolation, &Judged::violation_ratio},
                                        Part{kSlack, &Judged::slack_ratio},
                                        Part{kShortfall, &Judged::shortfall_ratio}};
  const auto labels = [&] { return ContainerLabels(recommendation).With("resource", resource); };
  for (size_t i = 0; i < kParts.size(); ++i) {
    std::optional<double> value;
    if (advice.judged) value = (*advice.judged).*kParts[i].value;
    row->Set(first + i, kParts[i].metric, value, labels, sink);
  }
}

// Of the workload, in the row of its first container. Three series, from number `first` on.
void PublishReplicas(const Recommendation& recommendation, size_t first, RecommendationSeries* row,
                     SeriesSink& sink) {
  std::optional<double> target;
  std::optional<double> lower;
  std::optional<double> upper;
  if (recommendation.first_of_workload && recommendation.replicas) {
    const ReplicaAdvice& advice = *recommendation.replicas;
    target = static_cast<double>(advice.replicas);
    if (advice.hpa) {
      lower = static_cast<double>(advice.hpa->min_replicas);
      upper = static_cast<double>(advice.hpa->max_replicas);
    }
  }
  const auto publish = [&](size_t at, std::string_view bound, const std::optional<double>& value) {
    const auto labels = [&] { return WorkloadLabels(recommendation.key).With("bound", bound); };
    row->Set(at, kReplicas, value, labels, sink);
  };
  publish(first, "target", target);
  publish(first + 1, "lower", lower);
  publish(first + 2, "upper", upper);
}

// Dollars as gauges tell them, in whole billionths: without digits that mean nothing, what changes
// all the time takes half the bytes in the windows.
double Told(double dollars) {
  constexpr double kParts = 1e9;
  return std::round(dollars * kParts) / kParts;
}

// Of both resources; nothing without either.
std::optional<double> SavingsOf(const Recommendation& recommendation) {
  const auto& cpu = recommendation.cpu.savings_dollars_per_month;
  const auto& memory = recommendation.memory.savings_dollars_per_month;
  if (!cpu && !memory) return std::nullopt;
  return cpu.value_or(0) + memory.value_or(0);
}

}  // namespace

void Publish(const Recommendation& recommendation, RecommendationSeries* row, SeriesSink& sink) {
  PublishBounds(kCpuCores, recommendation, recommendation.cpu, 0, row, sink);
  PublishBounds(kMemoryBytes, recommendation, recommendation.memory, 4, row, sink);
  const auto labels = [&] { return ContainerLabels(recommendation); };
  row->Set(8, kSavings, SavingsOf(recommendation), labels, sink);
  PublishJudged("cpu", recommendation, recommendation.cpu, 9, row, sink);
  PublishJudged("memory", recommendation, recommendation.memory, 12, row, sink);
  PublishReplicas(recommendation, 15, row, sink);
}

void Publish(const WorkloadCost& cost, CostSeries* row, SeriesSink& sink) {
  struct Part {
    std::string_view resource;
    std::string_view basis;
    double dollars;
  };
  const std::array parts = {
      Part{"cpu", "allocated", cost.cpu.allocated},
      Part{"cpu", "used", cost.cpu.used},
      Part{"cpu", "idle", cost.cpu.Idle()},
      Part{"memory", "allocated", cost.memory.allocated},
      Part{"memory", "used", cost.memory.used},
      Part{"memory", "idle", cost.memory.Idle()},
  };
  const auto labels = [&] { return WorkloadLabels(cost.key); };
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto of_part = [&] {
      return labels().With("resource", parts[i].resource).With("basis", parts[i].basis);
    };
    row->Set(i, kCost, Told(parts[i].dollars), of_part, sink);
  }
  row->Set(6, kProjected, Told(cost.projected_monthly), labels, sink);
  row->Set(7, kHealth, cost.health_score, labels, sink);
}

}  // namespace outrider
